"""What is done to published numbers: columns, HAVING, ORDER BY, LIMIT. It costs nothing.

It is applied to what may be shown: a withheld cell has no number, so no test on its number holds
and it sorts last.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Value = str | int | float | None
Row = tuple[Value, ...]

OPERATORS = MappingProxyType(
    {
        "=": operator.eq,
        "<>": operator.ne,
        ">": operator.gt,
        ">=": operator.ge,
        "<": operator.lt,
        "<=": operator.le,
    }
)


@dataclass(frozen=True, slots=True)
class Column:
    """One output column: a dimension or a measure, by its position among them."""

    name: str
    dimension: int | None = None
    measure: int | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """A column's noised number beside a constant."""

    column: int
    sign: str
    number: Fraction


@dataclass(frozen=True, slots=True)
class Both:
    """All parts hold (`every`), or at least one."""

    parts: tuple[Having, ...]
    every: bool


@dataclass(frozen=True, slots=True)
class Opposite:
    """The part does not hold; an unknown stays unknown."""

    part: Having


Having = Compare | Both | Opposite


@dataclass(frozen=True, slots=True)
class Ordering:
    """Sort by a column.

    Withheld numbers and ties keep the domain's order; withheld ones are last unless `nulls_first`.
    """

    column: int
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """How an answer is laid out."""

    columns: tuple[Column, ...]
    having: Having | None = None
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0


def arranged(
    shown: Shown, rows: Sequence[Row], ranks: Mapping[int, Mapping[str, int]]
) -> list[int]:
    """Which of the rows are shown, in which order, as positions.

    `ranks` gives the labels of a dimension's column their order in the domain.
    """
    kept = list(range(len(rows)))
    if shown.having is not None:
        kept = [n for n in kept if holds(shown.having, rows[n]) is True]
    for key in reversed(shown.order):
        kept = _sorted(kept, rows, key, ranks.get(key.column))
    end = None if shown.limit is None else shown.offset + shown.limit
    return kept[shown.offset : end]


def _sorted(
    kept: list[int], rows: Sequence[Row], key: Ordering, ranks: Mapping[str, int] | None
) -> list[int]:
    def value(position: int) -> float | int:
        shown = rows[position][key.column]
        if isinstance(shown, str):
            return 0 if ranks is None else ranks[shown]
        return 0 if shown is None else shown

    missing = [n for n in kept if rows[n][key.column] is None]
    present = [n for n in kept if rows[n][key.column] is not None]
    present.sort(key=value, reverse=key.descending)
    return missing + present if key.nulls_first else present + missing


def holds(condition: Having, row: Row) -> bool | None:
    """Yes, no, or None where a withheld number decides (three-valued, as in SQL)."""
    match condition:
        case Compare(column, sign, number):
            value = row[column]
            if value is None or isinstance(value, str):
                return None
            return bool(OPERATORS[sign](Fraction(value), number))
        case Opposite(part):
            answer = holds(part, row)
            return None if answer is None else not answer
        case Both(parts, every):
            answers = [holds(part, row) for part in parts]
            if (not every) in answers:
                return not every
            return None if None in answers else every
