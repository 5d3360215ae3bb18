"""Which columns of a source the policy reads: its dimensions, and what `query` may sum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from segmenter.project.policy import ROWS

if TYPE_CHECKING:
    from segmenter.project.policy import Policy

MEASURES_OF_NUMBERS = ("max", "min", "sum")


def read_columns(policy: Policy, table: str) -> set[str]:
    """The columns of `patient` or a fact table that the policy reads."""
    columns = _clipped(policy, table)
    for column, _ in _dimension_columns(policy, table):
        columns.add(column)
    return columns


def number_columns(policy: Policy, fact: str) -> set[str]:
    """The columns of a fact table that must hold numbers: those the policy measures or clips."""
    columns = _clipped(policy, fact)
    for column, measure in _dimension_columns(policy, fact):
        if measure in MEASURES_OF_NUMBERS:
            columns.add(column)
    return columns


def _dimension_columns(policy: Policy, table: str) -> Iterator[tuple[str, str | None]]:
    """Each column of a table that a dimension reads, with the dimension's measure."""
    for dimension in policy.dimensions.values():
        if dimension.table == table and dimension.column is not None:
            yield dimension.column, dimension.measure


def _clipped(policy: Policy, fact: str) -> set[str]:
    """The columns of a fact table that `query` may sum."""
    if fact not in policy.facts:
        return set()
    return set(policy.facts[fact].clip) - {ROWS}
