"""Columns and expressions over them, as the relations' structure takes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from segmenter.engine import relations

if TYPE_CHECKING:
    from sqlglot import exp


def column(name: str, table: str | None = None) -> exp.Column:
    """A column by any name."""
    from sqlglot import exp

    identifier = exp.to_identifier(name, quoted=True)
    return exp.column(identifier, table=table)


def instant(name: str, table: str | None = None) -> exp.Expr:
    """The moment that a text column means: the expression of relation `instant` over it.

    NULL if the text is unreadable. Of a local time that may be two moments, the earlier one.
    """
    return _written_out(relations.tree("instant"), "at", column(name, table))


def instant_later(name: str, table: str | None = None) -> exp.Expr:
    """The later moment that a text column may mean: the expression of relation `instant_later`.

    NULL if the text has one reading or none.
    """
    return _written_out(relations.tree("instant_later"), "later", column(name, table))


def _written_out(query: exp.Expr, wanted: str, text: exp.Expr) -> exp.Expr:
    """A column of a query over nested queries as one expression over the text they all read."""
    from sqlglot import exp

    (found,) = [one for one in query.expressions if one.alias_or_name == wanted]
    inner = query.args["from_"].this

    def replaced(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column):
            return node
        if isinstance(inner, exp.Subquery):
            return _written_out(inner.this, node.name, text)
        return text.copy()

    made: exp.Expr = found.unalias().transform(replaced)
    return made


def content(names: Sequence[str], table: str | None = None) -> exp.Expr:
    """A row's content for the officer: its texts, joined."""
    from sqlglot import exp

    comma = exp.Literal.string(", ")
    texts = [column(name, table) for name in names]
    return exp.func("concat_ws", comma, *texts, dialect="duckdb")


def unique(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Names that differ from each other and from `taken`, also in lower case.

    One that comes again gets a number.

    >>> unique(["a", "A", "line"], ["line"])
    ['a', 'A_2', 'line_2']
    """
    used = {name.lower() for name in taken}
    differing = []
    for name in names:
        candidate = _free(name, used)
        used.add(candidate.lower())
        differing.append(candidate)
    return differing


def _free(name: str, used: Collection[str]) -> str:
    """The name, or the name with the first number that makes it differ from those used."""
    if name.lower() not in used:
        return name
    number = 2
    while f"{name}_{number}".lower() in used:
        number += 1
    return f"{name}_{number}"
