"""Extra tables: what a job wants to know beside its segments, measured together with them (P14).

A table is asked of every family of the job that may read its dimensions. It is a segment of
everyone over those dimensions, so that the planner sees nothing special in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from segmenter.errors import PolicyError, UsageError
from segmenter.nearest import undeclared
from segmenter.project.family import Family
from segmenter.project.segment import Resolved

if TYPE_CHECKING:
    from segmenter.project.policy import Policy

Table = tuple[str, ...]


def parsed(text: str, policy: Policy) -> Table:
    """The dimensions of a table written as `age_band,payer`, in the policy's order.

    Raises `UsageError` for a dimension that is not declared or that a patient has several values
    of.
    """
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in policy.dimensions:
            raise undeclared("dimension", name, policy.dimensions)
        if not policy.dimensions[name].per_patient:
            raise UsageError(
                f"a patient has several values of `{name}`",
                hint="ask for it with `segmenter query`",
            )
    return tuple(name for name in policy.dimensions if name in names)


def asked(
    chosen: Sequence[Resolved], tables: Sequence[Table], policy: Policy
) -> tuple[Resolved, ...]:
    """The tables as segments of everyone, one for each family of the job that may read them.

    Nothing of another family is read.

    Raises `PolicyError` (C14) for a table that no family of the job may read.
    """
    found: list[Resolved] = []
    for table in dict.fromkeys(tables):
        made = list(_everyone(chosen, table, policy))
        if not made:
            names = ", ".join(table)
            raise PolicyError(
                "C14",
                f"no segment of the job reads what the table {names} needs",
                hint="a table is asked of segments that read its categories",
            )
        found += made
    return tuple(found)


def _everyone(chosen: Sequence[Resolved], table: Table, policy: Policy) -> Iterator[Resolved]:
    needed = {policy.dimensions[name].category for name in table}
    families = {Family.of(segment): segment for segment in reversed(chosen)}
    for segment in reversed(families.values()):
        if needed <= set(segment.categories):
            name = f"{'+'.join(table)} of {segment.name}"
            own = replace(segment.segment, name=name, where=None, include=(), exclude=())
            yield Resolved(
                segment=own,
                parts=(own,),
                dimensions=table,
                categories=segment.categories,
            )
