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
    found = engine.frame("patient_group", reads=asked, structure=_numbers(question, _code))
    patients = _placed(question, found["cell"], found["patients"])
    return Tally(question, patients, {n: patients for n, _ in enumerate(question.measures)})


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
        return _code(dimension) if dimension.per_patient else None

    sums = []
    for number, name in enumerate(columns):
        place = ready.columns.index(name)
        sums.append(_named(exp.column(f"sum_{place}", table="reduced"), f"sum_{number}"))
    return _Source(
        table=tables[ready.table],
        name="reduced",
        relation="reduced_part",
        structure={"__numbers__": _shares(question, code_of_row), "__sums__": sums},
        people={"__numbers__": _shares(question, code_of_patient)},
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
            **_numbers(question, _code),
            "__values__": list(_values(columns)),
            "__reductions__": list(_reductions(question, columns)),
        },
    )
    return _Source(cells, "asked_cell", "asked_part", {})


def _values(columns: Sequence[str]) -> Iterator[exp.Expr]:
    """The measured columns of a row of facts, as whole numbers."""
    from sqlglot import exp

    for n, name in enumerate(columns):
        value = codes.whole(exp.column(name, table="fact", quoted=True))
        yield _named(value, f"value_{n}")


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
    return any(m.kind in (Kind.MEAN, Kind.QUANTILE) for m in question.measures)


def _parts(engine: Engine, table: Table) -> Iterator[dict[str, exp.Expr]]:
    """Ranges of patients with about `PART` rows each, and of no more patients than that."""
    from sqlglot import exp

    ((rows, first, last),) = engine.rows("patient_extent", reads={"patient_cell": table})
    if not rows:
        return
    parts = math.ceil(rows / PART)
    step = min(PART, math.ceil((last - first + 1) / parts))
    for begin in range(first, last + 1, step):
        yield {
            "__first__": exp.Literal.number(begin),
            "__last__": exp.Literal.number(begin + step - 1),
        }


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
