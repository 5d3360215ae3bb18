"""A question goes in as SQL, a noised and paid answer comes out (P1, P7 to P10, P15).

The order is fixed: `ask` checks everything before any data, `plan` tells the price, the ledger is
asked for it, `count` reads what the gate lets through, `publish` makes noise, `present` lays it
out. The text never reaches the engine; only `Question` does.

    >>> from segmenter.project.policy import Dimension
    >>> from segmenter.project.grammar import parse
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
from segmenter.query.tally import check, count
from segmenter.query.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import polars as pl
    from sqlglot import exp

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
]

MOST_NUMBERS = 20_000_000  # groups times values of a grid
LARGE = 0.1  # a share of patients or rows that the bounds drop, above which the reader is warned


def ask(sql: str, policy: Policy, sources: Sources, purpose: str) -> Question:
    """The question that a text asks for a purpose. Pure: no data is read and nothing is spent.

    Raises `UsageError` (exit 2) for a text that cannot be read and names that are not declared,
    with the nearest that is; `PolicyError` (C14, exit 3) if the purpose may not read what is
    asked; `Refusal` (P15, P9; exit 3) for whatever else is not answered.
    """
    if purpose not in policy.purposes:
        raise UsageError("there is no such purpose", hint=hint(purpose, policy.purposes))
    try:
        return _read_question(sql, policy, sources, policy.purposes[purpose])
    except RecursionError:
        raise UsageError("the question nests too deep") from None


def _read_question(sql: str, policy: Policy, sources: Sources, purpose: Purpose) -> Question:
    tree = door.parsed(sql)
    names = naming(tree, policy, sources, purpose)
    where = _read_where(tree, names)
    wording = Wording(names)
    wording.select(tree.expressions)
    by = _in_order(wording.group(tree.args.get("group")), policy)
    selected = {item.what for item in wording.items if isinstance(item.what, Measure)}
    measures = tuple(sorted(selected))
    numbers = groups(by, where)
    _check_size(measures, len(numbers))
    cells = 1
    if names.fact is not None:
        cells = max(1, min(policy.facts[names.fact].max_cells, spread(by, numbers)))
    return Question(
        purpose=purpose.name,
        fact=names.fact,
        by=by,
        where=where,
        measures=measures,
        cells=cells,
        categories=_categories(names, by, where, measures),
        groups=numbers,
        shown=wording.shown(tree, by, measures),
    )


def _read_where(tree: exp.Select, names: Naming) -> Matched:
    """The cells that WHERE leaves; all if there is none."""
    clause = tree.args.get("where")
    if clause is None:
        return Matched()
    condition, named = predicate.read(clause.this, names.dimension)
    return matched(condition, _in_order(named.values(), names.policy))


def _in_order(dimensions: Iterable[Dimension], policy: Policy) -> tuple[Dimension, ...]:
    """Dimensions in the policy's order."""
    wanted = {d.name for d in dimensions}
    return tuple(d for d in policy.dimensions.values() if d.name in wanted)


def _check_size(measures: Sequence[Measure], groups_: int) -> None:
    """Refuse averages and quantiles that need too many numbers at once."""
    for measure in measures:
        if measure.kind not in (Kind.MEAN, Kind.QUANTILE):
            continue
        grid = measure.high - measure.low + 1
        if groups_ * grid > MOST_NUMBERS:
            raise UsageError(
                "the question has too many groups for so wide a column",
                hint="group by fewer dimensions",
            )


def _categories(
    names: Naming, by: Sequence[Dimension], where: Matched, measures: Sequence[Measure]
) -> tuple[str, ...]:
    """All categories that the question reads, `identity` among them.

    A dimension that makes no difference is not read.
    """
    read = {"identity"}
    read |= {dimension.category for dimension in (*by, *where.dimensions)}
    read |= {names.category(measure.column) for measure in measures if measure.column}
    if names.fact is not None:
        read.add(names.category("*"))
    return tuple(sorted(read))


def plan(question: Question, epsilon: int) -> Price:
    """What the question costs at `epsilon` (nano), and how that is shared out. Spends nothing."""
    return price(question, epsilon)


