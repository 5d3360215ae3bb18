"""Exact numbers of a question's groups, over eligible humans only (P9). Confidential.

What one human adds is bounded before anything is added up.

What runs is composed of the relations in `sql/query/` with expressions built from declared names
and whole numbers. Nothing of a person's text takes part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.dimensions import codes
from segmenter.dimensions.reduced import DRAWS, Reduced, key_mark
from segmenter.errors import EngineError, UsageError
from segmenter.nearest import hint
from segmenter.query.exact import Tally
from segmenter.query.question import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    import polars as pl
    from sqlglot import exp

    from segmenter.engine import DuckDBEngine
    from segmenter.model import Eligible
    from segmenter.project.policy import Dimension
    from segmenter.query.question import Question

    Integers = np.ndarray[Any, np.dtype[np.int64]]
    Filling = exp.Expr | Sequence[exp.Expr]

# Rows of patients and cells in one part. One more part than there are threads is held at a time.
PART = 1_000_000
STEPS = ("matched_cell", "asked_cell")


def count(engine: DuckDBEngine, question: Question, eligible: Eligible, key: str) -> Tally:
    """The exact numbers.

    `key` is the secret (hex) of the hash that chooses a patient's cells and values (P9). Raises
    `ValueError` if the gate was not asked for this purpose and these categories.
    """
    request = eligible.request
    covered = set(question.categories) <= set(request.categories)
    if request.purpose != question.purpose or not covered:
        raise ValueError("the gate was asked for something else")
    try:
        _load_matched(engine, question)
        if question.fact is None:
            return _patients(engine, question, eligible)
        return _facts(engine, question, eligible, key)
    finally:
        for step in STEPS:
            engine.drop(step)


def reads(question: Question) -> tuple[str, ...]:
    """The snapshot's tables that `check` and `count` read, beside the decisions."""
    if question.fact is None:
        return ()
    return (f"fact_{question.fact}", f"reduced_{question.fact}", DRAWS, "meta", "patient")


def check(engine: DuckDBEngine, question: Question) -> None:
    """Whether the snapshot holds the table and the columns that a question measures.

    Looks at names only. Raises `UsageError` (exit 2) if it does not: nothing should be paid for
    such a question.
    """
    if question.fact is None:
        return
    wanted = {measure.column for measure in question.measures if measure.column}
    for dimension in (*question.by, *question.where.dimensions):
        if not dimension.per_patient and dimension.column:
            wanted.add(dimension.column)
    try:
        there = engine.columns(f"fact_{question.fact}")
    except EngineError:
        raise UsageError(
            f"the snapshot holds no table `{question.fact}`",
            hint="declare it in sources.yml and ingest",
        ) from None
    missing = sorted(wanted - set(there))
    if missing:
        raise UsageError(
            f"the table `{question.fact}` has no column `{missing[0]}`",
            hint=hint(missing[0], there),
        )


def _load_matched(engine: DuckDBEngine, question: Question) -> None:
    import numpy as np
    import polars as pl

    engine.load(
        "matched_cell",
        pl.DataFrame({"number": np.flatnonzero(question.where.holds().ravel()).astype(np.int64)}),
    )


def _patients(engine: DuckDBEngine, question: Question, eligible: Eligible) -> Tally:
    from sqlglot import exp

    found = engine.frame(
        "patient_group",
        structure={**_numbers(question, _code), "__eligible__": exp.to_table(eligible.table)},
    )
    patients = _placed(question, found["cell"], found["patients"])
    return Tally(question, patients, {n: patients for n, _ in enumerate(question.measures)})


