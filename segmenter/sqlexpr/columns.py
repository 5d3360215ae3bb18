"""Columns and expressions over them, as the relations' structure takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from segmenter.engine import relations

if TYPE_CHECKING:
    from sqlglot import exp


def column(name: str, table: str | None = None) -> exp.Column:
    """A column by any name."""
    from sqlglot import exp

    return exp.column(exp.to_identifier(name, quoted=True), table=table)


def instant(name: str, table: str | None = None) -> exp.Expr:
    """The expression of relation `instant` over a text column: the moment the text means, NULL where it is unreadable."""
    from sqlglot import exp

    query = relations.tree("instant").copy()
    found: exp.Expr = next(e for e in query.expressions if e.alias == "at").this
    for text in list(found.find_all(exp.Column)):
        text.replace(column(name, table))
    return found


def content(names: Sequence[str], table: str | None = None) -> exp.Expr:
    """A row's content for the officer: its texts, joined."""
    from sqlglot import exp

    return exp.func(
        "concat_ws",
        exp.Literal.string(", "),
        *[column(name, table) for name in names],
        dialect="duckdb",
    )


def unique(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Names that differ from each other and from `taken`, also in lower case: a repeated one gets a number.

    >>> unique(["a", "A", "line"], ["line"])
    ['a', 'A_2', 'line_2']
    """
    used = {name.lower() for name in taken}
    made = []
    for name in names:
        candidate, number = name, 1
        while candidate.lower() in used:
            number += 1
            candidate = f"{name}_{number}"
        used.add(candidate.lower())
        made.append(candidate)
    return made