# -- results ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What an analyst sees.

    `intervals` has a list a row, an entry a noised column: `[low, high]`, or null if the cell is
    withheld.
    """

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
            "intervals": [_ends(row) for row in self.intervals],
            "epsilon": accounting.shown(self.epsilon),
            "release": self.release,
            "withheld_cells": self.withheld_cells,
            "dropped": self.dropped,
            "notes": list(self.notes),
            "stored": self.stored,
            "cost": self.cost,
        }

    def to_polars(self) -> pl.DataFrame:
        """One column a selected column; `<column> low` and `<column> high` of each noised one."""
        import polars as pl

        data: dict[str, list[Any]] = {}
        for place, title in enumerate(self.columns):
            data[title] = [row[place] for row in self.rows]
        for number, place in enumerate(self.noised):
            ends = [row[number] or (None, None) for row in self.intervals]
            data[f"{self.columns[place]} low"] = [low for low, _ in ends]
            data[f"{self.columns[place]} high"] = [high for _, high in ends]
        return pl.DataFrame(data, strict=False)

    def _repr_html_(self) -> str:
        from html import escape

        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(_html_row(row) for row in self.rows)
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"


def _ends(row: Sequence[Sequence[float] | None]) -> list[list[float] | None]:
    return [None if ends is None else list(ends) for ends in row]


def _html_row(row: Row) -> str:
    from html import escape

    cells = ("withheld" if value is None else escape(str(value)) for value in row)
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def present(question: Question, answer: Answer, *, stored: bool = False) -> QueryResult:
    """An answer laid out as the question asked. Free, whoever paid for the answer."""
    columns = question.shown.columns
    rows = [_row(question, answer, group) for group in range(len(question.groups))]
    kept = arranged(question.shown, rows, _label_ranks(question))
    noised = [place for place, column in enumerate(columns) if column.measure is not None]
    shown_measures = [answer.measures[c.measure] for c in columns if c.measure is not None]
    intervals = []
    for group in kept:
        intervals.append(tuple(measure.intervals[group] for measure in shown_measures))
    return QueryResult(
        columns=tuple(column.name for column in columns),
        rows=tuple(rows[group] for group in kept),
        intervals=tuple(intervals),
        epsilon=answer.epsilon,
        release=answer.release,
        withheld_cells=sum(answer.withheld),
        dropped=answer.dropped,
        notes=notes(question, answer),
        stored=stored,
        noised=tuple(noised),
        cost=answer.cost,
    )


def _label_ranks(question: Question) -> dict[int, dict[str, int]]:
    """Of each column of a dimension: the place of each label in its domain."""
    ranks = {}
    for place, column in enumerate(question.shown.columns):
        if column.dimension is not None:
            labels = question.by[column.dimension].labels
            ranks[place] = {label: rank for rank, label in enumerate(labels)}
    return ranks


def _row(question: Question, answer: Answer, group: int) -> Row:
    labels = question.labels(question.groups[group])
    row: list[str | float | None] = []
    for column in question.shown.columns:
        if column.measure is not None:
            row.append(answer.measures[column.measure].numbers[group])
        else:
            row.append(labels[column.dimension or 0])
    return tuple(row)


def notes(question: Question, answer: Answer) -> tuple[str, ...]:
    """What a reader must know of the numbers: how far one patient counts, what was paid besides."""
    told = []
    if any(answer.withheld):
        told.append("Withheld groups have too few patients to be shown (P8).")
    if question.bounded:
        told.append(
            f"One patient counts in at most {question.cells} groups, "
            "drawn by a keyed hash, the same ones every time (P9)."
        )
    kinds = {m.kind for m in question.measures}
    most = max((m.high for m in question.measures if m.kind is Kind.ROWS), default=0)
    if most:
        told.append(
            f"At most {most} row(s) of a patient count in a group: "
            "`rows: {clip: [0, n]}` among the columns says how many (P9)."
        )
    if Kind.MEAN in kinds:
        told.append(
            "An average is a noised sum over a noised count, half of its epsilon each; "
            "one row a patient and group counts, chosen by a keyed hash."
        )
    if Kind.QUANTILE in kinds:
        told.append(
            "A quantile is drawn from the declared bounds, half of its epsilon pays its interval; "
            "one row a patient and group counts, chosen by a keyed hash."
        )
    if Kind.SUM in kinds:
        told.append("A sum counts each patient's total in a group within the declared bounds.")
    if _drops_much(answer):
        told.append(
            "The declared bounds change much of this answer: see `dropped`, "
            "and consider wider bounds in policy.yml (P9)."
        )
    return tuple(told)


def _drops_much(answer: Answer) -> bool:
    if answer.dropped is None:
        return False
    return any(answer.dropped[what]["share"] > LARGE for what in ("patients", "rows", "clipped"))
