"""A distinguisher: how much epsilon a release is proven to leak.

Proven by many runs on two neighbouring data sets.

Events are chosen on one half of the runs and judged on the other, with exact Clopper-Pearson
bounds, so that what is found is no artefact of having searched. A bound above the declared epsilon
proves a fault; one below proves nothing, but faults of noise, sensitivity and threshold do not hide
from it for long.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter.dimensions.partition import count_groups
from segmenter.model import Cube, Spend
from segmenter.noise import mechanisms as noises
from segmenter.published.release import Provenance, Release
from segmenter.release.publish import publish

if TYPE_CHECKING:
    from segmenter.dimensions.partition import Partition, PartitionCounts
    from segmenter.model import Cost
    from segmenter.noise.arrays import Integers, Reals
    from segmenter.noise.mechanisms import Mechanism, Source
    from segmenter.project.policy import Policy

ALPHA = 1e-6
SMALL = 8  # cells of a table up to which every run's noise is its own
POOL, BATCH = 20_000, 1_000_000
MOST_EVENTS = 400  # of one statistic
JUDGED = 4  # events judged on the second half of the runs
KNOWN_TAIL = 1e-9  # the delta that an allowance grants the sampler

Publish = Callable[..., Sequence[Release]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was proven.

    The release leaks at least `epsilon` (with a chance of error of `ALPHA`), by this event.
    """

    epsilon: float
    event: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One publication to be attacked.

    Cubes of these costs and dimensions, the tables derived, and how often it is run.
    """

    policy: Policy
    provenance: Provenance
    measures: tuple[tuple[tuple[str, ...], Cost], ...]  # tables
    tables: tuple[tuple[str, ...], ...]
    runs: int
    publish: Publish = publish
    noise: Source | None = None
    partitions: tuple[tuple[Partition, Cost], ...] = ()

    def attack(self, base: int, place: int = 0) -> Evidence:
        """The strongest evidence on neighbours.

        Every cell holds `base` humans, and one human more in one cell of each cube.

        `place` picks the cell: the label at that position (modulo the domain) of every dimension.
        """
        sides = [self._sides(base, place, more) for more in (0, 1)]
        cubes, partitions = sides[0]
        moved = []
        for cube in cubes:
            moved.append((cube.counts.size, self._moved(cube.dimensions, place)))
        for partition in partitions:
            moved.append((partition.counts.size, self._group(partition, place)))
        source = _Batches(self.noise or noises.system, self.runs, moved)
        outputs = []
        for own_cubes, own_partitions in sides:
            outputs.append(self._outputs([*own_cubes, *own_partitions], place, source))
        left, right = outputs
        return evidence(left, right, self._names())

    def _sides(self, base: int, place: int, more: int) -> tuple[list[Cube], list[PartitionCounts]]:
        """The exact counts of one neighbour."""
        cubes = []
        for number in range(len(self.measures)):
            cubes.append(self._cube(number, base, place, more))
        partitions = []
        for number in range(len(self.partitions)):
            partitions.append(self._partition(number, base, place, more))
        return cubes, partitions

    def _outputs(
        self, exact: Sequence[Cube | PartitionCounts], place: int, source: _Batches
    ) -> Reals:
        """One row a run.

        For each table: the watched cell's value, whether it shows, what shows, and how many cells
        show.
        """
        rows = np.zeros((self.runs, len(self._names())))
        watched = [self._cell(table, place) for table in self.tables]
        for run in range(self.runs):
            made = self.publish(exact, self.provenance, self.tables, self.policy, source)
            seen: list[float] = []
            for release, cell in zip(made, watched, strict=True):
                seen.extend(_seen(release, cell))
            rows[run] = seen
        return rows

    def _shape(self, dimensions: Sequence[str]) -> tuple[int, ...]:
        """How many labels each dimension has."""
        sizes = []
        for name in dimensions:
            labels = self.policy.dimensions[name].labels
            sizes.append(len(labels))
        return tuple(sizes)

    def _cell(self, dimensions: Sequence[str], place: int) -> tuple[int, ...]:
        """The cell that differs: the label at `place`, modulo the domain, of every dimension."""
        sizes = self._shape(dimensions)
        return tuple(place % size for size in sizes)

    def _moved(self, dimensions: Sequence[str], place: int) -> int:
        """The number of the cell that differs."""
        if not dimensions:
            return 0
        cell = self._cell(dimensions, place)
        return int(np.ravel_multi_index(cell, self._shape(dimensions)))

    def _cube(self, number: int, base: int, place: int, more: int) -> Cube:
        dimensions, cost = self.measures[number]
        spend = self._spend(str(number), cost)
        return self._exact(dimensions, spend, base, place, more)

    def _spend(self, name: str, cost: Cost) -> Spend:
        purpose = self.provenance.family.purpose
        return Spend(
            id=name,
            purpose=purpose,
            question="",
            cost=cost,
            seq=0,
        )

    def _exact(
        self, dimensions: tuple[str, ...], spend: Spend, base: int, place: int, more: int
    ) -> Cube:
        cells = math.prod(self._shape(dimensions))
        counts = np.full(cells, base, dtype=np.int64)
        counts[self._moved(dimensions, place)] += more
        return Cube(dimensions, counts, spend)

    def _partition(self, number: int, base: int, place: int, more: int) -> PartitionCounts:
        partition, cost = self.partitions[number]
        spend = self._spend(f"partition {number}", cost)
        cube = self._exact(self._dimensions(partition), spend, base, place, more)
        return count_groups(partition, cube, self.policy, spend)

    def _group(self, partition: PartitionCounts, place: int) -> int:
        """The number of the group that differs."""
        groups = partition.partition.own_groups(self.policy)
        cell = self._moved(self._dimensions(partition.partition), place)
        numbers = groups.numbers.ravel()
        return int(numbers[cell])

    def _dimensions(self, partition: Partition) -> tuple[str, ...]:
        names: set[str] = set()
        for region in partition.regions:
            names.update(region.dimensions)
        return tuple(name for name in self.policy.dimensions if name in names)

    def _names(self) -> list[str]:
        """The names of the statistics, in the order of `_seen`."""
        names = []
        for table in self.tables:
            of = "x".join(table) or "everyone"
            for what in ("value", "shown", "shown value", "cells shown"):
                names.append(f"{what} of {of}")
        return names


def _seen(one: Release, cell: tuple[int, ...]) -> Iterator[float]:
    kept = one.kept
    shows = bool(kept[cell])
    yield float(one.values[cell])
    yield float(shows)
    yield float(one.counts[cell]) if shows else -1.0
    yield float(kept.sum())


class _Batches:
    """Noise of the real source, drawn for many runs at once.

    Every number is used once, but in large tables, in which only the cell that differs gets its own
    draws and all others are dealt from a pool of drawn numbers, cut anew for each run. Both
    neighbours are dealt from one pool: then the other cells' noise has one law, be the pool's rare
    numbers as they may, and only the cell that differs can tell the neighbours apart.
    """

    def __init__(self, source: Source, runs: int, moved: Sequence[tuple[int, int]]) -> None:
        self.source = source
        self.runs = runs
        # Of tables of each size: the cells that may differ.
        self.moved: dict[int, list[int]] = {}
        for size, cell in sorted(set(moved)):
            self.moved.setdefault(size, []).append(cell)
        self.left: dict[tuple[Mechanism, int], Integers] = {}
        self.pools: dict[Mechanism, Integers] = {}

    def __call__(self, mechanism: Mechanism, many: int) -> Any:
        if many <= SMALL:
            return self._fresh(mechanism, many, many)
        if mechanism not in self.pools:
            self.pools[mechanism] = self.source(mechanism, POOL)
        cut = secrets.randbelow(POOL)
        places = np.arange(cut, cut + many)
        dealt = np.take(self.pools[mechanism], places, mode="wrap")
        own = self.moved.get(many, [0])
        dealt[own] = self._fresh(mechanism, many, len(own))
        return dealt

    def _fresh(self, mechanism: Mechanism, many: int, wanted: int) -> Integers:
        waiting = self.left.get((mechanism, many))
        if waiting is None or len(waiting) < wanted:
            runs = min(self.runs, max(1, BATCH // wanted))
            waiting = self.source(mechanism, wanted * runs)
        self.left[mechanism, many] = waiting[wanted:]
        return waiting[:wanted]


# -- evidence --------------------------------------------------------------------------------------


def evidence(left: Reals, right: Reals, names: Sequence[str], alpha: float = ALPHA) -> Evidence:
    """The strongest proof in outputs of two neighbours: one row a run, one column a statistic."""
    half = len(left) // 2
    chosen = []
    for n, name in enumerate(names):
        for one, two in ((left[:, n], right[:, n]), (right[:, n], left[:, n])):
            event = _strongest(one[:half], two[:half], alpha)
            chosen.append((event, name, one[half:], two[half:]))
    chosen.sort(key=lambda choice: -choice[0].bound)
    best = Evidence(0.0, "nothing")
    for event, name, one, two in chosen[:JUDGED]:
        bound = _bound(one, two, event, alpha / JUDGED)
        if bound > best.epsilon:
            best = Evidence(bound, f"{name} {event.kind} {event.at:g}")
    return best


@dataclass(frozen=True, slots=True, order=True)
class _Event:
    """That a statistic is at least, at most or exactly `at`, and the epsilon it seems to prove."""

    bound: float
    kind: str
    at: float


def _strongest(one: Reals, two: Reals, alpha: float) -> _Event:
    values = np.unique(np.concatenate([one, two]))
    if len(values) > MOST_EVENTS:
        places = np.linspace(0, len(values) - 1, MOST_EVENTS)
        values = values[places.astype(int)]
    rated = []
    for kind in (">=", "<=", "=="):
        hits_one = _all_hits(one, values, kind)
        hits_two = _all_hits(two, values, kind)
        bounds = _bounds(hits_one, len(one), hits_two, len(two), alpha)
        best = int(np.argmax(bounds))
        rated.append(_Event(float(bounds[best]), kind, float(values[best])))
    return max(rated)


def _all_hits(sample: Reals, values: Reals, kind: str) -> Reals:
    ordered = np.sort(sample)
    up_to = np.searchsorted(ordered, values, side="right")
    below = np.searchsorted(ordered, values, side="left")
    hits = up_to - below
    if kind == "<=":
        hits = up_to
    elif kind == ">=":
        hits = len(sample) - below
    return np.asarray(hits, dtype=np.float64)


def _bound(one: Reals, two: Reals, event: _Event, alpha: float) -> float:
    """What one event proves on samples that it was not chosen on."""
    at = np.array([event.at])
    hits_one = _all_hits(one, at, event.kind)
    hits_two = _all_hits(two, at, event.kind)
    bounds = _bounds(hits_one, len(one), hits_two, len(two), alpha)
    return float(bounds[0])


def _bounds(hits_one: Any, of_one: int, hits_two: Any, of_two: int, alpha: float) -> Reals:
    """Lower bounds of ln((P(event | one) - delta) / P(event | two)).

    Each side at half of alpha (Clopper-Pearson).
    """
    from scipy.stats import beta

    lowest = beta.ppf(alpha / 2, np.maximum(hits_one, 1), of_one - hits_one + 1)
    highest = beta.ppf(1 - alpha / 2, hits_two + 1, np.maximum(of_two - hits_two, 1))
    low = np.where(hits_one > 0, lowest, 0)
    high = np.where(hits_two < of_two, highest, 1)
    ratio = np.maximum(low - KNOWN_TAIL, 1e-300) / high
    return np.asarray(np.maximum(np.log(ratio), 0.0))


def enough_runs(epsilon: float, excess: float = 1.15) -> int:
    """How many runs (both halves) prove a leak of `excess` x epsilon.

    More for a small epsilon, whose neighbours look alike.
    """
    odds = math.exp(epsilon * excess)
    one = odds / (1 + odds)
    two = 1 / (1 + odds)
    # Relative standard deviations of both frequencies, times what `ALPHA` asks for.
    spread = 4.9 * (math.sqrt((1 - one) / one) + math.sqrt((1 - two) / two))
    to_be_told = (excess - 1) * epsilon
    runs = (spread / to_be_told) ** 2 * 1.3
    return 2 * math.ceil(runs)
