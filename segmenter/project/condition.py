"""The `where` of a segment: text -> frozen tree -> yes or no for a cell of dimension labels.

    or   := and {'or' and}
    and  := not {'and' not}
    not  := 'not' not | '(' or ')' | test
    test := dimension ('=' | '<>') text | dimension ['not'] 'in' '(' text {',' text} ')'

Two-valued: `unknown` and `other` are ordinary labels, so `<>` and `not in` include them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.errors import UsageError
from segmenter.nearest import hint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segmenter.project.policy import Dimension

LONGEST = 4096
DEEPEST = 32
KEYWORDS = ("and", "or", "not", "in")

_TOKEN = re.compile(
    r"(?P<blank>[ \t\r\n]+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>'(?:[^']|'')*')|(?P<sign><>|[=(),])"
)


class ConditionError(UsageError):
    """The text is not a condition; `position` counts characters from 1."""

    code = "condition"

    def __init__(self, message: str, position: int, hint: str | None = None) -> None:
        super().__init__(f"{message}, at character {position}", hint=hint)
        self.position = position


def _in_quotes(label: str) -> str:
    doubled = label.replace("'", "''")
    return f"'{doubled}'"


@dataclass(frozen=True, slots=True)
class Test:
    """A dimension has one of these labels, or (`negated`) none of them."""

    __test__ = False

    dimension: str
    labels: tuple[str, ...]
    negated: bool = False

    def __str__(self) -> str:
        texts = [_in_quotes(label) for label in self.labels]
        if len(texts) == 1:
            sign = "<>" if self.negated else "="
            return f"{self.dimension} {sign} {texts[0]}"
        listed = ", ".join(texts)
        word = "not in" if self.negated else "in"
        return f"{self.dimension} {word} ({listed})"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition

    def __str__(self) -> str:
        return f"not {_grouped(self.part)}"


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold; no parts: everyone."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        texts = [_grouped(part) for part in self.parts]
        return " and ".join(texts)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds; no parts: nobody."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        texts = [_grouped(part) for part in self.parts]
        return " or ".join(texts)


Condition = Test | Not | And | Or
EVERYONE = And(())


def _grouped(part: Condition) -> str:
    if isinstance(part, (And, Or)):
        return f"({part})"
    return str(part)


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


def matches(condition: Condition, cell: Mapping[str, str]) -> bool:
    """Whether a cell (dimension -> label) satisfies the condition.

    KeyError if the cell lacks a dimension of it.

    >>> matches(parse("sex <> 'Male'"), {"sex": "unknown"})
    True
    """
    match condition:
        case Test(dimension, labels, negated):
            return (cell[dimension] in labels) != negated
        case Not(part):
            return not matches(part, cell)
        case And(parts):
            return all(matches(part, cell) for part in parts)
        case Or(parts):
            return any(matches(part, cell) for part in parts)


def dimensions_of(condition: Condition) -> frozenset[str]:
    """The names of all dimensions the condition reads."""
    tests = tests_of(condition)
    return frozenset(test.dimension for test in tests)


def tests_of(condition: Condition) -> Iterator[Test]:
    """Every test in the condition, in reading order."""
    match condition:
        case Test():
            yield condition
        case Not(part):
            yield from tests_of(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from tests_of(part)


def canonical(condition: Condition) -> Condition:
    """The same condition in one form.

    Negations on the tests, nested `and` and `or` flat and sorted, labels sorted, each once.

    >>> str(canonical(parse("not (b = 'y' or a in ('2', '1'))")))
    "a not in ('1', '2') and b <> 'y'"
    """
    return _canonical(condition, negated=False)


def _canonical(condition: Condition, *, negated: bool) -> Condition:
    match condition:
        case Test(dimension, labels, was):
            return Test(dimension, tuple(sorted(set(labels))), was != negated)
        case Not(part):
            return _canonical(part, negated=not negated)
        case And(parts) | Or(parts):
            kind = And if isinstance(condition, And) != negated else Or
            flat: dict[str, Condition] = {}
            for part in parts:
                made = _canonical(part, negated=negated)
                inner = made.parts if isinstance(made, kind) else (made,)
                flat |= {str(one): one for one in inner}
            ordered = tuple(flat[key] for key in sorted(flat))
            if len(ordered) == 1:
                return ordered[0]
            return kind(ordered)


def misnamed(
    condition: Condition, dimensions: Mapping[str, Dimension]
) -> Iterator[tuple[str, str | None]]:
    """What the policy does not declare, as (message, hint).

    Names, labels, and dimensions that are not one value a patient.
    """
    usable = {name: d for name, d in dimensions.items() if d.per_patient}
    for test in tests_of(condition):
        dimension = dimensions.get(test.dimension)
        if dimension is None:
            yield f"there is no dimension `{test.dimension}`", hint(test.dimension, usable)
        elif not dimension.per_patient:
            yield (
                f"the dimension `{test.dimension}` is of rows, not of patients",
                "give it a `measure` in policy.yml",
            )
        else:
            for label in test.labels:
                if label not in dimension.labels:
                    yield (
                        f"the dimension `{test.dimension}` has no value '{label}'",
                        hint(label, dimension.labels),
                    )


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
    return (
        (
            f"`{found}` means nothing here"
            if found.isprintable()
            else "a character means nothing here"
        ),
        at + 1,
        _signs(found),
    )


def _signs(found: str) -> str | None:
    if found in "!<>~":
        return "the tests are `=`, `<>`, `in` and `not in`"
    return None


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

    def _test(self) -> Test:
        if self._next.kind != "name":
            raise self._expected("a dimension, `not` or `(`")
        dimension = self._next.text
        self.at += 1
        for sign in ("=", "<>"):
            if self._take("sign", sign):
                return Test(dimension, (self._text(),), negated=sign == "<>")
        negated = self._take("keyword", "not")
        if not self._take("keyword", "in"):
            wanted = "`in`" if negated else "`=`, `<>`, `in` or `not in`"
            raise self._expected(wanted)
        return Test(dimension, self._texts(), negated)

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
