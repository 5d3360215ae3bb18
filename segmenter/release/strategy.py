"""Which tables to measure, and what share of the price each gets, by predicted error (P14). Looks at declared domains and costs only.

The variance of a segment's derived count is a sum over residual components A of c(A) / precision(A), where c depends on the segment alone
and precision(A) adds up what every measured table above A tells. So a job of any number of segments is one vector of c, and a strategy is
judged in microseconds. Several starting points (separate cubes, one joint cube, cubes with marginals) are refined; the best one wins.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmenter.release.marginals import Axes, subsets

if TYPE_CHECKING:
    from segmenter.noise import Reals

MOST_TABLES = 256  # candidates looked at
LARGEST = 1_000_000  # cells of one measured table
SMALLEST_SHARE = 0.002
ROUNDS, FAST, FEW = 200, 20, 4
ADDED, ENOUGH = 0.15, 0.002  # the share a further table is tried with; a gain not worth going on for
PROMISING = 8  # merges tried in earnest
STEEPEST = 300.0  # epsilon beyond which precision no longer matters, and would overflow


@dataclass(frozen=True, slots=True)
class Strategy:
    """Tables to measure, the share of the price of each (they sum to 1), and the predicted mean variance over the segments."""

    tables: tuple[Axes, ...]
    shares: tuple[float, ...]
    variance: float


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be estimated: `sizes` of the axes, for each segment its table and the profile of its region (`marginals.profile_of`).

    `price` is the whole epsilon (`gaussian` false: geometric noise) or the whole rho (true: discrete Gaussian noise).
    """

    sizes: tuple[int, ...]
    targets: tuple[Axes, ...]
    profiles: tuple[Mapping[Axes, float], ...]
    price: float
    gaussian: bool = False

    @property
    def power(self) -> int:
        """How fast precision grows with the price."""
        return 1 if self.gaussian else 2

    def precision(self, shares: Reals) -> Reals:
        """One over the variance of a cell's noise, for shares of the price."""
        paid = shares * self.price
        return 2 * paid if self.gaussian else 2 * np.sinh(np.minimum(paid, STEEPEST) / 2) ** 2

    def best(self) -> Strategy:
        """The strategy of the smallest predicted error found."""
        tables = self._candidates()
        judge = _Judge.of(self, tables)
        starts = [judge.refined(judge.start(chosen)) for chosen in self._starts(tables)]
        starts.append(judge.refined(judge.merged()))
        return judge.pruned(judge.extended(min(starts, key=judge.error)))

    def fixed(self) -> Iterator[tuple[str, Strategy]]:
        """The fixed strategies: `separate` cubes with equal shares, one `joint` cube, and the two half and half, for comparison."""
        tables = self._candidates()
        judge = _Judge.of(self, tables)
        separate, joint = list(dict.fromkeys(self.targets)), [self._joint()]
        for name, chosen in (("separate", separate), ("joint", joint), ("both", [*joint, *separate])):
            if all(any(set(t) <= set(c) for c in chosen) for t in self.targets) and all(c in tables for c in chosen):
                yield name, judge.strategy(judge.start(chosen))

    def _joint(self) -> Axes:
        return tuple(sorted({a for target in self.targets for a in target}))

    def cells(self, axes: Axes) -> int:
        """How many cells a table has."""
        return math.prod(self.sizes[a] for a in axes)

    def _candidates(self) -> tuple[Axes, ...]:
        """The segments' tables, what lies between them and the joint cube, and marginals; the smallest first where there are too many."""
        own = list(dict.fromkeys(self.targets))
        joint = self._joint()
        if 2 ** len(joint) <= MOST_TABLES:
            more: Iterable[Axes] = subsets(joint)
        else:
            pairs = itertools.combinations(own, 2)
            unions = {tuple(sorted({*a, *b})) for a, b in pairs}
            more = sorted({*unions, joint, *((a,) for a in joint), ()}, key=self.cells)
        fit = [t for t in more if self.cells(t) <= LARGEST and t not in own]
        return tuple(own + fit[: max(0, MOST_TABLES - len(own))])

    def _starts(self, tables: Sequence[Axes]) -> Iterator[list[Axes]]:
        own = list(dict.fromkeys(self.targets))
        largest = [t for t in own if not any(set(t) < set(u) for u in own)]
        yield own
        yield largest
        yield list(tables)
        if self._joint() in tables:
            yield [self._joint()]
            yield [self._joint(), *own]
            yield [self._joint(), *((a,) for a in self._joint() if (a,) in tables)]


