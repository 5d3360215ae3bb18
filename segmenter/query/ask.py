"""The SQL door for analysts: a question goes in as SQL, a noised and paid answer comes out (P1, P7 to P10, P15).

The order is fixed: `ask` checks everything before any data, `plan` tells the price, the ledger is
asked for it, `count` reads what the gate lets through, `publish` makes noise, `present` lays it
out. The text never reaches the engine; only `Question` does.

    >>> from segmenter.project.policy import Dimension
    >>> from segmenter.project.condition import parse
    >>> from segmenter.query.question import matched
    >>> sex = Dimension("sex", "identity", "patient", "sex", values={"F": ("f",), "M": ("m",)})
    >>> matched(parse("sex in ('F')"), [sex]) == matched(parse("not sex <> 'F'"), [sex])
    True
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.errors import UsageError
from segmenter.nearest import hint
from segmenter.query import door, predicate
from segmenter.query.answer import Answer, publish
from segmenter.query.answers import find, keep, name
from segmenter.query.exact import Tally
from segmenter.query.naming import naming
from segmenter.query.outcome import Row, arranged
from segmenter.query.price import Price, price
from segmenter.query.question import (
    Kind,
    Matched,
    Measure,
    Question,
    canonical,
    groups,
    key,
    matched,
    spread,
)
from segmenter.query.tally import check, count, reads
from segmenter.query.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from segmenter.project.declared import Sources
    from segmenter.project.policy import Dimension, Policy, Purpose
    from segmenter.query.naming import Naming

__all__ = [
    "Answer",
    "Price",
    "QueryResult",
    "Question",
    "Tally",
    "ask",
    "canonical",
    "check",
    "count",
    "find",
    "keep",
    "key",
    "name",
    "plan",
    "present",
    "publish",
    "reads",
]

MOST_NUMBERS = 20_000_000  # groups times values of a grid
LARGE = 0.1  # a share of patients or rows that the bounds drop, above which the reader is warned


def ask(sql: str, policy: Policy, sources: Sources, purpose: str) -> Question:
    """The question that a text asks for a purpose. Pure: no data is read and nothing is spent.

    Raises `UsageError` (exit 2) for a text that cannot be read and names that are not declared,
    with the nearest that is; `PolicyError` (C14, exit 3) where the purpose may not read what is
    asked; `Refusal` (P15, P9; exit 3) for whatever else is not answered.
    """
    if purpose not in policy.purposes:
        raise UsageError("there is no such purpose", hint=hint(purpose, policy.purposes))
    try:
        return _asked(sql, policy, sources, policy.purposes[purpose])
    except RecursionError:
        raise UsageError("the question nests too deep") from None


def _asked(sql: str, policy: Policy, sources: Sources, purpose: Purpose) -> Question:
    tree = door.parsed(sql)
    names = naming(tree, policy, sources, purpose)
    where = Matched()
    if tree.args.get("where") is not None:
        condition, named = predicate.read(tree.args["where"].this, names.dimension)
        where = matched(condition, _ordered(named.values(), policy))
    wording = Wording(names)
    wording.select(tree.expressions)
    by = _ordered(wording.group(tree.args.get("group")), policy)
    measures = tuple(sorted({i.what for i in wording.items if isinstance(i.what, Measure)}))
    numbers = groups(by, where)
    _check_size(measures, len(numbers))
    cells = (
        1
        if names.fact is None
        else max(1, min(policy.facts[names.fact].max_cells, spread(by, numbers)))
    )
    read = _read(names, by, where, measures)
    shown = wording.shown(tree, by, measures)
    return Question(purpose.name, names.fact, by, where, measures, cells, read, numbers, shown)


def _ordered(dimensions: Any, policy: Policy) -> tuple[Dimension, ...]:
    """Dimensions in the policy's order."""
    wanted = {d.name for d in dimensions}
    return tuple(d for d in policy.dimensions.values() if d.name in wanted)


def _check_size(measures: Sequence[Measure], groups_: int) -> None:
    for measure in measures:
        if (
            measure.kind in (Kind.MEAN, Kind.QUANTILE)
            and groups_ * (measure.high - measure.low + 1) > MOST_NUMBERS
        ):
            raise UsageError(
                "the question has too many groups for so wide a column",
                hint="group by fewer dimensions",
            )


def _read(
    names: Naming, by: Sequence[Dimension], where: Matched, measures: Sequence[Measure]
) -> tuple[str, ...]:
    """All categories that the question reads, `identity` among them. A dimension that makes no difference is not read."""
    found = {d.category for d in (*by, *where.dimensions)}
    found |= {names.category(m.column) for m in measures if m.column}
    if names.fact is not None:
        found.add(names.category("*"))
    return tuple(sorted({"identity", *found}))


