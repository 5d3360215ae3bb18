"""Codes as expressions: a value's code in its dimension, a cell's number from several codes.

A code is the position of a label in `Dimension.labels`. Cells are numbered in mixed radix: the
first dimension changes slowest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.project.policy import Dimension

LARGEST_NUMBER = "1e300"  # a number beyond this is read as none
LARGEST_VALUE = 1_000_000_000_000  # far above every clip bound, and no sum of such values overflows


@dataclass(frozen=True, slots=True)
class Branch:
    """One case of a code: which values have it."""

    condition: exp.Expr
    code: int


def coded(dimension: Dimension, value: exp.Expr) -> exp.Expr:
    """The code of a value. One that is missing or outside the domain is `other` or `unknown`.

    >>> from sqlglot import exp
    >>> from segmenter.project.policy import Dimension
    >>> sex = Dimension("sex", "identity", "patient", "sex", values={"F": ("f", "w")})
    >>> coded(sex, exp.column("sex")).sql("duckdb")
    "CASE WHEN CAST(sex AS TEXT) IN ('f', 'w') THEN 0 ELSE 1 END"
    """
    from sqlglot import exp

    branches = _band_branches if dimension.bands is not None else _label_branches
    case = exp.Case()
    for branch in branches(dimension, value):
        case = case.when(branch.condition, exp.Literal.number(branch.code))
    return case.else_(exp.Literal.number(_code_of_the_rest(dimension)))


def numbered(codes: Iterable[tuple[exp.Expr, int]]) -> exp.Expr:
    """A cell's number, from each dimension's code and its domain's size. No dimensions: 0.

    >>> from sqlglot import exp
    >>> numbered([(exp.column("a"), 3), (exp.column("b"), 2)]).sql("duckdb")
    '((CAST(0 AS BIGINT)) * 3 + a) * 2 + b'
    """
    from sqlglot import exp

    number: exp.Expr = exp.cast(exp.Literal.number(0), "BIGINT")
    for code, size in codes:
        shifted = exp.Mul(this=exp.paren(number), expression=exp.Literal.number(size))
        number = exp.Add(this=shifted, expression=code)
    return number


def whole(value: exp.Expr) -> exp.Expr:
    """A measured value as a whole number; what is not a finite number is missing."""
    from sqlglot import exp

    number = exp.TryCast(this=value, to=exp.DataType.build("DOUBLE"))
    top = exp.Literal.number(LARGEST_NUMBER)
    finite = exp.Between(this=number.copy(), low=exp.Neg(this=top.copy()), high=top)
    rounded = exp.Round(this=_clamped(number, LARGEST_VALUE))
    return exp.Case().when(finite, exp.cast(rounded, "BIGINT"))


def within(value: exp.Expr, bound: int) -> exp.Expr:
    """A sum as a 64-bit number, at most `bound` from zero."""
    from sqlglot import exp

    return exp.cast(_clamped(value, bound), "BIGINT")


def _clamped(value: exp.Expr, bound: int) -> exp.Expr:
    from sqlglot import exp

    top = exp.Literal.number(bound)
    at_least = exp.Greatest(this=value, expressions=[exp.Neg(this=top.copy())])
    return exp.Least(this=at_least, expressions=[top])


def _code_of_the_rest(dimension: Dimension) -> int:
    if dimension.other and dimension.bands is None:
        return dimension.labels.index(dimension.other)
    return len(dimension.labels) - 1  # `unknown` is the last label


def _label_branches(dimension: Dimension, value: exp.Expr) -> Iterator[Branch]:
    from sqlglot import exp

    for label, texts in (dimension.values or {}).items():
        if not texts:
            continue
        listed = [exp.Literal.string(text) for text in texts]
        condition = exp.In(this=exp.cast(value.copy(), "TEXT"), expressions=listed)
        yield Branch(condition, dimension.labels.index(label))


def _band_branches(dimension: Dimension, value: exp.Expr) -> Iterator[Branch]:
    """From the top band down; what is not a finite number is in none."""
    from sqlglot import exp

    number = exp.TryCast(this=value.copy(), to=exp.DataType.build("DOUBLE"))
    top = exp.Literal.number(LARGEST_NUMBER)
    bounds = [exp.Literal.number(bound) for bound in dimension.bands or ()]
    lows = [exp.Neg(this=top.copy()), *bounds]
    for code in reversed(range(len(lows))):
        condition = exp.Between(this=number.copy(), low=lows[code], high=top.copy())
        yield Branch(condition, code)
