"""What counts of each patient, and what it adds up to (P9). Confidential.

At most so many cells a patient count, each clipped.

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
    """What patients have: a row a patient and cell, in the order of both.

    `many` counts rows of facts. A number that is missing is 0 in `numbers` and false in `there`.
    """

    patient: Integers
    cell: Integers
    many: Integers
    numbers: dict[str, Integers]
    there: dict[str, Truths]

    @classmethod
    def of(cls, rows: pl.DataFrame) -> Held:
        """From rows in any order; rows of one patient and cell are added up.

        Columns: patient, cell, many, and `sum_<n>` or `one_<n>`.
        """
        if rows["cell"].null_count():
            raise EngineError("a row lies outside the declared domain")
        names = [name for name in rows.columns if name not in ("patient", "cell", "many")]
        held = cls(
            patient=_whole(rows["patient"]),
            cell=_whole(rows["cell"]),
            many=_whole(rows["many"]),
            numbers={name: _whole(rows[name].fill_null(0)) for name in names},
            there={name: rows[name].is_not_null().to_numpy() for name in names},
        )
        place = held.patient * (int(held.cell.max(initial=0)) + 1) + held.cell
        if (place[1:] < place[:-1]).any():
            order = np.argsort(place, kind="stable")
            place = place[order]
            held = held.taken(order)
        return held.merged(_starts(place))

    def taken(self, order: Integers) -> Held:
        """The rows in another order."""
        return Held(
            patient=self.patient[order],
            cell=self.cell[order],
            many=self.many[order],
            numbers={name: column[order] for name, column in self.numbers.items()},
            there={name: column[order] for name, column in self.there.items()},
        )

    def merged(self, starts: Integers) -> Held:
        """The rows that begin at `starts` and those that follow each of them, added up."""
        if len(starts) == len(self.patient):
            return self
        sums = {name: np.add.reduceat(column, starts) for name, column in self.numbers.items()}
        there = {}
        for name, column in self.there.items():
            there[name] = np.logical_or.reduceat(column, starts)
        return Held(
            patient=self.patient[starts],
            cell=self.cell[starts],
            many=np.add.reduceat(self.many, starts),
            numbers=sums,
            there=there,
        )


def tally(
    question: Question,
    rows: pl.DataFrame,
    draws: pl.DataFrame | None,
    people: pl.DataFrame | None = None,
) -> Tally:
    """The exact numbers of one part of the patients.

    `draws` is needed if a patient can have too many cells. With `people`, the eligible humans of
    that part, the `rows` are everybody's, and a person's own share of a cell's number is added.
    """
    held = Held.of(rows if people is None else _of_eligible(question, rows, people))
    first = _starts(held.patient)
    cells = np.diff(first, append=len(held.patient))
    kept = _kept(held, first, cells, question.cells, draws)
    places = _places(question, held.cell)[kept]
    patients = _added(question, places, np.ones(len(places), dtype=np.int64))
    totals, values = {}, {}
    for number, measure in enumerate(question.measures):
        if measure.kind is Kind.PATIENTS:
            totals[number] = patients
            continue
        amounts, there = _amounts(held, question, measure)
        clipped = np.clip(amounts, measure.low, measure.high)
        if measure.kind in SINGLE:
            own = places[there[kept]]
            values[number] = _histogram(question, measure, own, clipped[kept & there])
        else:
            totals[number] = _added(question, places, np.where(there, clipped, 0)[kept])
    loss = _loss(question, held, first, cells > question.cells, kept)
    return Tally(question, patients, totals, values, loss)


def _of_eligible(question: Question, rows: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """The rows of eligible humans that satisfy the condition, each with its cell's whole number.

    Raises `EngineError` if a code is missing, or lies outside the condition's domain.
    """
    import polars as pl

    _require_codes(rows)
    _require_codes(people)
    person = _person_of(rows, people)
    kept = person >= 0
    holds = question.where.holds().ravel()
    if not holds.all() and kept.any():
        own = _whole(people["matched"])[person[kept]]
        number = _whole(rows["matched"])[kept] + own
        if int(number.min()) < 0 or int(number.max()) >= len(holds):
            raise EngineError("a row lies outside the declared domain")
        kept[kept] = holds[number]
    if not kept.all():
        rows, person = rows.filter(pl.Series(kept)), person[kept]
    cell = _whole(rows["cell"]) + _whole(people["cell"])[person]
    return rows.drop("matched", strict=False).with_columns(cell=pl.Series(cell, dtype=pl.Int64))


def _require_codes(frame: pl.DataFrame) -> None:
    for name in ("cell", "matched"):
        if name in frame.columns and frame[name].null_count():
            raise EngineError("a row lies outside the declared domain")


def _person_of(rows: pl.DataFrame, people: pl.DataFrame) -> Integers:
    """Of each row the place of its patient among `people`, -1 if the patient is not there."""
    patients = _whole(people["patient"])
    first, last = int(patients.min(initial=0)), int(patients.max(initial=0))
    before = first - 1  # stands for everyone below; last + 1 for everyone above
    after = last + 1
    place = np.full(after - before + 1, -1)
    place[patients - before] = np.arange(len(patients))
    near = np.clip(_whole(rows["patient"]), before, after)
    return place[near - before]


def column_of(question: Question, measure: Measure) -> str:
    """The column of a part that a measure is of: the rows, a sum, or one drawn value."""
    if measure.kind is Kind.ROWS:
        return "many"
    columns = list(dict.fromkeys(m.column for m in question.measures if m.column))
    return f"{'one' if measure.kind in SINGLE else 'sum'}_{columns.index(measure.column)}"


def _amounts(held: Held, question: Question, measure: Measure) -> tuple[Integers, Truths]:
    """What each row adds to a measure, and whether it has a value at all."""
    name = column_of(question, measure)
    if name == "many":
        return held.many, np.ones(len(held.many), dtype=bool)
    return held.numbers[name], held.there[name]


def _kept(
    held: Held, first: Integers, cells: Integers, most: int, draws: pl.DataFrame | None
) -> Truths:
    """Which rows count: all of a patient with few cells, else the first `most`.

    First in the order of the patient's draw, then of the cell.
    """
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
    """The coefficients of each patient.

    Raises `EngineError` if one has none: without a draw nobody may be counted.
    """
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
    """What the bounds cost: patients asked about, who lose a cell, who have a value clipped.

    And `lost`: the tenths of their own rows that do not count.

    Which rows count is told by the strictest measure of the question.
    """
    counted, moved = held.many, np.zeros(len(held.many), dtype=bool)
    for measure in question.measures:
        if measure.kind is Kind.PATIENTS:
            continue
        numbers, there = _amounts(held, question, measure)
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
    """The place of each cell among the question's groups. `EngineError` if it is none of them."""
    groups = np.asarray(question.groups, dtype=np.int64)
    places = np.full(int(groups[-1]) + 1, -1, dtype=np.int64)
    places[groups] = np.arange(len(groups))
    if not len(cells):
        return places[cells]
    outside = int(cells.min()) < 0 or int(cells.max()) > int(groups[-1])
    if outside or (places[cells] < 0).any():
        raise EngineError("a row lies outside the declared domain")
    return places[cells]


def _added(question: Question, places: Integers, numbers: Integers) -> Integers:
    found = np.zeros(len(question.groups), dtype=np.int64)
    np.add.at(found, places, numbers)
    return found


def _histogram(
    question: Question, measure: Measure, places: Integers, values: Integers
) -> Integers:
    width = measure.high - measure.low + 1
    many = np.zeros((len(question.groups), width), dtype=np.int64)
    np.add.at(many, (places, values - measure.low), 1)
    return many


def _starts(sorted_: Integers) -> Integers:
    """Where each run of equal numbers begins."""
    differs = sorted_[1:] != sorted_[:-1]
    begins = np.concatenate(([True], differs))
    return np.flatnonzero(begins[: len(sorted_)])


def _whole(column: pl.Series) -> Integers:
    return column.to_numpy().astype(np.int64, copy=False)
