"""What counts of each patient, and what it adds up to: at most so many cells a patient, each clipped (P9). Confidential.

Works on one part of the patients at a time, in arrays: rows of patient and cell, side by side for
each patient. Which cells of a patient with too many count is told by the keyed draw of the patient:
the first ones by the value of its polynomial, which `bound_draw` explains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter.errors import EngineError
from segmenter.query.exact import Tally
from segmenter.query.question import Kind

if TYPE_CHECKING:
    import polars as pl

    from segmenter.query.question import Measure, Question

    Integers = np.ndarray[Any, np.dtype[np.int64]]
    Truths = np.ndarray[Any, np.dtype[np.bool_]]

FIELD = 2**31 - 1
SINGLE = (Kind.MEAN, Kind.QUANTILE)


@dataclass(frozen=True, slots=True)
class Held:
    """What patients have, a row a patient and cell, in the order of both. A number that is missing is 0 in `numbers` and not in `there`."""

    patient: Integers
    cell: Integers
    many: Integers
    numbers: dict[str, Integers]
    there: dict[str, Truths]

    @classmethod
    def of(cls, found: pl.DataFrame) -> Held:
        """From rows in any order: columns patient, cell, many, and `sum_<n>` or `one_<n>`; rows of one patient and cell are added up."""
        if found["cell"].null_count():
            raise EngineError("a row lies outside the declared domain")
        patient, cell, many = (_whole(found[name]) for name in ("patient", "cell", "many"))
        rest = [name for name in found.columns if name not in ("patient", "cell", "many")]
        numbers = {name: _whole(found[name].fill_null(0)) for name in rest}
        there = {name: found[name].is_not_null().to_numpy() for name in rest}
        place = patient * (int(cell.max(initial=0)) + 1) + cell
        if (place[1:] < place[:-1]).any():
            order = np.argsort(place, kind="stable")
            place, patient, cell, many = place[order], patient[order], cell[order], many[order]
            numbers, there = (
                {name: column[order] for name, column in columns.items()}
                for columns in (numbers, there)
            )
        return cls(patient, cell, many, numbers, there).merged(_starts(place))

    def merged(self, starts: Integers) -> Held:
        """The rows that begin at `starts` and those that follow each of them, added up."""
        if len(starts) == len(self.patient):
            return self
        numbers = {name: np.add.reduceat(column, starts) for name, column in self.numbers.items()}
        there = {
            name: np.logical_or.reduceat(column, starts) for name, column in self.there.items()
        }
        return Held(
            self.patient[starts],
            self.cell[starts],
            np.add.reduceat(self.many, starts),
            numbers,
            there,
        )


def tally(
    question: Question,
    found: pl.DataFrame,
    draws: pl.DataFrame | None,
    people: pl.DataFrame | None = None,
) -> Tally:
    """The exact numbers of one part of the patients. `draws` is needed where a patient can have too many cells.

    With `people`, the eligible humans of that part, what is `found` is everybody's, and their own
    share of its numbers is to be added.
    """
    held = Held.of(found if people is None else _asked(question, found, people))
    first = _starts(held.patient)
    cells = np.diff(first, append=len(held.patient))
    kept = _kept(held, first, cells, question.cells, draws)
    at = _places(question, held.cell)[kept]
    patients = _added(question, at, np.ones(len(at), dtype=np.int64))
    totals, values = {}, {}
    for n, measure in enumerate(question.measures):
        if measure.kind is Kind.PATIENTS:
            totals[n] = patients
            continue
        numbers, there = _measured(held, question, measure)
        clipped = np.clip(numbers, measure.low, measure.high)
        if measure.kind in SINGLE:
            values[n] = _histogram(question, measure, at[there[kept]], clipped[kept & there])
        else:
            totals[n] = _added(question, at, np.where(there, clipped, 0)[kept])
    return Tally(
        question,
        patients,
        totals,
        values,
        _loss(question, held, first, cells > question.cells, kept),
    )


def _asked(question: Question, found: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """The rows of eligible humans that satisfy the condition, each with the whole number of its cell.

    `EngineError` where a code is missing, or lies outside the condition's domain.
    """
    import polars as pl

    if any(
        frame[name].null_count()
        for frame in (found, people)
        for name in ("cell", "matched")
        if name in frame.columns
    ):
        raise EngineError("a row lies outside the declared domain")
    who = _whole(people["patient"])
    first, last = int(who.min(initial=0)), int(who.max(initial=0))
    place = np.full(last - first + 3, -1)  # whoever is not there, below, above or between, has none
    place[who - (first - 1)] = np.arange(len(who))
    at = place[np.clip(_whole(found["patient"]), first - 1, last + 1) - (first - 1)]
    kept = at >= 0
    holds = question.where.holds().ravel()
    if not holds.all() and kept.any():
        number = _whole(found["matched"])[kept] + _whole(people["matched"])[at[kept]]
        if int(number.min()) < 0 or int(number.max()) >= len(holds):
            raise EngineError("a row lies outside the declared domain")
        kept[kept] = holds[number]
    if not kept.all():
        found, at = found.filter(pl.Series(kept)), at[kept]
    cell = _whole(found["cell"]) + _whole(people["cell"])[at]
    return found.drop("matched", strict=False).with_columns(cell=pl.Series(cell, dtype=pl.Int64))


def column_of(question: Question, measure: Measure) -> str:
    """The column of a part that a measure is of: the rows, a sum, or one drawn value."""
    if measure.kind is Kind.ROWS:
        return "many"
    columns = list(dict.fromkeys(m.column for m in question.measures if m.column))
    return f"{'one' if measure.kind in SINGLE else 'sum'}_{columns.index(measure.column)}"


def _measured(held: Held, question: Question, measure: Measure) -> tuple[Integers, Truths]:
    name = column_of(question, measure)
    if name == "many":
        return held.many, np.ones(len(held.many), dtype=bool)
    return held.numbers[name], held.there[name]


def _kept(
    held: Held, first: Integers, cells: Integers, most: int, draws: pl.DataFrame | None
) -> Truths:
    """Which rows count: all of a patient with few cells, else the first `most` in the order of the patient's draw, then of the cell."""
    wide = cells > most
    kept = ~np.repeat(wide, cells)
    rows = np.flatnonzero(~kept)
    if not len(rows):
        return kept
    square, slope, base = (
        np.repeat(column, cells[wide]) for column in _drawn(held.patient[first[wide]], draws)
    )
    cell = held.cell[rows]
    draw = ((square * cell + slope) % FIELD * cell + base) % FIELD
    who = np.repeat(np.arange(int(wide.sum())), cells[wide])
    order = np.argsort(who << 31 | draw, kind="stable")
    begins = np.cumsum(cells[wide]) - cells[wide]
    kept[rows[order[np.arange(len(rows)) - begins[who] < most]]] = True
    return kept


