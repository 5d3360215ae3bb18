"""The profile: the code of every patient in each dimension that has one value a patient.

Comes in: a snapshot's tables, the policy, a moment. Goes out: a table with one row a patient,
`patient` and `dim_<name>` SMALLINT. Facts are reduced to one value a patient first (P9).
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

    from segmenter.engine import Engine, Table, Tables
    from segmenter.engine.relations import Structure
    from segmenter.project.policy import Dimension, Policy


def profile(engine: Engine, tables: Tables, policy: Policy, as_of: datetime) -> Table:
    """The codes of every patient of a snapshot.

    Ages are those of the local day of `as_of` in the policy's time zone.
    """
    dimensions = [d for d in policy.dimensions.values() if d.per_patient]
    facts = sorted({d.table for d in dimensions if d.table != "patient"})
    found = _code_patients(engine, tables, policy, as_of)
    for fact in facts:
        own = [d for d in dimensions if d.table == fact]
        before = found
        reads = {"profile_before": before, "fact": _fact_table(tables, fact)}
        found = engine.make("fact_profile", reads=reads, structure=_fact_structure(own))
        engine.drop(before)
    return found


def profile_columns(policy: Policy, table: str) -> Iterator[exp.Expr]:
    """The columns `dim_<name>` of a table that holds the profile, in the order of the names."""
    from sqlglot import exp

    for name in sorted(policy.dimensions):
        if policy.dimensions[name].per_patient:
            yield exp.column(f"dim_{name}", table=table or None, quoted=True)


def _code_patients(engine: Engine, tables: Tables, policy: Policy, as_of: datetime) -> Table:
    """The codes of the dimensions over columns of the patient table."""
    own = [d for d in policy.dimensions.values() if d.per_patient and d.table == "patient"]
    today = as_of.astimezone(ZoneInfo(policy.time_zone)).date()
    return engine.make(
        "patient_profile",
        reads=tables,
        values={"today": today},
        structure={"__dimensions__": [_patient_code(d) for d in own]},
    )


def _fact_table(tables: Tables, fact: str) -> Table:
    try:
        return tables[f"fact_{fact}"]
    except KeyError:
        msg = f"the snapshot holds no table `{fact}`"
        raise EngineError(msg, hint="declare it in sources.yml and ingest") from None


def _patient_code(dimension: Dimension) -> exp.Expr:
    from sqlglot import exp

    if dimension.column == "age":
        return _code_column(dimension, exp.column("age_now"))
    return _code_column(dimension, exp.column(dimension.column or "", quoted=True))


def _fact_structure(dimensions: Sequence[Dimension]) -> Structure:
    """The measures of one fact table, and the codes of what they measure."""
    from sqlglot import exp

    measures: list[exp.Expr] = []
    codes: list[exp.Expr] = []
    for n, dimension in enumerate(dimensions):
        measured: exp.Expr = exp.column(f"measure_{n}", table="reduced")
        if dimension.measure == "count":
            measured = exp.Coalesce(this=measured, expressions=[exp.Literal.number(0)])
        measures.append(exp.alias_(_aggregate(dimension), f"measure_{n}"))
        codes.append(_code_column(dimension, measured))
    return {"__measures__": measures, "__dimensions__": codes}


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
