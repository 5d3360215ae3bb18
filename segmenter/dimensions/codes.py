"""Codes as expressions: the code of a value in its dimension's domain, the number of a cell from the codes of its dimensions.

A code is the position of a label in `Dimension.labels`. Cells are numbered in mixed radix, first
dimension slowest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.project.policy import Dimension

FINITE = "1e300"  # a number beyond is taken as none
FAR = 1_000_000_000_000  # a measured value beyond is taken as this, so that no sum overflows; every clip bound is far below


def coded(dimension: Dimension, value: exp.Expr) -> exp.Expr:
    """The code of a value; what is outside the domain or missing is `other` where declared, else `unknown`.

    >>> from sqlglot import exp
    >>> from segmenter.project.policy import Dimension
    >>> coded(Dimension("sex", "identity", "patient", "sex", values={"F": ("f", "w")}), exp.column("sex")).sql("duckdb")
    "CASE WHEN CAST(sex AS TEXT) IN ('f', 'w') THEN 0 ELSE 1 END"
    """
    from sqlglot import exp

    case = exp.Case()
    for condition, code in (
        _bands(dimension, value) if dimension.bands is not None else _labels(dimension, value)
    ):
        case = case.when(condition, exp.Literal.number(code))
    rest = (
        dimension.labels.index(dimension.other)
        if dimension.other and dimension.bands is None
        else len(dimension.labels) - 1
    )
    return case.else_(exp.Literal.number(rest))


def numbered(codes: Iterable[tuple[exp.Expr, int]]) -> exp.Expr:
    """The number of a cell, from each dimension's code and its domain's size. No dimensions: the one cell 0.

    >>> from sqlglot import exp
    >>> numbered([(exp.column("a"), 3), (exp.column("b"), 2)]).sql("duckdb")
    '((CAST(0 AS BIGINT)) * 3 + a) * 2 + b'
    """
    from sqlglot import exp

    number: exp.Expr = exp.cast(exp.Literal.number(0), "BIGINT")
    for code, size in codes:
        number = exp.Add(
            this=exp.Mul(this=exp.paren(number), expression=exp.Literal.number(size)),
            expression=code,
        )
    return number


def whole(value: exp.Expr) -> exp.Expr:
    """A measured value as a whole number; what is not a finite number is missing."""
    from sqlglot import exp

    number = exp.TryCast(this=value, to=exp.DataType.build("DOUBLE"))
    top = exp.Literal.number(FINITE)
    finite = exp.Between(this=number.copy(), low=exp.Neg(this=top.copy()), high=top)
    return exp.Case().when(finite, exp.cast(exp.Round(this=_between(number, FAR)), "BIGINT"))


def within(value: exp.Expr, bound: int) -> exp.Expr:
    """A sum as a 64-bit number, at most `bound` from zero."""
    from sqlglot import exp

    return exp.cast(_between(value, bound), "BIGINT")


def _between(value: exp.Expr, bound: int) -> exp.Expr:
    from sqlglot import exp

    far = exp.Literal.number(bound)
    return exp.Least(
        this=exp.Greatest(this=value, expressions=[exp.Neg(this=far.copy())]), expressions=[far]
    )


def _labels(dimension: Dimension, value: exp.Expr) -> Iterator[tuple[exp.Expr, int]]:
    from sqlglot import exp

    for label, raw in (dimension.values or {}).items():
        if raw:
            listed = [exp.Literal.string(r) for r in raw]
            yield (
                exp.In(this=exp.cast(value.copy(), "TEXT"), expressions=listed),
                dimension.labels.index(label),
            )


def _bands(dimension: Dimension, value: exp.Expr) -> Iterator[tuple[exp.Expr, int]]:
    """From the top band down; what is not a finite number is unknown."""
    from sqlglot import exp

    number = exp.TryCast(this=value.copy(), to=exp.DataType.build("DOUBLE"))
    bounds = dimension.bands or ()
    top = exp.Literal.number(FINITE)
    for code in range(len(bounds), -1, -1):
        low = exp.Literal.number(bounds[code - 1]) if code else exp.Neg(this=top.copy())
        yield exp.Between(this=number.copy(), low=low, high=top.copy()), code
