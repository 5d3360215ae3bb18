"""Counting: the exact number of eligible humans in every declared cell. Confidential until a release makes numbers of it.

`profile` gives every patient one code for each dimension (P9: facts are reduced per patient first);
`count` groups the eligible by these codes. Every declared cell is there, zeros too (P7).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segmenter.dimensions import codes
from segmenter.errors import EngineError
from segmenter.model import Cube

if TYPE_CHECKING:
    from datetime import datetime

    from sqlglot import exp

    from segmenter.engine import DuckDBEngine
    from segmenter.model import Eligible, Spend
    from segmenter.project.policy import Dimension, Policy

LARGEST = 4_000_000  # cells of one cube; more would be noise, not statistics


def profile(engine: DuckDBEngine, policy: Policy, as_of: datetime, table: str = "profile") -> str:
    """Make `table`: one row a patient of the snapshot, `patient` and `dim_<name>` for every dimension that a patient has one value of.

    Ages are those of the local day of `as_of` in the policy's time zone. Returns the table's name.
    """
    dimensions = [d for d in policy.dimensions.values() if d.per_patient]
    today = {"today": as_of.astimezone(ZoneInfo(policy.time_zone)).date()}
    facts = sorted({d.table for d in dimensions} - {"patient"})
    made = [*(f"{table}_before_{n}" for n in range(len(facts))), table]
    own = [d for d in dimensions if d.table == "patient"]
    engine.make(
        made[0], "patient_profile", today, {"__dimensions__": [_patient_code(d) for d in own]}
    )
    for before, after, fact in zip(made, made[1:], facts, strict=False):
        engine.make(
            after,
            "fact_profile",
            structure=_fact_structure(before, fact, [d for d in dimensions if d.table == fact]),
        )
        engine.drop(before)
    return table


def count(
    engine: DuckDBEngine, dimensions: Sequence[Dimension], eligible: Eligible, spend: Spend
) -> Cube:
    """Exact counts of every declared cell over the eligible humans, for what `spend` has paid.

    Raises `EngineError` where the cube is too large or a patient's code lies outside the declared
    domain.
    """
    import numpy as np
    from sqlglot import exp

    size = cells(dimensions)
    if size > LARGEST:
        msg = "a cube of so many cells cannot be counted"
        raise EngineError(msg, hint="use fewer dimensions or wider bands")
    people = exp.to_table(eligible.table)
    ((outside,),) = engine.rows(
        "code_outside", structure={"__outside__": _outside(dimensions), "__eligible__": people}
    )
    found = engine.frame(
        "cell_count", structure={"__cell__": _cell(dimensions), "__eligible__": people}
    )
    where, many = found["cell"], found["patients"]
    if outside or where.null_count():
        msg = "a patient's dimension codes are not those of the policy"
        raise EngineError(msg)
    counts = np.zeros(size, dtype=np.int64)
    counts[where.to_numpy()] = many.to_numpy()
    counts.setflags(write=False)
    return Cube(tuple(d.name for d in dimensions), counts, spend)


def cells(dimensions: Sequence[Dimension]) -> int:
    """How many cells the cube over these dimensions has: the product of the domains' sizes, 1 for none."""
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
    """The number of a patient's cell; a code that is missing makes it NULL, which `count` refuses."""
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


def _patient_code(dimension: Dimension) -> exp.Expr:
    from sqlglot import exp

    if dimension.column == "age":
        return _code(dimension, exp.column("age_now"))
    return _code(dimension, exp.column(dimension.column or "", quoted=True))


def _fact_structure(
    before: str, fact: str, dimensions: Sequence[Dimension]
) -> dict[str, exp.Expr | list[exp.Expr]]:
    from sqlglot import exp

    measures: list[exp.Expr] = []
    coded: list[exp.Expr] = []
    for n, dimension in enumerate(dimensions):
        measured: exp.Expr = exp.column(f"measure_{n}", table="reduced")
        if dimension.measure == "count":
            measured = exp.Coalesce(this=measured, expressions=[exp.Literal.number(0)])
        measures.append(exp.alias_(_aggregate(dimension), f"measure_{n}"))
        coded.append(_code(dimension, measured))
    table = exp.to_table(f"fact_{fact}")
    return {
        "__before__": exp.to_table(before),
        "__fact__": table,
        "__measures__": measures,
        "__dimensions__": coded,
    }


def _aggregate(dimension: Dimension) -> exp.Expr:
    from sqlglot import exp

    column = exp.column(dimension.column or "", quoted=True)
    match dimension.measure:
        case "count":
            return exp.Count(this=exp.Star())
        case "max":
            return exp.Max(this=column)
        case "min":
            return exp.Min(this=column)
        case "sum":
            return exp.Sum(this=column)
    msg = f"dimension {dimension.name} has no measure this program knows"
    raise EngineError(msg)


def _code(dimension: Dimension, value: exp.Expr) -> exp.Expr:
    """`dim_<name>`: the code of a value."""
    from sqlglot import exp

    return exp.alias_(
        exp.cast(codes.coded(dimension, value), "SMALLINT"), f"dim_{dimension.name}", quoted=True
    )
