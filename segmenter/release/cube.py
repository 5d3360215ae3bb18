"""Counting: the exact number of eligible humans in every declared cell.

Confidential until a release makes numbers of it. `count` groups the eligible by the codes of their
profile. Every declared cell is there, zeros too (P7).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from segmenter.dimensions import codes
from segmenter.errors import EngineError
from segmenter.model import Cube

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.engine import Engine
    from segmenter.model import Eligible, Spend
    from segmenter.project.policy import Dimension

LARGEST = 4_000_000  # cells of one cube; more would be noise, not statistics


def count(
    engine: Engine, dimensions: Sequence[Dimension], eligible: Eligible, spend: Spend
) -> Cube:
    """Exact counts of every declared cell over the eligible humans, for what `spend` has paid.

    Raises `EngineError` if the cube is too large or a patient's code lies outside the declared
    domain.
    """
    import numpy as np

    size = cells(dimensions)
    if size > LARGEST:
        msg = "a cube of so many cells cannot be counted"
        raise EngineError(msg, hint="use fewer dimensions or wider bands")
    reads = {"eligible": eligible.table}
    ((outside,),) = engine.rows(
        "code_outside", reads=reads, structure={"__outside__": _outside(dimensions)}
    )
    found = engine.frame("cell_count", reads=reads, structure={"__cell__": _cell(dimensions)})
    where, many = found["cell"], found["patients"]
    if outside or where.null_count():
        msg = "a patient's dimension codes are not those of the policy"
        raise EngineError(msg)
    counts = np.zeros(size, dtype=np.int64)
    counts[where.to_numpy()] = many.to_numpy()
    counts.setflags(write=False)
    return Cube(tuple(d.name for d in dimensions), counts, spend)


def cells(dimensions: Sequence[Dimension]) -> int:
    """How many cells the cube over these dimensions has: 1 if there are no dimensions."""
    return math.prod(len(d.labels) for d in dimensions)


def keys(dimensions: Sequence[Dimension]) -> Iterator[dict[str, str]]:
    """The cells' labels in the cube's order.

    >>> from segmenter.project.policy import Dimension
    >>> sex = Dimension("sex", "identity", "patient", "sex", values={"F": ("f",)})
    >>> list(keys([sex]))
    [{'sex': 'F'}, {'sex': 'unknown'}]
    """
    names = [d.name for d in dimensions]
    for labels in itertools.product(*(d.labels for d in dimensions)):
        yield dict(zip(names, labels, strict=True))


# -- codes -----------------------------------------------------------------------------------------


def _cell(dimensions: Sequence[Dimension]) -> exp.Expr:
    """The number of a patient's cell; NULL, which `count` refuses, if a code is missing."""
    from sqlglot import exp

    return codes.numbered(
        (exp.column(f"dim_{d.name}", quoted=True), len(d.labels)) for d in dimensions
    )


def _outside(dimensions: Sequence[Dimension]) -> exp.Expr:
    """Whether a code of a patient lies outside its domain."""
    from sqlglot import exp

    return exp.or_(exp.false(), *(exp.not_(_within(d)) for d in dimensions))


def _within(dimension: Dimension) -> exp.Expr:
    from sqlglot import exp

    last = exp.Literal.number(len(dimension.labels) - 1)
    return exp.Between(
        this=exp.column(f"dim_{dimension.name}", quoted=True), low=exp.Literal.number(0), high=last
    )
