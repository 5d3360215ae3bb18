"""The reach funnel: what keeps members out of the file, for one paid release (P16).

The funnel, the manifest's size and the diff's sizes come from one histogram. A mailbox is one unit:
it is suppressed, held back or exported, and whoever else has it is a duplicate. Everything else
that stands against somebody is told of that person alone, as if there were no suppression list.

So one human, with every linked id and whatever entry names their mailbox, moves one mailbox from
one line to another and takes one duplicate away: a change of `CHANGE` in all. A destination that
syncs tells mailboxes of its previous export from others, and somebody may have moved from one
address to another: `CHANGE_IF_SYNCED`. The noise is as large as that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.export.members import REASONS
from segmenter.published.noisy_count import NoisyCount

if TYPE_CHECKING:
    from segmenter.engine import Engine, Tables

EXPORTED = "exported"
GONE = "gone"  # an address of the previous export at which there is no mailbox now
MAILBOX = (EXPORTED, "suppressed", "holdout")  # what becomes of a mailbox
CHANGE = 3  # how much one human changes the histogram, summed over its cells
CHANGE_IF_SYNCED = 5
NAMES = (EXPORTED, *REASONS)  # by the code that the relations give; GONE is below 0


@dataclass(frozen=True, slots=True)
class Histogram:
    """Exact numbers of disjoint cells, and the sums of them that are wanted. Confidential.

    `sums` names the places of the cells that each sum adds up; `change` is by how much one human
    changes all cells together.
    """

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    sums: Mapping[str, tuple[int, ...]]
    change: int

    def __repr__(self) -> str:
        return "Histogram()"


Published = Mapping[str, NoisyCount]
Publish = Callable[[Histogram], Published | None]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A reason, among those who were in the previous export or those who were not."""

    name: str
    before: bool

    @property
    def label(self) -> str:
        if self.before:
            return f"{self.name}_again"
        return self.name


def counted(
    engine: Engine, tables: Tables, identifier: str, reasons: Sequence[str], *, syncs: bool
) -> Histogram:
    """The histogram over the tables of the export, with `reasons` as its lines.

    Reads `export_checked`, `export_before`, `preferring`, `capped` and `reach`.
    """
    values = {"identifier": identifier}
    found = {}
    for reason, before, people in engine.rows("export_funnel", reads=tables, values=values):
        if syncs or not before:  # else no mailbox is one of a previous export
            name = NAMES[reason] if reason >= 0 else GONE
            found[_Cell(name, bool(before))] = int(people)
    cells = _cells(reasons, syncs=syncs)
    return Histogram(
        labels=tuple(cell.label for cell in cells),
        counts=tuple(found.get(cell, 0) for cell in cells),
        sums=_sums(cells, reasons, syncs=syncs),
        change=CHANGE_IF_SYNCED if syncs else CHANGE,
    )


def _cells(reasons: Sequence[str], *, syncs: bool) -> list[_Cell]:
    """Every cell that may hold somebody."""
    lines = (EXPORTED, *reasons)
    cells = [_Cell(name, before=False) for name in lines]
    if syncs:
        cells += [_Cell(name, before=True) for name in MAILBOX if name in lines]
        cells.append(_Cell(GONE, before=True))
    return cells


def _sums(
    cells: Sequence[_Cell], reasons: Sequence[str], *, syncs: bool
) -> dict[str, tuple[int, ...]]:
    """Which cells add up to each line of the funnel, and to the sizes of a diff."""
    lines = {}
    for name in (EXPORTED, *reasons):
        lines[name] = [cell for cell in cells if cell.name == name]
    if syncs:
        lines["added"] = [cell for cell in cells if cell.name == EXPORTED and not cell.before]
        lines["removed"] = [cell for cell in cells if cell.name != EXPORTED and cell.before]
    places = {cell: place for place, cell in enumerate(cells)}
    sums = {}
    for line, parts in lines.items():
        sums[line] = tuple(places[cell] for cell in parts)
    return sums