@dataclass(frozen=True, slots=True)
class _Judge:
    """The predicted error of shares over candidate tables, as arrays: `wanted` is c, `tells` what a table says of each component."""

    job: Job
    tables: tuple[Axes, ...]
    wanted: Reals
    tells: Reals
    needed: Reals

    @classmethod
    def of(cls, job: Job, tables: tuple[Axes, ...]) -> _Judge:
        wanted: dict[Axes, float] = {}
        for target, profile in zip(job.targets, job.profiles, strict=True):
            for component, square in profile.items():
                part = square * (job.cells(component) / job.cells(target)) ** 2
                wanted[component] = wanted.get(component, 0.0) + part
        components = list(wanted)
        tells = [[_tells(job, a, t) for t in tables] for a in components]
        covers = [[float(set(target) <= set(t)) for t in tables] for target in dict.fromkeys(job.targets)]
        return cls(job, tables, np.array([wanted[a] for a in components]) / len(job.targets), np.array(tells), np.array(covers))

    def start(self, chosen: Iterable[Axes]) -> Reals:
        shares = np.zeros(len(self.tables))
        for table in chosen:
            shares[self.tables.index(table)] = 1.0
        return np.asarray(shares / shares.sum())

    def error(self, shares: Reals) -> float:
        """The mean variance over the segments; infinite where a segment's table lies within none."""
        if not (self.needed @ (shares > 0) > 0).all():
            return math.inf
        precision = self.tells @ self._inverse(shares)
        return float((self.wanted / precision).sum())

    def refined(self, shares: Reals, rounds: int = ROUNDS) -> Reals:
        """Shares improved by multiplicative steps, each towards the tables that lower the error most."""
        best, lowest = shares, self.error(shares)
        step = 1 / (self.job.power + 1)
        for _ in range(rounds):
            inverse = self._inverse(shares)
            precision = self.tells @ inverse
            if not (precision > 0).all():
                return best
            gain = self.tells.T @ (self.wanted / precision**2)
            slope = np.where(shares > 0, self.job.power * inverse / np.where(shares > 0, shares, 1), 0) * gain
            shares = shares * slope**step
            shares = np.where(shares > 1e-9 * shares.max(), shares, 0)
            shares = shares / shares.sum()
            error = self.error(shares)
            if error >= lowest * (1 - 1e-7):
                if error < lowest:
                    best = shares
                break
            best, lowest = shares, error
        return best

    def merged(self) -> Reals:
        """Cubes merged two by two, greedily, as long as that lowers the error."""
        shares = self.refined(self.start(dict.fromkeys(self.job.targets)))
        while True:
            better = [self.refined(s, FAST) for s in self._merges(shares)]
            best = min(better, key=self.error, default=shares)
            if self.error(best) >= self.error(shares):
                return self.refined(shares)
            shares = best

    def _merges(self, shares: Reals) -> list[Reals]:
        """The most promising ways to replace two measured tables by one over the dimensions of both."""
        places = {table: n for n, table in enumerate(self.tables)}
        found = []
        for a, b in itertools.combinations(np.flatnonzero(shares).tolist(), 2):
            union = places.get(tuple(sorted({*self.tables[a], *self.tables[b]})))
            if union is not None:
                tried = shares.copy()
                tried[[a, b]] = 0
                tried[union] = shares[a] + shares[b] + (shares[union] if union not in (a, b) else 0)
                found.append(tried)
        return sorted(found, key=self.error)[:PROMISING]

    def extended(self, shares: Reals) -> Reals:
        """With further tables, one by one, as long as that lowers the error."""
        while True:
            tried = [shares * (1 - ADDED) + ADDED * self.start([table]) for n, table in enumerate(self.tables) if shares[n] == 0]
            promising = sorted((self.refined(t, FEW) for t in tried), key=self.error)[:PROMISING]
            best = min((self.refined(t) for t in promising), key=self.error, default=shares)
            if self.error(best) >= self.error(shares) * (1 - ENOUGH):
                return shares
            shares = best

    def pruned(self, shares: Reals) -> Strategy:
        """Without the tables whose share is too small to matter, the rest refined again."""
        while True:
            order = np.argsort(shares)
            dropped = False
            for n in order[shares[order] > 0]:
                without = shares.copy()
                without[n] = 0
                if without.sum() == 0:
                    break
                without = self.refined(without / without.sum())
                slack = 1.001 if shares[n] < SMALLEST_SHARE else 1.0
                if self.error(without) <= self.error(shares) * slack:
                    shares, dropped = without, True
                    break
            if not dropped:
                return self.strategy(shares)

    def strategy(self, shares: Reals) -> Strategy:
        used = [n for n in range(len(self.tables)) if shares[n] > 0]
        return Strategy(tuple(self.tables[n] for n in used), tuple(float(shares[n]) for n in used), self.error(shares))

    def _inverse(self, shares: Reals) -> Reals:
        """The precision of one cell of each table at its share."""
        return self.job.precision(shares)


def _tells(job: Job, component: Axes, table: Axes) -> float:
    return job.cells(component) / job.cells(table) if set(component) <= set(table) else 0.0
