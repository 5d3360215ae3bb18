"""Which columns of a source the policy reads, and which of them are kept at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from segmenter.errors import UsageError
from segmenter.project.agreement import EVERY, PATIENT
from segmenter.project.policy import ROWS

if TYPE_CHECKING:
    from segmenter.engine import Engine, Table
    from segmenter.project.policy import Policy

MEASURES_OF_NUMBERS = ("max", "min", "sum")


def kept_columns(policy: Policy, table: str, tagged: Iterable[str]) -> set[str]:
    """The columns of `patient` or a fact table that a snapshot keeps, beside reserved ones.

    Those that the policy reads, those that are tagged one by one, and of patients those that a
    destination gets. No other one is kept: what nobody uses, nobody can lose.
    """
    columns = read_columns(policy, table)
    columns.update(tagged)
    columns.discard(EVERY)
    if table == PATIENT:
        for destination in policy.destinations.values():
            columns.update(destination.columns or ())
    return columns


def read_columns(policy: Policy, table: str) -> set[str]:
    """The columns of `patient` or a fact table that the policy reads.

    They feed its dimensions, and what `query` may sum.
    """
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


def require_kept(engine: Engine, tables: Mapping[str, Table], policy: Policy) -> None:
    """Refuse a snapshot without a column that the policy reads now: nothing used it before.

    Looks at names only. Raises `UsageError`.
    """
    read = {dimension.table for dimension in policy.dimensions.values()}
    for source in sorted(read | set(policy.facts)):
        name = source if source == PATIENT else f"fact_{source}"
        there = engine.columns(tables[name]) if name in tables else []
        missing = sorted(read_columns(policy, source) - set(there))
        if missing:
            raise UsageError(
                f"the snapshot does not hold the column {missing[0]} of `{source}`",
                hint="the policy did not read it at the last ingest: run `segmenter ingest`",
            )