def _facts(engine: DuckDBEngine, question: Question, eligible: Eligible, key: str) -> Tally:
    """Part after part of the patients, so that what is held does not grow with the data.

    One part is read while others are bounded.
    """
    from collections import deque
    from concurrent.futures import Future, ThreadPoolExecutor

    from sqlglot import exp

    from segmenter.query import bound

    columns = list(dict.fromkeys(m.column for m in question.measures if m.column))
    ready = _reduced(engine, question, columns, key)
    if ready is None:
        source = _asked_facts(engine, question, eligible, columns, key)
    else:
        source = _reduced_facts(question, eligible, columns, ready)
    whole, waiting = Tally.nothing(question), deque[Future[Tally]]()
    with ThreadPoolExecutor(engine.limits.threads) as pool:
        for first, last in _parts(engine, source.table):
            part = {"__first__": exp.Literal.number(first), "__last__": exp.Literal.number(last)}
            rows = engine.frame(source.relation, None, {**source.structure, **part})
            people = draws = None
            if source.people is not None:
                people = engine.frame("eligible_part", None, {**source.people, **part})
            if question.bounded:
                draws = engine.frame("draw_part", {"key": key}, part)
            waiting.append(pool.submit(bound.tally, question, rows, draws, people))
            if len(waiting) > engine.limits.threads:
                whole = whole.plus(waiting.popleft().result())
        for one in waiting:
            whole = whole.plus(one.result())
    return whole


@dataclass(frozen=True, slots=True)
class _Source:
    """Where patients' cells come from: a table, and the relation that reads a part of it.

    `people` is what `eligible_part` takes; None if the table is of eligible humans alone.
    """

    table: str
    relation: str
    structure: Mapping[str, Filling]
    people: Mapping[str, Filling] | None = None


def _reduced_facts(
    question: Question, eligible: Eligible, columns: Sequence[str], ready: Reduced
) -> _Source:
    """The facts as they were reduced per patient at ingest."""
    from sqlglot import exp

    def code_of_row(dimension: Dimension) -> exp.Expr | None:
        if dimension.per_patient:
            return None
        return ready.code(dimension, exp.column("code", table="reduced"))

    def code_of_patient(dimension: Dimension) -> exp.Expr | None:
        return _code(dimension) if dimension.per_patient else None

    sums = []
    for number, name in enumerate(columns):
        place = ready.columns.index(name)
        sums.append(_named(exp.column(f"sum_{place}", table="reduced"), f"sum_{number}"))
    return _Source(
        table=ready.table,
        relation="reduced_part",
        structure={
            "__numbers__": _shares(question, code_of_row),
            "__reduced__": exp.to_table(ready.table),
            "__sums__": sums,
        },
        people={
            "__numbers__": _shares(question, code_of_patient),
            "__eligible__": exp.to_table(eligible.table),
        },
    )


def _asked_facts(
    engine: DuckDBEngine, question: Question, eligible: Eligible, columns: Sequence[str], key: str
) -> _Source:
    """The facts themselves, reduced per patient and cell for this question."""
    from sqlglot import exp

    structure: dict[str, Filling] = dict(_numbers(question, _code))
    structure["__eligible__"] = exp.to_table(eligible.table)
    singles = _takes_single_values(question)
    structure |= {
        "__fact__": exp.to_table(f"fact_{question.fact}"),
        "__values__": [
            _named(codes.whole(exp.column(name, table="fact", quoted=True)), f"value_{n}")
            for n, name in enumerate(columns)
        ],
        "__rows__": exp.to_table("placed_row" if singles else "asked_row"),
        "__reductions__": list(_reductions(question, columns)),
    }
    engine.make("asked_cell", "asked_cell", {"key": key}, structure)
    return _Source("asked_cell", "asked_part", {})


def _reduced(
    engine: DuckDBEngine, question: Question, columns: Sequence[str], key: str
) -> Reduced | None:
    """The reduced facts of the snapshot, if they were made as the question needs them.

    Draws of another key are never used.
    """
    known = dict(engine.rows("reduced_known")) if engine.has("meta") else {}
    if engine.has(DRAWS) and known.get("draws") != key_mark(key):
        engine.forget([DRAWS])
    text = known.get(f"reduced {question.fact}")
    if text is None or question.fact is None or _takes_single_values(question):
        return None
    ready = Reduced.read(question.fact, text)
    of_rows = [d for d in (*question.by, *question.where.dimensions) if not d.per_patient]
    if not all(ready.holds(dimension) for dimension in of_rows):
        return None
    return ready if set(columns) <= set(ready.columns) else None


