"""The `where` of a segment as a frozen tree: yes or no for a cell of dimension labels.

Two-valued: `unknown` and `other` are ordinary labels, so `<>` and `not in` include them. An order
test (`age < 50`) holds for the labels of the bands that it covers, never for `unknown`; before a
condition is used, `order.lowered` writes those labels in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


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
class InRange:
    """A banded dimension is at least `low` and below `high`; None is no limit."""

    dimension: str
    low: int | None
    high: int | None

    def __str__(self) -> str:
        if self.low is None:
            return f"{self.dimension} < {self.high}"
        if self.high is None:
            return f"{self.dimension} >= {self.low}"
        return f"{self.dimension} between {self.low} and {self.high - 1}"


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


Condition = Test | InRange | Not | And | Or
EVERYONE = And(())


def _grouped(part: Condition) -> str:
    if isinstance(part, (And, Or)):
        return f"({part})"
    return str(part)


def matches(condition: Condition, cell: Mapping[str, str]) -> bool:
    """Whether a cell (dimension -> label) satisfies the condition.

    KeyError if the cell lacks a dimension of it.

    >>> from segmenter.project.grammar import parse
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
        case InRange():
            raise not_lowered(condition)


def not_lowered(order: InRange) -> TypeError:
    """The error of who uses an order test before it is written as labels."""
    return TypeError(f"`{order}` has to be written as labels first")


def dimensions_of(condition: Condition) -> frozenset[str]:
    """The names of all dimensions the condition reads."""
    tests = tests_of(condition)
    return frozenset(test.dimension for test in tests)


def tests_of(condition: Condition) -> Iterator[Test | InRange]:
    """Every test in the condition, in reading order."""
    match condition:
        case Test() | InRange():
            yield condition
        case Not(part):
            yield from tests_of(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from tests_of(part)


def canonical(condition: Condition) -> Condition:
    """The same condition in one form.

    Negations on the tests, nested `and` and `or` flat and sorted, labels sorted, each once.

    >>> from segmenter.project.grammar import parse
    >>> str(canonical(parse("not (b = 'y' or a in ('2', '1'))")))
    "a not in ('1', '2') and b <> 'y'"
    """
    return _canonical(condition, negated=False)


def _canonical(condition: Condition, *, negated: bool) -> Condition:
    match condition:
        case Test(dimension, labels, was):
            return Test(dimension, tuple(sorted(set(labels))), was != negated)
        case InRange():
            raise not_lowered(condition)
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
