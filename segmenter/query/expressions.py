"""What fills the relations of `sql/query/`: expressions over declared names and whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.dimensions import codes
from segmenter.query.question import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlglot import exp

    from segmenter.project.policy import Dimension
    from segmenter.query.question import Question

    Coding = Callable[[Dimension], exp.Expr | None]  # None: the dimension adds nothing

DRAWN = (Kind.MEAN, Kind.QUANTILE)  # measures of one value a patient and cell, drawn if several


def cell_numbers(question: Question, coding: Coding) -> dict[str, exp.Expr]:
    """The numbers of a row's group and of its cell in the condition."""
    return {
        "__group__": _number(question.by, coding),
        "__matched__": _number(question.where.dimensions, coding),
    }


def cell_shares(question: Question, coding: Coding) -> list[exp.Expr]:
    """`cell` and, if there is a condition, `matched`: what these codes add to the numbers."""
    numbers = cell_numbers(question, coding)
    shares = [aliased(numbers["__group__"], "cell")]
    if not question.where.holds().all():
        shares.append(aliased(numbers["__matched__"], "matched"))
    return shares


def code(dimension: Dimension) -> exp.Expr:
    """A dimension's code: the patient's own, or the one of a row of facts."""
    from sqlglot import exp

    if dimension.per_patient:
        return exp.column(f"dim_{dimension.name}", table="person", quoted=True)
    return codes.coded(dimension, exp.column(dimension.column or "", table="fact", quoted=True))


def measured_values(columns: Sequence[str]) -> Iterator[exp.Expr]:
    """The measured columns of a row of facts, as whole numbers."""
    from sqlglot import exp

    for n, name in enumerate(columns):
        value = codes.whole(exp.column(name, table="fact", quoted=True))
        yield aliased(value, f"value_{n}")


def contents(columns: Sequence[str]) -> Iterator[exp.Expr]:
    """The measured values of a row as texts, of which a missing one is empty."""
    from sqlglot import exp

    for n, _ in enumerate(columns):
        text = exp.cast(exp.column(f"value_{n}"), "VARCHAR")
        yield exp.func("coalesce", text, exp.Literal.string(""))


def reductions(question: Question, columns: Sequence[str]) -> Iterator[exp.Expr]:
    """A patient's rows in one cell as one sum, or as one of its values drawn by a keyed hash."""
    from sqlglot import exp

    for n, column in enumerate(columns):
        kinds = {measure.kind for measure in question.measures if measure.column == column}
        value = exp.column(f"value_{n}")
        if Kind.SUM in kinds:
            total = codes.within(exp.Sum(this=value.copy()), codes.LARGEST_VALUE)
            yield aliased(total, f"sum_{n}")
        if kinds.intersection(DRAWN):
            is_missing = exp.Is(this=value.copy(), expression=exp.Null())
            present = exp.Case().when(exp.Not(this=is_missing), exp.column("draw"))
            yield aliased(exp.ArgMin(this=value, expression=present), f"one_{n}")


def aliased(expression: exp.Expr, name: str) -> exp.Expr:
    """An expression under a name."""
    from sqlglot import exp

    return exp.Alias(this=expression, alias=exp.to_identifier(name))


def _number(dimensions: Sequence[Dimension], coding: Coding) -> exp.Expr:
    """The number of a cell in mixed radix."""
    from sqlglot import exp

    coded = []
    for dimension in dimensions:
        own = coding(dimension) or exp.Literal.number(0)
        coded.append((own, len(dimension.labels)))
    return codes.numbered(coded)
