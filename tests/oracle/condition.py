"""`where`: read by recursive descent, straight from the grammar, and asked of one patient's labels
at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Labels = Mapping[str, str]
Test = Callable[[Labels], bool]
TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<word>[^\W\d]\w*)|"
    r"(?P<number>-?\d{1,12})(?![\w.])|(?P<sign><>|<=|>=|[=<>(),]))",
    re.ASCII,
)
KEYWORDS = ("and", "or", "not", "in", "between")


class ConditionError(Exception):
    """A condition that does not follow the grammar, or names what is not declared."""


def read_condition(
    where: str, domains: Mapping[str, tuple[str, ...]]
) -> tuple[Test, frozenset[str]]:
    """A condition as a test of labels, and the dimensions it names.

    >>> test, names = read_condition("a in ('x', 'it''s') and not b = '1'", {"a": ("x", "it's"),
      "b": ("1", "2")})
    >>> test({"a": "it's", "b": "2"}), sorted(names)
    (True, ['a', 'b'])
    """
    if len(where) > 4096:
        raise ConditionError("too long")
    reader = _Reader(_tokens(where), domains)
    test = reader.either(0)
    if reader.at != len(reader.tokens):
        raise ConditionError("words after the end")
    return test, frozenset(reader.named)


def _tokens(where: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    rest = where.rstrip()
    while at < len(rest):
        match = TOKEN.match(rest, at)
        if match is None or match.lastgroup is None:
            raise ConditionError("unreadable")
        kind, value = match.lastgroup, match[match.lastgroup]
        if kind == "word" and value.lower() in KEYWORDS:
            kind, value = "sign", value.lower()
        tokens.append((kind, value[1:-1].replace("''", "'") if kind == "text" else value))
        at = match.end()
    return tokens


def _within(label: str, sign: str, edge: int) -> bool:
    """Whether every whole number of a band satisfies an order test."""
    if label.startswith("<"):
        low, high = float("-inf"), float(label[1:]) - 1
    elif label.endswith("+"):
        low, high = float(label[:-1]), float("inf")
    elif re.fullmatch(r"\d+(-\d+)?", label):
        first, _, last = label.partition("-")
        low, high = float(first), float(last or first)
    else:
        return False
    return {"<": high < edge, "<=": high <= edge, ">": low > edge, ">=": low >= edge}[sign]


class _Reader:
    def __init__(
        self, tokens: list[tuple[str, str]], domains: Mapping[str, tuple[str, ...]]
    ) -> None:
        self.tokens, self.domains, self.at = tokens, domains, 0
        self.named: set[str] = set()

    def sees(self, sign: str) -> bool:
        found = self.at < len(self.tokens) and self.tokens[self.at] == ("sign", sign)
        self.at += found
        return found

    def next(self, sign: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at] == ("sign", sign)

    def take(self, kind: str) -> str:
        if self.at == len(self.tokens) or self.tokens[self.at][0] != kind:
            raise ConditionError(f"{kind} expected")
        self.at += 1
        return self.tokens[self.at - 1][1]

    def need(self, sign: str) -> None:
        if not self.sees(sign):
            raise ConditionError(f"{sign} expected")

    def either(self, depth: int) -> Test:
        if depth > 32:
            raise ConditionError("too deep")
        tests = [self.both(depth)]
        while self.sees("or"):
            tests.append(self.both(depth))
        return lambda labels: any(test(labels) for test in tests)

    def both(self, depth: int) -> Test:
        tests = [self.negated(depth)]
        while self.sees("and"):
            tests.append(self.negated(depth))
        return lambda labels: all(test(labels) for test in tests)

    def negated(self, depth: int) -> Test:
        if self.sees("not"):
            inner = self.negated(depth + 1)
            return lambda labels: not inner(labels)
        if self.sees("("):
            inner = self.either(depth + 1)
            self.need(")")
            return inner
        return self.test()

    def test(self) -> Test:
        name = self.take("word")
        if name not in self.domains:
            raise ConditionError(f"no dimension {name}")
        self.named.add(name)
        if self.sees("="):
            values, wanted = {self.value(name)}, True
        elif self.sees("<>"):
            values, wanted = {self.value(name)}, False
        elif any(self.next(sign) for sign in ("<", "<=", ">", ">=")):
            _, sign = self.tokens[self.at]
            self.at += 1
            edge = int(self.take("number"))
            return lambda labels: _within(labels[name], sign, edge)
        else:
            wanted = not self.sees("not")
            if self.sees("between"):
                low = int(self.take("number"))
                self.need("and")
                high = int(self.take("number"))
                return lambda labels: (
                    (_within(labels[name], ">=", low) and _within(labels[name], "<=", high))
                    is wanted
                )
            self.need("in")
            self.need("(")
            values = {self.value(name)}
            while self.sees(","):
                values.add(self.value(name))
            self.need(")")
        return lambda labels: (labels[name] in values) is wanted

    def value(self, name: str) -> str:
        value = self.take("text")
        if value not in self.domains[name]:
            raise ConditionError(f"{name} has no value {value}")
        return value