def plan(question: Question, epsilon: int) -> Price:
    """What the question costs at `epsilon` (nano-units) and how it is shared out. Nothing is spent."""
    return price(question, epsilon)


# -- results ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What an analyst sees. `intervals` has a list a row, an entry a noised column: `[low, high]`, or null where the cell is withheld."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    intervals: tuple[tuple[Sequence[float] | None, ...], ...]
    epsilon: int
    release: str
    withheld_cells: int
    dropped: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    stored: bool = False
    noised: tuple[int, ...] = ()
    cost: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract of `query`."""
        return {
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
            "intervals": [
                [None if ends is None else list(ends) for ends in row] for row in self.intervals
            ],
            "epsilon": accounting.shown(self.epsilon),
            "release": self.release,
            "withheld_cells": self.withheld_cells,
            "dropped": self.dropped,
            "notes": list(self.notes),
            "stored": self.stored,
            "cost": self.cost,
        }

    def to_polars(self) -> pl.DataFrame:
        """A column for each selected column, and `<column> low`, `<column> high` for each noised one."""
        import polars as pl

        data: dict[str, list[Any]] = {
            name: [row[n] for row in self.rows] for n, name in enumerate(self.columns)
        }
        for n, at in enumerate(self.noised):
            for end, word in enumerate(("low", "high")):
                data[f"{self.columns[at]} {word}"] = [
                    None if ends is None else ends[end]
                    for ends in (row[n] for row in self.intervals)
                ]
        return pl.DataFrame(data, strict=False)

    def _repr_html_(self) -> str:
        from html import escape

        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in self.rows
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"


def _cell(value: str | float | None) -> str:
    from html import escape

    return "withheld" if value is None else escape(str(value))


def present(question: Question, answer: Answer, *, stored: bool = False) -> QueryResult:
    """An answer laid out as the question asked: columns, HAVING, ORDER BY, LIMIT. Free, whoever paid for the answer."""
    shown = question.shown
    rows = [_row(question, answer, n) for n in range(len(question.groups))]
    ranks = {
        at: {label: rank for rank, label in enumerate(question.by[column.dimension].labels)}
        for at, column in enumerate(shown.columns)
        if column.dimension is not None
    }
    kept = arranged(shown, rows, ranks)
    noised = [c.measure for c in shown.columns if c.measure is not None]
    intervals = tuple(tuple(answer.measures[m].intervals[n] for m in noised) for n in kept)
    return QueryResult(
        tuple(c.name for c in shown.columns),
        tuple(rows[n] for n in kept),
        intervals,
        answer.epsilon,
        answer.release,
        sum(answer.withheld),
        answer.dropped,
        notes(question, answer),
        stored,
        tuple(at for at, c in enumerate(shown.columns) if c.measure is not None),
        answer.cost,
    )


def _row(question: Question, answer: Answer, group: int) -> Row:
    labels = question.labels(question.groups[group])
    return tuple(
        answer.measures[c.measure].numbers[group]
        if c.measure is not None
        else labels[c.dimension or 0]
        for c in question.shown.columns
    )


def notes(question: Question, answer: Answer) -> tuple[str, ...]:
    """What a reader must know of the numbers: how far one patient counts, what was paid beside what was asked."""
    found = []
    if any(answer.withheld):
        found.append("Withheld groups have too few patients to be shown (P8).")
    if question.bounded:
        found.append(
            f"One patient counts in at most {question.cells} groups, drawn by a keyed hash, the same ones every time (P9)."
        )
    kinds = {m.kind for m in question.measures}
    most = max((m.high for m in question.measures if m.kind is Kind.ROWS), default=0)
    if most:
        found.append(
            f"At most {most} row(s) of a patient count in a group: `rows: {{clip: [0, n]}}` among the columns says how many (P9)."
        )
    if Kind.MEAN in kinds:
        found.append(
            "An average is a noised sum over a noised count, half of its epsilon each; one row a patient and group counts."
        )
    if Kind.QUANTILE in kinds:
        found.append(
            "A quantile is drawn from the declared bounds, half of its epsilon pays its interval; one row a patient and group."
        )
    if Kind.SUM in kinds:
        found.append("A sum counts each patient's total in a group within the declared bounds.")
    if answer.dropped is not None and any(
        answer.dropped[what]["share"] > LARGE for what in ("patients", "rows", "clipped")
    ):
        found.append(
            "The declared bounds change much of this answer: see `dropped`, and consider wider bounds in policy.yml (P9)."
        )
    return tuple(found)
