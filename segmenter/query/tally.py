"""Exact numbers of a question's groups, over eligible humans only, bounded per human before anything is added up (P9). Confidential.

What runs is composed of the relations in `sql/query/` with expressions built from declared names and whole numbers. Nothing of a
person's text takes part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter import codes
from segmenter.errors import EngineError, UsageError
from segmenter.nearest import hint
from segmenter.query.question import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import polars as pl
    from sqlglot import exp

    from segmenter.engine import DuckDBEngine
    from segmenter.model import Eligible
    from segmenter.policy import Dimension
    from segmenter.query.question import Measure, Question

    Integers = np.ndarray[Any, np.dtype[np.int64]]

FAR = 1_000_000_000_000  # values beyond are taken as this, so that no sum overflows; every clip bound is far below
STEPS = ("matched_cell", "asked_cell", "wide_patient", "kept_cell")


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Exact numbers, an entry a group in the order of `question.groups`. Its repr shows none; only `answer.publish` takes one.

    `totals` by measure; a mean has `(sum, count)`; `values` by measure: a row a group, a column a value of the declared grid.
    """

    question: Question = field(repr=False)
    patients: Integers = field(repr=False)
    totals: dict[int, Integers] = field(repr=False, default_factory=dict)
    values: dict[int, Integers] = field(repr=False, default_factory=dict)
    loss: dict[str, int] | None = field(repr=False, default=None)


def count(engine: DuckDBEngine, question: Question, eligible: Eligible, key: str) -> Tally:
    """The exact numbers. `key` is the secret (hex) of the hash that chooses a patient's cells and values (P9).

    Raises `ValueError` where the gate was not asked for this purpose and these categories.
    """
    if eligible.request.purpose != question.purpose or not set(question.categories) <= set(eligible.request.categories):
        raise ValueError("the gate was asked for something else")
    try:
        _load_matched(engine, question)
        if question.fact is None:
            return _patients(engine, question, eligible)
        return _facts(engine, question, eligible, key)
    finally:
        for step in STEPS:
            engine.drop(step)


def check(engine: DuckDBEngine, question: Question) -> None:
    """Whether the snapshot holds the fact table and the columns that a question measures; looks at names only.

    Raises `UsageError` (exit 2) where it does not: nothing should be paid for such a question.
    """
    if question.fact is None:
        return
    wanted = {m.column for m in question.measures if m.column}
    wanted |= {d.column for d in (*question.by, *question.where.dimensions) if not d.per_patient and d.column}
    try:
        there = engine.columns(f"fact_{question.fact}")
    except EngineError:
        raise UsageError(f"the snapshot holds no table `{question.fact}`", hint="declare it in sources.yml and ingest") from None
    missing = sorted(wanted - set(there))
    if missing:
        raise UsageError(f"the table `{question.fact}` has no column `{missing[0]}`", hint=hint(missing[0], there))


def _load_matched(engine: DuckDBEngine, question: Question) -> None:
    import numpy as np
    import polars as pl

    engine.load("matched_cell", pl.DataFrame({"number": np.flatnonzero(question.where.holds().ravel()).astype(np.int64)}))


def _patients(engine: DuckDBEngine, question: Question, eligible: Eligible) -> Tally:
    from sqlglot import exp

    found = engine.frame("patient_group", structure={**_numbers(question), "__eligible__": exp.to_table(eligible.table)})
    patients = _placed(question, found["cell"], found["patients"])
    return Tally(question, patients, {n: patients for n, _ in enumerate(question.measures)})


def _facts(engine: DuckDBEngine, question: Question, eligible: Eligible, key: str) -> Tally:
    from sqlglot import exp

    columns = list(dict.fromkeys(m.column for m in question.measures if m.column))
    singles = any(m.kind in (Kind.MEAN, Kind.QUANTILE) for m in question.measures)
    structure: dict[str, exp.Expr | Sequence[exp.Expr]] = {
        **_numbers(question),
        "__eligible__": exp.to_table(eligible.table),
        "__fact__": exp.to_table(f"fact_{question.fact}"),
        "__values__": [_named(_whole(column), f"value_{n}") for n, column in enumerate(columns)],
        "__rows__": exp.to_table("placed_row" if singles else "asked_row"),
        "__reductions__": list(_reductions(question, columns)),
    }
    secret = {"key": key, "most": question.cells}
    engine.make("asked_cell", "asked_cell", {"key": key}, structure)
    engine.make("wide_patient", "wide_patient", secret)
    engine.make("kept_cell", "kept_cell", secret)
    return _totalled(engine, question, columns)


def _totalled(engine: DuckDBEngine, question: Question, columns: Sequence[str]) -> Tally:
    summed = {n: _total(m, columns) for n, m in enumerate(question.measures) if m.kind in (Kind.ROWS, Kind.SUM)}
    found = engine.frame("group_total", structure={"__totals__": [_named(e, f"total_{n}") for n, e in summed.items()]})
    patients = _placed(question, found["cell"], found["patients"])
    totals = {n: _placed(question, found["cell"], found[f"total_{n}"]) for n in summed}
    totals |= {n: patients for n, m in enumerate(question.measures) if m.kind is Kind.PATIENTS}
    values = {}
    for n, measure in enumerate(question.measures):
        if measure.kind in (Kind.MEAN, Kind.QUANTILE):
            one = _clipped(_column(f"one_{columns.index(measure.column)}"), measure)
            values[n] = _histogram(question, measure, engine.frame("group_value", structure={"__value__": one}))
    ((asked, cut, clipped, lost),) = engine.rows("bound_loss", structure=_loss(question, columns))
    return Tally(question, patients, totals, values, {"asked": asked, "cut": cut, "clipped": clipped, "lost": lost})


