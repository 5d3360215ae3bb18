"""Exact numbers of a question's groups, over eligible humans only (P9). Confidential.

What one human adds is bounded before anything is added up.

What runs is composed of the relations in `sql/query/` with expressions built from declared names
and whole numbers. Nothing of a person's text takes part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.dimensions.reduced import DRAWS, Reduced, key_mark
from segmenter.errors import EngineError, UsageError
from segmenter.nearest import hint
from segmenter.query import expressions
from segmenter.query.exact import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    import polars as pl
    from sqlglot import exp

    from segmenter.engine import Engine, Table, Tables
    from segmenter.model import Eligible
    from segmenter.project.policy import Dimension
    from segmenter.query.question import Question

    Integers = np.ndarray[Any, np.dtype[np.int64]]
    Filling = exp.Expr | Sequence[exp.Expr]

# Rows of patients and cells in one part. One more part than there are threads is held at a time.
PART = 1_000_000


def count(
    engine: Engine, question: Question, tables: Tables, eligible: Eligible, key: str
) -> Tally:
    """The exact numbers over the tables of a snapshot.

    `key` is the secret (hex) of the hash that chooses a patient's cells and values (P9). Raises
    `ValueError` if the gate was not asked for this purpose and these categories.
    """
    request = eligible.request
    covered = set(question.categories) <= set(request.categories)
    if request.purpose != question.purpose or not covered:
        raise ValueError("the gate was asked for something else")
    with engine.scope():
        asked = {"eligible": eligible.table, "matched_cell": _load_matched(engine, question)}
        if question.fact is None:
            return _patients(engine, question, asked)
        return _facts(engine, question, tables | asked, key)


def check(engine: Engine, question: Question, tables: Tables) -> None:
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
    fact = tables.get(f"fact_{question.fact}")
    if fact is None:
        raise UsageError(
            f"the snapshot holds no table `{question.fact}`",
            hint="declare it in sources.yml and ingest",
        )
    there = engine.columns(fact)
    missing = sorted(wanted - set(there))
    if missing:
        raise UsageError(
            f"the table `{question.fact}` has no column `{missing[0]}`",
            hint=hint(missing[0], there),
        )


def _load_matched(engine: Engine, question: Question) -> Table:
    """The numbers of the cells that satisfy the question's condition."""
    import numpy as np
    import polars as pl

    numbers = np.flatnonzero(question.where.holds().ravel()).astype(np.int64)
    return engine.load(pl.DataFrame({"number": numbers}))


def _patients(engine: Engine, question: Question, asked: Mapping[str, Table]) -> Tally:
    structure = expressions.cell_numbers(question, expressions.code)
    found = engine.frame("patient_group", reads=asked, structure=structure)
    patients = _placed(question, found["cell"], found["patients"])
    measures = range(len(question.measures))
    return Tally(question, patients, dict.fromkeys(measures, patients))


