"""The profile: the code of every patient in each dimension that has one value a patient.

Comes in: an engine with a snapshot's tables, the policy, a moment. Goes out: the table `profile`
with one row a patient, `patient` and `dim_<name>` SMALLINT. Facts are reduced to one value a
patient first (P9).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segmenter.dimensions.codes import coded
from segmenter.errors import EngineError

if TYPE_CHECKING:
    from datetime import datetime

    from sqlglot import exp

    from segmenter.engine import DuckDBEngine
    from segmenter.engine.relations import Structure
    from segmenter.project.policy import Dimension, Policy

PROFILE = "profile"


def make_profile(engine: DuckDBEngine, policy: Policy, as_of: datetime) -> None:
    """Make the table `profile`. Ages are those of the local day of `as_of` in the policy's time zone."""
    dimensions = [d for d in policy.dimensions.values() if d.per_patient]
    facts = sorted({d.table for d in dimensions if d.table != "patient"})
    steps = [f"{PROFILE}_before_{fact}" for fact in facts]
    tables = [*steps, PROFILE]
    _code_patients(engine, policy, as_of, tables[0])
    for n, fact in enumerate(facts):
        own = [d for d in dimensions if d.table == fact]
        engine.make(tables[n + 1], "fact_profile", structure=_fact_structure(tables[n], fact, own))
        engine.drop(tables[n])


def profile_columns(policy: Policy, table: str) -> Iterator[exp.Expr]:
    """The columns `dim_<name>` of a table that holds the profile, in the order of the names."""
    from sqlglot import exp

    for name in sorted(policy.dimensions):
        if policy.dimensions[name].per_patient:
            yield exp.column(f"dim_{name}", table=table or None, quoted=True)


def _code_patients(engine: DuckDBEngine, policy: Policy, as_of: datetime, table: str) -> None:
    """Make `table`: the codes of the dimensions over columns of the patient table."""
    own = [d for d in policy.dimensions.values() if d.per_patient and d.table == "patient"]
    today = as_of.astimezone(ZoneInfo(policy.time_zone)).date()
    structure = {"__dimensions__": [_patient_code(d) for d in own]}
    engine.make(table, "patient_profile", {"today": today}, structure)


def _patient_code(dimension: Dimension) -> exp.Expr:
    from sqlglot import exp

    if dimension.column == "age":
        return _code_column(dimension, exp.column("age_now"))
    return _code_column(dimension, exp.column(dimension.column or "", quoted=True))


def _fact_structure(before: str, fact: str, dimensions: Sequence[Dimension]) -> Structure:
    from sqlglot import exp

    measures: list[exp.Expr] = []
    codes: list[exp.Expr] = []
    for n, dimension in enumerate(dimensions):
        measured: exp.Expr = exp.column(f"measure_{n}", table="reduced")
        if dimension.measure == "count":
            measured = exp.Coalesce(this=measured, expressions=[exp.Literal.number(0)])
        measures.append(exp.alias_(_aggregate(dimension), f"measure_{n}"))
        codes.append(_code_column(dimension, measured))
    return {
        "__before__": exp.to_table(before),
        "__fact__": exp.to_table(f"fact_{fact}"),
        "__measures__": measures,
        "__dimensions__": codes,
    }


def _aggregate(dimension: Dimension) -> exp.Expr:
    """The measure that reduces a patient's rows of the fact to one value."""
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


def _code_column(dimension: Dimension, value: exp.Expr) -> exp.Expr:
    """The column `dim_<name>`: the code of a value."""
    from sqlglot import exp

    code = exp.cast(coded(dimension, value), "SMALLINT")
    return exp.alias_(code, f"dim_{dimension.name}", quoted=True)
