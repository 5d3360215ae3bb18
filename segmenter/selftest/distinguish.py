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
        moved = [(c.counts.size, self._moved(c.dimensions, place)) for c in cubes]
        moved += [(s.counts.size, self._group(s, place)) for s in partitions]
        source = _Batches(self.noise or noises.system, self.runs, moved)
        left, right = (self._outputs([*c, *s], place, source) for c, s in sides)
        return evidence(left, right, self._names())

    def _sides(self, base: int, place: int, more: int) -> tuple[list[Cube], list[PartitionCounts]]:
        """The exact counts of one neighbour."""
        cubes = [self._cube(n, base, place, more) for n in range(len(self.measures))]
        return cubes, [self._partition(n, base, (place, more)) for n in range(len(self.partitions))]

    def _outputs(
        self, exact: Sequence[Cube | PartitionCounts], place: int, source: _Batches
    ) -> Reals:
        """One row a run.

        For each table: the watched cell's value, whether it shows, what shows, and how many cells
        show.
        """
        rows = np.zeros((self.runs, len(self._names())))
        watched = [
            tuple(place % len(self.policy.dimensions[d].labels) for d in table)
            for table in self.tables
        ]
        for run in range(self.runs):
            made = self.publish(exact, self.provenance, self.tables, self.policy, source)
            rows[run] = [
                number
                for one, cell in zip(made, watched, strict=True)
                for number in _seen(one, cell)
            ]
        return rows

    def _moved(self, dimensions: Sequence[str], place: int) -> int:
        """The number of the cell that differs."""
        shape = [len(self.policy.dimensions[d].labels) for d in dimensions]
        return int(np.ravel_multi_index([place % size for size in shape], shape)) if shape else 0

    def _cube(self, number: int, base: int, place: int, more: int) -> Cube:
        dimensions, cost = self.measures[number]
        return self._exact(
            dimensions,
            Spend(str(number), self.provenance.family.purpose, "", cost, 0),
            base,
            (place, more),
        )

    def _exact(
        self, dimensions: tuple[str, ...], spend: Spend, base: int, moved: tuple[int, int]
    ) -> Cube:
        place, more = moved
        counts = np.full(
            math.prod(len(self.policy.dimensions[d].labels) for d in dimensions),
            base,
            dtype=np.int64,
        )
        counts[self._moved(dimensions, place)] += more
        return Cube(dimensions, counts, spend)

    def _partition(self, number: int, base: int, moved: tuple[int, int]) -> PartitionCounts:
        partition, cost = self.partitions[number]
        spend = Spend(f"partition {number}", self.provenance.family.purpose, "", cost, 0)
        cube = self._exact(self._dimensions(partition), spend, base, moved)
        return count_groups(partition, cube, self.policy, spend)

    def _group(self, partition: PartitionCounts, place: int) -> int:
        """The number of the group that differs."""
        groups = partition.partition.own_groups(self.policy)
        cell = self._moved(self._dimensions(partition.partition), place)
        return int(groups.numbers.ravel()[cell])

    def _dimensions(self, partition: Partition) -> tuple[str, ...]:
        names = {name for region in partition.regions for name in region.dimensions}
        return tuple(name for name in self.policy.dimensions if name in names)

    def _names(self) -> list[str]:
        return [
            f"{what} of {'x'.join(table) or 'everyone'}"
            for table in self.tables
            for what in ("value", "shown", "shown value", "cells shown")
        ]


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
        self.source, self.runs = source, runs
        self.moved = {
            size: sorted({at for other, at in moved if other == size}) for size, _ in moved
        }  # the cells that may differ
        self.left: dict[tuple[Mechanism, int], Integers] = {}
        self.pools: dict[Mechanism, Integers] = {}

    def __call__(self, mechanism: Mechanism, many: int) -> Any:
        if many <= SMALL:
            return self._fresh(mechanism, many, many)
        if mechanism not in self.pools:
            self.pools[mechanism] = self.source(mechanism, POOL)
        cut = secrets.randbelow(POOL)
        dealt = np.take(self.pools[mechanism], np.arange(cut, cut + many), mode="wrap")
        own = self.moved.get(many, [0])
        dealt[own] = self._fresh(mechanism, many, len(own))
        return dealt

    def _fresh(self, mechanism: Mechanism, many: int, wanted: int) -> Integers:
        waiting = self.left.get((mechanism, many))
        if waiting is None or len(waiting) < wanted:
            waiting = self.source(mechanism, wanted * min(self.runs, max(1, BATCH // wanted)))
        self.left[mechanism, many] = waiting[wanted:]
        return waiting[:wanted]


# -- evidence --------------------------------------------------------------------------------------


def evidence(left: Reals, right: Reals, names: Sequence[str], alpha: float = ALPHA) -> Evidence:
    """The strongest proof in outputs of two neighbours: one row a run, one column a statistic."""
    half = len(left) // 2
    best = Evidence(0.0, "nothing")
    chosen = []
    for n, name in enumerate(names):
        for swapped in (False, True):
            one, two = (
                (right[:half, n], left[:half, n]) if swapped else (left[:half, n], right[:half, n])
            )
            chosen.append((*_strongest(one, two, alpha), n, swapped, name))
    for _, (kind, at), n, swapped, name in sorted(chosen, key=lambda c: -c[0])[:4]:
        one, two = (
            (right[half:, n], left[half:, n]) if swapped else (left[half:, n], right[half:, n])
        )
        bound = _bound(_hits(one, kind, at), len(one), _hits(two, kind, at), len(two), alpha / 4)
        if bound > best.epsilon:
            best = Evidence(bound, f"{name} {kind} {at:g}")
    return best


def _strongest(one: Reals, two: Reals, alpha: float) -> tuple[float, tuple[str, float]]:
    values = np.unique(np.concatenate([one, two]))
    if len(values) > MOST_EVENTS:
        values = values[np.linspace(0, len(values) - 1, MOST_EVENTS).astype(int)]
    rated = []
    for kind in (">=", "<=", "=="):
        hits_one, hits_two = _all_hits(one, values, kind), _all_hits(two, values, kind)
        bounds = _bounds(hits_one, len(one), hits_two, len(two), alpha)
        best = int(np.argmax(bounds))
        rated.append((float(bounds[best]), (kind, float(values[best]))))
    return max(rated)


def _all_hits(sample: Reals, values: Reals, kind: str) -> Reals:
    ordered = np.sort(sample)
    upto, below = (
        np.searchsorted(ordered, values, side="right"),
        np.searchsorted(ordered, values, side="left"),
    )
    return np.asarray(
        {">=": len(sample) - below, "<=": upto, "==": upto - below}[kind], dtype=np.float64
    )


def _hits(sample: Reals, kind: str, at: float) -> int:
    return int(_all_hits(sample, np.array([at]), kind)[0])


def _bound(hits_one: int, of_one: int, hits_two: int, of_two: int, alpha: float) -> float:
    return float(_bounds(np.array([hits_one]), of_one, np.array([hits_two]), of_two, alpha)[0])


def _bounds(hits_one: Any, of_one: int, hits_two: Any, of_two: int, alpha: float) -> Reals:
    """Lower bounds of ln((P(event | one) - delta) / P(event | two)).

    Each side at half of alpha (Clopper-Pearson).
    """
    from scipy.stats import beta

    low = np.where(
        hits_one > 0, beta.ppf(alpha / 2, np.maximum(hits_one, 1), of_one - hits_one + 1), 0
    )
    high = np.where(
        hits_two < of_two,
        beta.ppf(1 - alpha / 2, hits_two + 1, np.maximum(of_two - hits_two, 1)),
        1,
    )
    ratio = np.maximum(low - KNOWN_TAIL, 1e-300) / high
    return np.asarray(np.maximum(np.log(ratio), 0.0))


def enough_runs(epsilon: float, excess: float = 1.15) -> int:
    """How many runs (both halves) prove a leak of `excess` x epsilon.

    More for a small epsilon, whose neighbours look alike.
    """
    odds = math.exp(epsilon * excess)
    one, two = odds / (1 + odds), 1 / (1 + odds)
    spread = 4.9 * (math.sqrt((1 - one) / one) + math.sqrt((1 - two) / two))
    return 2 * math.ceil((spread / ((excess - 1) * epsilon)) ** 2 * 1.3)
