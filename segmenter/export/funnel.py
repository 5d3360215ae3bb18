"""The reach funnel: the first reasons over the members, for one paid release (P16).

The funnel, the manifest's size and the diff's sizes come from one histogram of disjoint cells. A
destination that syncs tells those who were in its previous export from those who were not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.export.members import REASONS

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine
    from segmenter.model import Interval

EXPORTED = "exported"
GONE = "gone"  # in the previous export, and no member now
NAMES = (EXPORTED, *REASONS, GONE)  # by the code that the relations give


@dataclass(frozen=True, slots=True)
class Noised:
    """A published number and its 95 % interval."""

    count: int
    interval: Interval


@dataclass(frozen=True, slots=True)
class Histogram:
    """Exact numbers of disjoint cells, and the sums of them that are wanted. Confidential.

    `sums` names the places of the cells that each sum adds up.
    """

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    sums: Mapping[str, tuple[int, ...]]

    def __repr__(self) -> str:
        return "Histogram()"


Published = Mapping[str, Noised]
Publish = Callable[[Histogram], Published | None]


@dataclass(frozen=True, slots=True)
class _Cell:
    """A reason, among those who were in the previous export or those who were not."""

    name: str
    before: bool

    @property
    def label(self) -> str:
        return f"{self.name}_again" if self.before else self.name


def counted(engine: DuckDBEngine, *, syncs: bool) -> Histogram:
    """The histogram over the ready tables `export_checked` and `export_before`."""
    found = {
        _Cell(NAMES[int(reason)], bool(before)): int(people)
        for reason, before, people in engine.rows("export_funnel")
    }
    cells = _cells(syncs=syncs)
    return Histogram(
        labels=tuple(cell.label for cell in cells),
        counts=tuple(found.get(cell, 0) for cell in cells),
        sums=_sums(cells, syncs=syncs),
    )


def _cells(*, syncs: bool) -> list[_Cell]:
    """Every cell that may hold somebody."""
    if not syncs:
        return [_Cell(name, before=False) for name in NAMES if name != GONE]
    cells = [_Cell(name, before) for name in NAMES if name != GONE for before in (False, True)]
    return [*cells, _Cell(GONE, before=True)]


def _sums(cells: Sequence[_Cell], *, syncs: bool) -> dict[str, tuple[int, ...]]:
    """Which cells add up to each line of the funnel, and to the sizes of a diff."""
    lines = {name: [cell for cell in cells if cell.name == name] for name in (EXPORTED, *REASONS)}
    if syncs:
        lines["added"] = [cell for cell in cells if cell.name == EXPORTED and not cell.before]
        lines["removed"] = [cell for cell in cells if cell.name != EXPORTED and cell.before]
    places = {cell: place for place, cell in enumerate(cells)}
    return {line: tuple(places[cell] for cell in parts) for line, parts in lines.items()}