def _placed(question: Question, cells: pl.Series, numbers: pl.Series) -> Integers:
    """Numbers of cells as an array over all groups, zeros too (P7)."""
    import numpy as np

    groups = np.asarray(question.groups, dtype=np.int64)
    if cells.null_count() or not np.isin(cells.to_numpy(), groups).all():
        raise EngineError("a row lies outside the declared domain")
    found = np.zeros(len(groups), dtype=np.int64)
    found[np.searchsorted(groups, cells.to_numpy())] = numbers.cast(int).to_numpy()
    return found


def _histogram(question: Question, measure: Measure, found: pl.DataFrame) -> Integers:
    import numpy as np

    groups = np.asarray(question.groups, dtype=np.int64)
    many = np.zeros((len(groups), measure.high - measure.low + 1), dtype=np.int64)
    many[np.searchsorted(groups, found["cell"].to_numpy()), found["value"].to_numpy() - measure.low] = found["patients"].to_numpy()
    return many


# -- expressions over declared names ---------------------------------------------------------------------------------------


def _numbers(question: Question) -> dict[str, exp.Expr]:
    return {"__group__": _number(question.by), "__matched__": _number(question.where.dimensions)}


def _number(dimensions: Sequence[Dimension]) -> exp.Expr:
    """The number of a row's cell."""
    return codes.numbered((_code(d), len(d.labels)) for d in dimensions)


def _code(dimension: Dimension) -> exp.Expr:
    """A dimension's code: the patient's own, or one of the row's."""
    from sqlglot import exp

    if dimension.per_patient:
        return exp.column(f"dim_{dimension.name}", table="person", quoted=True)
    return codes.coded(dimension, exp.column(dimension.column or "", table="fact", quoted=True))


def _whole(column: str) -> exp.Expr:
    """A measured column as a whole number; what is not a finite number is missing."""
    from sqlglot import exp

    number = exp.TryCast(this=exp.column(column, table="fact", quoted=True), to=exp.DataType.build("DOUBLE"))
    far = exp.Literal.number(FAR)
    top = exp.Literal.number(codes.FINITE)
    finite = exp.Between(this=number.copy(), low=exp.Neg(this=top.copy()), high=top)
    near = exp.Least(this=exp.Greatest(this=number, expressions=[exp.Neg(this=far.copy())]), expressions=[far])
    return exp.Case().when(finite, exp.cast(exp.Round(this=near), "BIGINT"))


def _reductions(question: Question, columns: Sequence[str]) -> Iterator[exp.Expr]:
    """A patient's rows in one cell as one sum, or as one of its values drawn by a keyed hash."""
    from sqlglot import exp

    for n, column in enumerate(columns):
        kinds = {m.kind for m in question.measures if m.column == column}
        value = _column(f"value_{n}")
        if Kind.SUM in kinds:
            yield _named(exp.Sum(this=value.copy()), f"sum_{n}")
        if kinds & {Kind.MEAN, Kind.QUANTILE}:
            present = exp.Case().when(exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null())), _column("draw"))
            yield _named(exp.ArgMin(this=value, expression=present), f"one_{n}")


def _total(measure: Measure, columns: Sequence[str]) -> exp.Expr:
    from sqlglot import exp

    what = _column("many") if measure.kind is Kind.ROWS else _column(f"sum_{columns.index(measure.column)}")
    return exp.Coalesce(this=exp.Sum(this=_clipped(what, measure)), expressions=[exp.Literal.number(0)])


def _clipped(value: exp.Expr, measure: Measure) -> exp.Expr:
    """A value moved into its bounds; what is missing stays missing."""
    from sqlglot import exp

    low, high = exp.Literal.number(measure.low), exp.Literal.number(measure.high)
    inside = exp.Least(this=exp.Greatest(this=value.copy(), expressions=[low]), expressions=[high])
    return exp.Case().when(exp.Not(this=exp.Is(this=value, expression=exp.Null())), exp.cast(inside, "BIGINT"))


def _loss(question: Question, columns: Sequence[str]) -> dict[str, exp.Expr | Sequence[exp.Expr]]:
    """Which rows count by the strictest measure of the question, and whether a bound moved a value."""
    from sqlglot import exp

    one, zero = exp.Literal.number(1), exp.Literal.number(0)
    counted: exp.Expr = _column("many")
    if any(m.kind in (Kind.MEAN, Kind.QUANTILE) for m in question.measures):
        counted = one
    moved = exp.Case()
    for measure in question.measures:
        if measure.kind is Kind.PATIENTS:
            continue
        name = "many"
        if measure.kind is not Kind.ROWS:
            name = f"{'sum' if measure.kind is Kind.SUM else 'one'}_{columns.index(measure.column)}"
        outside = exp.Not(
            this=exp.Between(this=_column(name), low=exp.Literal.number(measure.low), high=exp.Literal.number(measure.high))
        )
        moved = moved.when(outside, one.copy())
        if measure.kind is Kind.ROWS and counted is not one:
            counted = exp.Least(this=counted, expressions=[exp.Literal.number(max(0, measure.high))])
    clipped: exp.Expr = moved.else_(zero) if moved.args.get("ifs") else zero
    return {"__counted__": counted, "__clipped__": clipped}


def _column(name: str) -> exp.Expr:
    from sqlglot import exp

    return exp.column(name)


def _named(expression: exp.Expr, name: str) -> exp.Expr:
    from sqlglot import exp

    return exp.Alias(this=expression, alias=exp.to_identifier(name))
