"""What to measure for a job, and what share of the price each measurement gets (P14).

Chosen by predicted error. Looks at declared domains only.

Two kinds of measurement are candidates: tables over some dimensions, and partitions: disjoint
segments counted side by side. A strategy is judged by the mean variance of the segments' sums, and
a little that of their cells, which thresholds look at (P8). How little is settled by the job: cells
get all that the sums can spare. Sums are precise enough at `WANTED` of a bare count that has a
twentieth of the price, or an equal share of it in a larger job; no finer than that, they are bought
at the cost of the cells.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmenter.planning import candidates
from segmenter.planning.candidates import CandidatePartition
from segmenter.planning.objective import Objective

if TYPE_CHECKING:
    from segmenter.estimation.marginals import Axes
    from segmenter.noise.arrays import Reals, Truths

STEEPEST = 300.0  # epsilon beyond which precision no longer matters, and would overflow
# The weight of the error of single cells beside the error of their sum, if tables alone will do.
CELL_WEIGHT = 0.05
# With partitions: the largest that will do.
WEIGHTS = (0.2, 0.07, 0.02, 0.007, 0.002, 0.0005, 0.0001, 1e-5, 1e-6, 1e-7)
WANTED, MANY = 0.548, 20


@dataclass(frozen=True, slots=True)
class Strategy:
    """What to measure, and the share of the price of each (they sum to 1).

    With the predicted mean variance of the segments' sums.
    """

    tables: tuple[Axes, ...]
    partitions: tuple[CandidatePartition, ...]
    shares: tuple[float, ...]
    variance: float


@dataclass(frozen=True, slots=True)
class Workload:
    """What is to be estimated.

    `sizes` of the axes, and for each segment its axes and the cells of them that it wants.

    `price` is the whole epsilon (`gaussian` false: geometric noise) or the whole rho (true:
    discrete Gaussian noise).
    """

    sizes: tuple[int, ...]
    segments: tuple[tuple[Axes, Truths], ...]
    price: float
    gaussian: bool = False

    @property
    def power(self) -> int:
        """How fast precision grows with the price."""
        if self.gaussian:
            return 1
        return 2

    def precision(self, shares: Reals) -> Reals:
        """One over the variance of one number's noise, for shares of the price."""
        paid = shares * self.price
        if self.gaussian:
            return 2 * paid
        half = np.minimum(paid, STEEPEST) / 2
        return 2 * np.sinh(half) ** 2

    @property
    def wanted(self) -> float:
        """The mean variance of sums that is precise enough.

        Gaussian noise grows with the root of the number of counts only.
        """
        parts = max(MANY, len(self.segments))
        precision = self._precision(1 / parts)
        return WANTED**self.power / precision

    def _precision(self, share: float) -> float:
        one = np.array(share)
        return float(self.precision(one))

    def best(self) -> Strategy:
        """The strategy of the smallest predicted error found."""
        tables = candidates.tables(self._own(), self.cells)
        partitions = candidates.partitions(self.segments, self.sizes)
        objective = Objective.of(self, tables, (), CELL_WEIGHT)
        shares = objective.best(self._starts(tables))
        if not partitions or objective.sums(shares) <= self.wanted:
            return self._strategy(objective, shares)
        shares = np.pad(shares, (0, len(partitions)))
        for weight in WEIGHTS:
            objective = Objective.of(self, tables, partitions, weight)
            shares = objective.best(self._starts(tables, partitions), shares)
            if objective.sums(shares) <= self.wanted:
                break
        return self._strategy(objective, shares)

    def alone(self) -> Strategy:
        """The one table that every segment is of, for the whole price."""
        (axes,) = self._own()
        wanted = [int(region.sum()) for _, region in self.segments]
        mean = sum(wanted) / len(wanted)
        return Strategy(
            tables=(axes,),
            partitions=(),
            shares=(1.0,),
            variance=mean / self._precision(1.0),
        )

    def fixed(self) -> Iterator[tuple[str, Strategy]]:
        """The fixed strategies.

        `separate` cubes with equal shares, one `joint` cube, and the two half and half, for
        comparison.
        """
        tables = candidates.tables(self._own(), self.cells)
        objective = Objective.of(self, tables, (), CELL_WEIGHT)
        separate, joint = self._own(), [self._joint()]
        for name, chosen in (
            ("separate", separate),
            ("joint", joint),
            ("both", [*joint, *separate]),
        ):
            if not set(chosen) <= set(tables):
                continue
            shares = objective.start(chosen)
            if math.isfinite(objective.sums(shares)):
                yield name, self._strategy(objective, shares)

    def _strategy(self, objective: Objective, shares: Reals) -> Strategy:
        """What has a share, and the shares."""
        measured = shares > 0
        tables = itertools.compress(objective.tables, measured)
        partitions = itertools.compress(objective.partitions, measured[len(objective.tables) :])
        return Strategy(
            tables=tuple(tables),
            partitions=tuple(partitions),
            shares=tuple(shares[measured].tolist()),
            variance=objective.sums(shares),
        )

    # -- candidates --------------------------------------------------------------------------------

    def _own(self) -> list[Axes]:
        """The segments' tables, each once."""
        tables = dict.fromkeys(axes for axes, _ in self.segments)
        return list(tables)

    def _joint(self) -> Axes:
        """The table over all axes that segments have."""
        return candidates.union(self._own())

    def cells(self, axes: Axes) -> int:
        """How many cells a table has."""
        sizes = [self.sizes[axis] for axis in axes]
        return math.prod(sizes)

    def _starts(
        self, tables: Sequence[Axes], partitions: Sequence[CandidatePartition] = ()
    ) -> Iterator[list[Axes | CandidatePartition]]:
        own, joint = self._own(), self._joint()
        whole = [joint] if joint in tables else list(tables)
        if partitions:
            for first, others in itertools.product((own, whole), _covers(partitions)):
                yield [*first, *others]
            return
        singles = [(axis,) for axis in joint if (axis,) in tables]
        yield [*own]
        yield [*_widest(own)]
        yield [*tables]
        yield [*whole]
        yield [*whole, *own]
        yield [*whole, *singles]


def _widest(tables: Sequence[Axes]) -> list[Axes]:
    """The tables that lie within no other."""
    found = []
    for table in tables:
        wider = [other for other in tables if set(table) < set(other)]
        if not wider:
            found.append(table)
    return found


def _covers(partitions: Sequence[CandidatePartition]) -> list[list[CandidatePartition]]:
    """The partitions in the order they were found, cut if a segment comes again.

    Each part has every segment once.
    """
    found: list[list[CandidatePartition]] = []
    seen: set[int] = set()
    for partition in partitions:
        if not found or seen & {*partition.segments}:
            found.append([])
            seen = set()
        found[-1].append(partition)
        seen |= {*partition.segments}
    return found