def _takes_single_values(question: Question) -> bool:
    """Whether a measure takes one value a patient and cell, which sums do not hold."""
    return any(m.kind in (Kind.MEAN, Kind.QUANTILE) for m in question.measures)


def _parts(engine: DuckDBEngine, table: str) -> Iterator[tuple[int, int]]:
    """Ranges of patients with about `PART` rows each, and of no more patients than that."""
    from sqlglot import exp

    ((rows, first, last),) = engine.rows(
        "patient_extent", structure={"__table__": exp.to_table(table)}
    )
    if not rows:
        return
    parts = math.ceil(rows / PART)
    step = min(PART, math.ceil((last - first + 1) / parts))
    for begin in range(first, last + 1, step):
        yield begin, begin + step - 1


def _placed(question: Question, cells: pl.Series, numbers: pl.Series) -> Integers:
    """Numbers of cells as an array over all groups, zeros too (P7)."""
    import numpy as np

    groups = np.asarray(question.groups, dtype=np.int64)
    if cells.null_count() or not np.isin(cells.to_numpy(), groups).all():
        raise EngineError("a row lies outside the declared domain")
    found = np.zeros(len(groups), dtype=np.int64)
    found[np.searchsorted(groups, cells.to_numpy())] = numbers.cast(int).to_numpy()
    return found


# -- expressions over declared names ---------------------------------------------------------------


def _numbers(
    question: Question, code: Callable[[Dimension], exp.Expr | None]
) -> dict[str, exp.Expr]:
    """The numbers of a row's group and of its cell in the condition.

    A dimension without a code adds nothing.
    """
    from sqlglot import exp

    def number(dimensions: Sequence[Dimension]) -> exp.Expr:
        return codes.numbered((code(d) or exp.Literal.number(0), len(d.labels)) for d in dimensions)

    return {"__group__": number(question.by), "__matched__": number(question.where.dimensions)}


def _shares(question: Question, code: Callable[[Dimension], exp.Expr | None]) -> list[exp.Expr]:
    """`cell` and, if there is a condition, `matched`: what these codes add to the numbers."""
    numbers = _numbers(question, code)
    shares = [_named(numbers["__group__"], "cell")]
    if not question.where.holds().all():
        shares.append(_named(numbers["__matched__"], "matched"))
    return shares


def _code(dimension: Dimension) -> exp.Expr:
    """A dimension's code: the patient's own, or the one of a row of facts."""
    from sqlglot import exp

    if dimension.per_patient:
        return exp.column(f"dim_{dimension.name}", table="person", quoted=True)
    return codes.coded(dimension, exp.column(dimension.column or "", table="fact", quoted=True))


def _reductions(question: Question, columns: Sequence[str]) -> Iterator[exp.Expr]:
    """A patient's rows in one cell as one sum, or as one of its values drawn by a keyed hash."""
    from sqlglot import exp

    for n, column in enumerate(columns):
        kinds = {m.kind for m in question.measures if m.column == column}
        value = _column(f"value_{n}")
        if Kind.SUM in kinds:
            yield _named(codes.within(exp.Sum(this=value.copy()), codes.LARGEST_VALUE), f"sum_{n}")
        if kinds & {Kind.MEAN, Kind.QUANTILE}:
            present = exp.Case().when(
                exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null())), _column("draw")
            )
            yield _named(exp.ArgMin(this=value, expression=present), f"one_{n}")


def _column(name: str) -> exp.Expr:
    from sqlglot import exp

    return exp.column(name)


def _named(expression: exp.Expr, name: str) -> exp.Expr:
    from sqlglot import exp

    return exp.Alias(this=expression, alias=exp.to_identifier(name))
