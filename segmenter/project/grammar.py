"""Conditions as a person writes them (R8).

or   := and {'or' and}
and  := not {'and' not}
not  := 'not' not | '(' or ')' | test
test := dimension ('=' | '<>') text
      | dimension ['not'] 'in' '(' text {',' text} ')'
      | dimension ('<' | '<=' | '>' | '>=') number
      | dimension ['not'] 'between' number 'and' number
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.errors import UsageError
from segmenter.project.condition import And, Condition, InRange, Not, Or, Test

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 4096
DEEPEST = 32
KEYWORDS = ("and", "or", "not", "in", "between")
ORDERS = ("<=", ">=", "<", ">")

TESTS = "the tests are `=`, `<>`, `in`, `not in`, `<`, `<=`, `>`, `>=` and `between`"

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r\n]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>'(?:[^']|'')*')|(?P<number>-?[0-9]{1,12}(?![0-9A-Za-z_.]))"
    r"|(?P<sign><>|<=|>=|[=<>(),])"
)


class ConditionError(UsageError):
    """The text is not a condition; `position` counts characters from 1."""

    code = "condition"

    def __init__(self, message: str, position: int, hint: str | None = None) -> None:
        super().__init__(f"{message}, at character {position}", hint=hint)
        self.position = position


def parse(text: str) -> Condition:
    """Read a condition; `ConditionError` (exit 2) if it is not one.

    >>> str(parse("age_band IN ('65-79', '80+') and not sex = 'Male'"))
    "age_band in ('65-79', '80+') and not sex = 'Male'"
    """
    if len(text) > LONGEST:
        msg = f"a condition has at most {LONGEST:,} characters"
        raise ConditionError(msg, LONGEST)
    tokens = tuple(_tokens(text))
    parser = _Parser(tokens, end=len(text) + 1)
    return parser.whole()


# -- reading ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ConditionError(*_unreadable(text, at))
        kind, piece = str(found.lastgroup), found.group()
        if kind == "name" and piece.lower() in KEYWORDS:
            kind, piece = "keyword", piece.lower()
        if kind == "text":
            piece = piece[1:-1].replace("''", "'")
        if kind != "blank":
            yield _Token(kind, piece, at + 1)
        at = found.end()


def _unreadable(text: str, at: int) -> tuple[str, int, str | None]:
    found = text[at]
    if found == "'":
        return "the text is not closed", at + 1, "write `''` for a quote inside a text"
    if found == '"':
        return 'texts stand in single quotes, not `"`', at + 1, None
    if found.isdigit() or found == "-":
        return "no whole number stands here", at + 1, "an order test takes a whole number"
    shown = f"`{found}`" if found.isprintable() else "a character"
    return f"{shown} means nothing here", at + 1, TESTS if found in "!~" else None


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: tuple[_Token, ...], end: int) -> None:
        self.tokens = tokens
        self.end = _Token("end", "", end)
        self.at = 0

    def whole(self) -> Condition:
        made = self._or(0)
        if self._next.kind != "end":
            raise self._expected("`and`, `or` or the end")
        return made

    @property
    def _next(self) -> _Token:
        if self.at < len(self.tokens):
            return self.tokens[self.at]
        return self.end

    def _take(self, kind: str, text: str) -> bool:
        """Step over the next token if it is this one."""
        following = self._next
        if (following.kind, following.text) != (kind, text):
            return False
        self.at += 1
        return True

    def _expected(self, what: str) -> ConditionError:
        following = self._next
        found = f"`{following.text}` stands"
        if following.kind == "end":
            found = "the condition ends"
        return ConditionError(f"{found} where {what} is expected", following.position)

    def _or(self, depth: int) -> Condition:
        parts = [self._and(depth)]
        while self._take("keyword", "or"):
            parts.append(self._and(depth))
        if len(parts) == 1:
            return parts[0]
        return Or(tuple(parts))

    def _and(self, depth: int) -> Condition:
        parts = [self._not(depth)]
        while self._take("keyword", "and"):
            parts.append(self._not(depth))
        if len(parts) == 1:
            return parts[0]
        return And(tuple(parts))

    def _not(self, depth: int) -> Condition:
        if depth > DEEPEST:
            msg = f"a condition nests at most {DEEPEST} levels"
            raise ConditionError(msg, self._next.position)
        if self._take("keyword", "not"):
            return Not(self._not(depth + 1))
        if self._take("sign", "("):
            made = self._or(depth + 1)
            if not self._take("sign", ")"):
                raise self._expected("`)`")
            return made
        return self._test()

    def _test(self) -> Test | InRange | Not:
        if self._next.kind != "name":
            raise self._expected("a dimension, `not` or `(`")
        dimension = self._next.text
        self.at += 1
        for sign in ("=", "<>"):
            if self._take("sign", sign):
                return Test(dimension, (self._text(),), negated=sign == "<>")
        for sign in ORDERS:
            if self._take("sign", sign):
                return _ordered(dimension, sign, self._number())
        negated = self._take("keyword", "not")
        if self._take("keyword", "between"):
            order = self._between(dimension)
            return Not(order) if negated else order
        if not self._take("keyword", "in"):
            expected = "`in` or `between`" if negated else "`=`, `<>`, `<`, `in`, `between`"
            raise self._expected(expected)
        return Test(dimension, self._texts(), negated)

    def _between(self, dimension: str) -> InRange:
        low = self._number()
        if not self._take("keyword", "and"):
            raise self._expected("`and`")
        return InRange(dimension, low, self._number() + 1)

    def _number(self) -> int:
        if self._next.kind != "number":
            raise self._expected("a whole number without quotes")
        self.at += 1
        return int(self.tokens[self.at - 1].text)

    def _texts(self) -> tuple[str, ...]:
        if not self._take("sign", "("):
            raise self._expected("`(`")
        texts = [self._text()]
        while self._take("sign", ","):
            texts.append(self._text())
        if not self._take("sign", ")"):
            raise self._expected("`,` or `)`")
        return tuple(texts)

    def _text(self) -> str:
        following = self._next
        if following.kind != "text":
            raise self._expected("a text in single quotes")
        self.at += 1
        return following.text


def _ordered(dimension: str, sign: str, number: int) -> InRange:
    """The order test of a sign; over whole numbers `<= 49` is `< 50`."""
    match sign:
        case "<":
            return InRange(dimension, None, number)
        case "<=":
            return InRange(dimension, None, number + 1)
        case ">":
            return InRange(dimension, number + 1, None)
        case _:
            return InRange(dimension, number, None)