# -- facts, part after part ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """Where patients' cells come from: a table, and the relation that reads a part of it by a name.

    `people` fills the holes of `eligible_part`; None if the table is of eligible humans alone.
    """

    table: Table
    name: str
    relation: str
    structure: Mapping[str, Filling]
    people: Mapping[str, Filling] | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """The cells of some patients, the draws that bound them, and the eligible among them."""

    rows: pl.DataFrame
    draws: pl.DataFrame | None
    people: pl.DataFrame | None


def _facts(engine: Engine, question: Question, tables: Tables, key: str) -> Tally:
    """Part after part of the patients, so that what is held does not grow with the data.

    One part is read while others are bounded.
    """
    from collections import deque
    from concurrent.futures import Future, ThreadPoolExecutor

    from segmenter.query import bound

    known = _known(engine, tables)
    if known.get("draws") != key_mark(key):
        tables = tables.without(DRAWS)  # then they are drawn with this key
    source = _source(engine, question, tables, known, key)
    whole = Tally.nothing(question)
    waiting = deque[Future[Tally]]()
    threads = engine.limits.threads
    with ThreadPoolExecutor(threads) as pool:
        for extent in _parts(engine, source.table):
            part = _read_part(engine, question, tables, source, extent, key)
            bounded = pool.submit(bound.tally, question, part.rows, part.draws, part.people)
            waiting.append(bounded)
            if len(waiting) > threads:
                whole = whole.plus(waiting.popleft().result())
        for one in waiting:
            whole = whole.plus(one.result())
    return whole


def _source(
    engine: Engine, question: Question, tables: Tables, known: Mapping[str, str], key: str
) -> _Source:
    """The facts as ingest reduced them, else the facts themselves."""
    columns = list(dict.fromkeys(m.column for m in question.measures if m.column))
    ready = _reduced(question, columns, known)
    if ready is None:
        return _asked_facts(engine, question, tables, columns, key)
    return _reduced_facts(question, tables, columns, ready)


def _read_part(
    engine: Engine,
    question: Question,
    tables: Tables,
    source: _Source,
    extent: Mapping[str, exp.Expr],
    key: str,
) -> _Part:
    """The part of the patients between two numbers."""
    rows = engine.frame(
        source.relation,
        reads={source.name: source.table},
        structure={**source.structure, **extent},
    )
    draws = people = None
    if source.people is not None:
        people = engine.frame("eligible_part", reads=tables, structure={**source.people, **extent})
    if question.bounded:
        draws = engine.frame("draw_part", reads=tables, values={"key": key}, structure=extent)
    return _Part(rows, draws, people)


def _reduced_facts(
    question: Question, tables: Tables, columns: Sequence[str], ready: Reduced
) -> _Source:
    """The facts as they were reduced per patient at ingest."""
    from sqlglot import exp

    def code_of_row(dimension: Dimension) -> exp.Expr | None:
        if dimension.per_patient:
            return None
        return ready.code(dimension, exp.column("code", table="reduced"))

    def code_of_patient(dimension: Dimension) -> exp.Expr | None:
        return expressions.code(dimension) if dimension.per_patient else None

    sums = []
    for number, name in enumerate(columns):
        place = ready.columns.index(name)
        column = exp.column(f"sum_{place}", table="reduced")
        sums.append(expressions.aliased(column, f"sum_{number}"))
    return _Source(
        table=tables[ready.table],
        name="reduced",
        relation="reduced_part",
        structure={
            "__numbers__": expressions.cell_shares(question, code_of_row),
            "__sums__": sums,
        },
        people={"__numbers__": expressions.cell_shares(question, code_of_patient)},
    )


def _asked_facts(
    engine: Engine, question: Question, tables: Tables, columns: Sequence[str], key: str
) -> _Source:
    """The facts themselves, reduced per patient and cell for this question."""
    relation = "drawn_cell" if _takes_single_values(question) else "asked_cell"
    cells = engine.make(
        relation,
        reads=tables | {"fact": tables[f"fact_{question.fact}"]},
        values={"key": key},
        structure={
            **expressions.cell_numbers(question, expressions.code),
            "__values__": list(expressions.measured_values(columns)),
            "__content__": list(expressions.contents(columns)),
            "__reductions__": list(expressions.reductions(question, columns)),
        },
    )
    return _Source(cells, "asked_cell", "asked_part", {})


def _known(engine: Engine, tables: Tables) -> dict[str, str]:
    """What the snapshot tells of how its facts were reduced."""
    if "meta" not in tables:
        return {}
    return dict(engine.rows("reduced_known", reads=tables))


def _reduced(
    question: Question, columns: Sequence[str], known: Mapping[str, str]
) -> Reduced | None:
    """The reduced facts of the snapshot, if they were made as the question needs them."""
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
    kinds = {measure.kind for measure in question.measures}
    return not kinds.isdisjoint(expressions.DRAWN)


def _parts(engine: Engine, table: Table) -> Iterator[dict[str, exp.Expr]]:
    """Ranges of patients with about `PART` rows each, and of no more patients than that."""
    from sqlglot import exp

    ((rows, first, last),) = engine.rows("patient_extent", reads={"patient_cell": table})
    if not rows:
        return
    parts = math.ceil(rows / PART)
    patients = last - first + 1
    step = min(PART, math.ceil(patients / parts))
    for begin in range(first, last + 1, step):
        yield {
            "__first__": exp.Literal.number(begin),
            "__last__": exp.Literal.number(begin + step - 1),
        }


def _placed(question: Question, cells: pl.Series, numbers: pl.Series) -> Integers:
    """Numbers of cells as an array over all groups, zeros too (P7)."""
    import numpy as np

    groups = np.asarray(question.groups, dtype=np.int64)
    numbered = cells.to_numpy()
    if cells.null_count() or not np.isin(numbered, groups).all():
        raise EngineError("a row lies outside the declared domain")
    found = np.zeros(len(groups), dtype=np.int64)
    places = np.searchsorted(groups, numbered)
    found[places] = numbers.cast(int).to_numpy()
    return found