def _drawn(patients: Integers, draws: pl.DataFrame | None) -> tuple[Integers, Integers, Integers]:
    """The coefficients of each patient. `EngineError` where one has none: without a draw nobody may be counted."""
    known = np.array([], dtype=np.int64) if draws is None else _whole(draws["patient"])
    order = np.argsort(known, kind="stable")
    at = np.searchsorted(known, patients, sorter=order)
    if draws is None or (at == len(known)).any() or (known[order[at]] != patients).any():
        raise EngineError("a patient has no draw")
    square, slope, base = (_whole(draws[name])[order[at]] for name in ("square", "slope", "base"))
    return square, slope, base


def _loss(
    question: Question, held: Held, first: Integers, wide: Truths, kept: Truths
) -> dict[str, int]:
    """What the bounds cost: patients asked about, who lose a cell, have a value clipped; the tenths of their own rows that do not count.

    Which rows count is told by the strictest measure of the question.
    """
    counted, moved = held.many, np.zeros(len(held.many), dtype=bool)
    for measure in question.measures:
        if measure.kind is Kind.PATIENTS:
            continue
        numbers, there = _measured(held, question, measure)
        moved |= there & ((numbers < measure.low) | (numbers > measure.high))
        if measure.kind is Kind.ROWS:
            counted = np.minimum(counted, max(0, measure.high))
    if any(m.kind in SINGLE for m in question.measures):
        counted = np.ones(len(held.many), dtype=np.int64)
    if not len(first):
        return dict.fromkeys(("asked", "cut", "clipped", "lost"), 0)
    had = np.add.reduceat(held.many, first)
    left = np.add.reduceat(np.where(kept, counted, 0), first)
    lost = np.floor(10.0 * (had - left) / had + 0.5).astype(np.int64)
    clipped = np.logical_or.reduceat(moved & kept, first)
    return {
        "asked": len(first),
        "cut": int(wide.sum()),
        "clipped": int(clipped.sum()),
        "lost": int(lost.sum()),
    }


# -- groups ----------------------------------------------------------------------------------------


def _places(question: Question, cells: Integers) -> Integers:
    """The place of each cell among the question's groups. `EngineError` for one that is none."""
    groups = np.asarray(question.groups, dtype=np.int64)
    places = np.full(int(groups[-1]) + 1, -1, dtype=np.int64)
    places[groups] = np.arange(len(groups))
    if len(cells) and (
        int(cells.min()) < 0 or int(cells.max()) > int(groups[-1]) or (places[cells] < 0).any()
    ):
        raise EngineError("a row lies outside the declared domain")
    return places[cells]


def _added(question: Question, places: Integers, numbers: Integers) -> Integers:
    found = np.zeros(len(question.groups), dtype=np.int64)
    np.add.at(found, places, numbers)
    return found


def _histogram(
    question: Question, measure: Measure, places: Integers, values: Integers
) -> Integers:
    many = np.zeros((len(question.groups), measure.high - measure.low + 1), dtype=np.int64)
    np.add.at(many, (places, values - measure.low), 1)
    return many


def _starts(sorted_: Integers) -> Integers:
    """Where each run of equal numbers begins."""
    return np.flatnonzero(np.concatenate(([True], sorted_[1:] != sorted_[:-1]))[: len(sorted_)])


def _whole(column: pl.Series) -> Integers:
    return column.to_numpy().astype(np.int64, copy=False)
