"""The predicted error of a strategy, and the search for a better one.

All of it works on small matrices, whatever the tables' sizes.

What tables tell is a precision for each residual component (`marginals`), so that without
partitions the covariances of the segments' sums are C = sum over A of W(A) / precision(A), W(A) the
products of the segments' parts. Partitions add the precisions U of some combinations of these sums:
their covariances become (1 + C U)^-1 C. Shares are refined by multiplicative steps, which minimise
a bound of the error that touches it where they start: each step lowers it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmenter.estimation import marginals
from segmenter.estimation.marginals import Axes, subsets
from segmenter.planning.candidates import CandidatePartition, union

if TYPE_CHECKING:
    from segmenter.estimation.marginals import Parts
    from segmenter.noise.arrays import Reals
    from segmenter.planning.strategy import Workload

SMALLEST_SHARE = 0.002
ROUNDS, FAST, FEW = 200, 20, 4
ADDED = 0.15  # the share that a further measurement is tried with
ENOUGH = 0.002  # a gain that is not worth going on for
PROMISING = 8  # merges tried in earnest
STARTS = 3  # refined to the end
# A segment of more cells than this does not count for the error of its cells: they are hopeless, or
# well known.
MOST_CELLS = 100.0
NOTHING = 1e-6  # a share that is none, beside the largest
STILL = 1e-6  # the gain of a step that gains nothing


@dataclass(frozen=True, slots=True)
class Objective:
    """Candidates, and what their shares come to.

    Shares are one array: tables first, then partitions.
    """

    job: Workload
    tables: tuple[Axes, ...]
    partitions: tuple[CandidatePartition, ...]
    # Of each component: the products of the parts of the segments and, last, of everyone.
    products: Reals
    # Of each component: what single cells want of it, weighted.
    cells: Reals
    # Of each component: what a table at precision 1 says of it.
    tells: Reals
    # Of each partition: what it tells of the segments' sums and of everyone at precision 1.
    told: Reals
    # Of each segment's own table: which tables hold it.
    needed: Reals

    @classmethod
    def of(
        cls,
        job: Workload,
        tables: tuple[Axes, ...],
        partitions: tuple[CandidatePartition, ...],
        cell_weight: float,
    ) -> Objective:
        """The objective for a job's candidates.

        The error of a single cell weighs `cell_weight` of the error of a sum.
        """
        own = list(dict.fromkeys(axes for axes, _ in job.segments))
        components: dict[Axes, None] = {(): None}
        for axes in own:
            components |= dict.fromkeys(subsets(axes))
        held_components = _held(list(components), tables)
        sizes = np.array([job.cells(component) for component in components])
        table_sizes = np.array([job.cells(table) for table in tables])
        return cls(
            job=job,
            tables=tables,
            partitions=partitions,
            products=_products(job, list(components)),
            cells=_cells(job, list(components)) * (cell_weight / len(job.segments)),
            tells=held_components * sizes[:, None] / table_sizes,
            told=_told(partitions, len(job.segments)),
            needed=_held(own, tables),
        )

    def start(self, chosen: Iterable[Axes | CandidatePartition]) -> Reals:
        """Equal shares of what is chosen."""
        shares = np.zeros(len(self.tables) + len(self.partitions))
        for one in chosen:
            if isinstance(one, CandidatePartition):
                place = len(self.tables) + self.partitions.index(one)
            else:
                place = self.tables.index(one)
            shares[place] = 1.0
        return np.asarray(shares / shares.sum())

    # -- error -------------------------------------------------------------------------------------

    def sums(self, shares: Reals) -> float:
        """The mean variance of the segments' sums.

        Infinite if a segment's table lies within none that is measured.
        """
        if not self._covers(shares):
            return math.inf
        _, covariances, _ = self._solved(shares)
        return self._mean_variance(covariances)

    def error(self, shares: Reals) -> float:
        """The mean variance of the segments' sums, and what their cells weigh."""
        if not self._covers(shares):
            return math.inf
        return self._error(self._solved(shares))

    def _error(self, solved: tuple[Reals, Reals, Reals]) -> float:
        precision, covariances, _ = solved
        of_cells = float((self.cells / precision).sum())
        return self._mean_variance(covariances) + of_cells

    def _mean_variance(self, covariances: Reals) -> float:
        """Of the segments' sums; everyone's sum, the last one, does not count."""
        of_segments = covariances[:-1, :-1]
        variances = float(np.trace(of_segments))
        return variances / len(self.job.segments)

    def _covers(self, shares: Reals) -> bool:
        """Whether every segment's table lies within one that is measured."""
        of_tables = shares[: len(self.tables)]
        holding = self.needed @ (of_tables > 0)
        return bool((holding > 0).all())

    def _solved(self, shares: Reals) -> tuple[Reals, Reals, Reals]:
        """The components' precisions and the covariances of all sums.

        With the matrix that partitions changed them by.
        """
        paid = self.job.precision(shares)
        of_tables = paid[: len(self.tables)]
        of_partitions = paid[len(self.tables) :]
        precision = self.tells @ of_tables
        before = np.tensordot(1 / precision, self.products, 1)
        told = np.tensordot(of_partitions, self.told, 1)
        change = np.linalg.inv(np.eye(len(before)) + before @ told)
        return precision, np.asarray(change @ before), np.asarray(change)

    def _slopes(self, shares: Reals, solved: tuple[Reals, Reals, Reals]) -> Reals:
        """About how fast the error falls with each share; exact for Gaussian noise.

        The error is E = trace(C) / segments + sum(cells / precision) over the components, C being
        the covariances of the segments' sums. By the chain rule, first how fast E falls with each
        precision, then how fast that precision grows with its share.
        """
        precision, covariances, change = solved
        segments = len(self.job.segments)
        # -dE / d precision of a component: its part of C, seen through partitions, and its cells
        through = change[:-1].T @ change[:-1]
        weight = np.tensordot(self.products, through, 2) / segments + self.cells
        falls_by_table = self.tells.T @ (weight / precision**2)
        # -dE / d precision of a partition: C C, along what the partition tells
        squared = covariances[:, :-1] @ covariances[:-1]
        falls_by_partition = np.tensordot(self.told, squared / segments, 2)
        # d precision / d share: precision is a power of the share; what is not used stays unused
        used = shares > 0
        paid = self.job.power * self.job.precision(shares)
        growth = np.where(used, paid / np.where(used, shares, 1), 0)
        falls = np.concatenate([falls_by_table, falls_by_partition])
        return np.asarray(growth * falls)

    # -- search ------------------------------------------------------------------------------------

    def best(
        self, starts: Iterable[Iterable[Axes | CandidatePartition]], before: Reals | None = None
    ) -> Reals:
        """The best shares found from several starts, and from those `before`."""
        tried = [self.refined(self.start(chosen), FAST) for chosen in starts]
        tried.append(self.merged() if before is None else before)
        tried.sort(key=self.error)
        refined = [self.refined(shares) for shares in tried[:STARTS]]
        best = min(refined, key=self.error)
        return self.pruned(self.extended(best))

    def refined(self, shares: Reals, rounds: int = ROUNDS) -> Reals:
        """Shares improved by multiplicative steps, each towards what lowers the error most."""
        if not self._covers(shares):
            return shares
        solved = self._solved(shares)
        lowest = self._error(solved)
        for _ in range(rounds):
            slopes = self._slopes(shares, solved)
            tried = shares * slopes ** (1 / (self.job.power + 1))
            tried = np.where(tried > NOTHING * tried.max(), tried, 0)
            tried = tried / tried.sum()
            if not self._covers(tried):
                return shares
            solved = self._solved(tried)
            error = self._error(solved)
            if error >= lowest:
                return shares
            gained = error < lowest * (1 - STILL)
            shares, lowest = tried, error
            if not gained:
                return shares
        return shares

    def merged(self) -> Reals:
        """Cubes merged two by two, greedily, as long as that lowers the error."""
        own = dict.fromkeys(axes for axes, _ in self.job.segments)
        shares = self.refined(self.start(own))
        while True:
            tried = [self.refined(merge, FAST) for merge in self._merges(shares)]
            best = min(tried, key=self.error, default=shares)
            if self.error(best) >= self.error(shares):
                return self.refined(shares)
            shares = best

    def _merges(self, shares: Reals) -> list[Reals]:
        """The best ways to replace two measured tables by one over the dimensions of both."""
        places = {table: n for n, table in enumerate(self.tables)}
        measured = np.flatnonzero(shares[: len(self.tables)]).tolist()
        found = []
        for one, two in itertools.combinations(measured, 2):
            place = places.get(union([self.tables[one], self.tables[two]]))
            if place is None:
                continue
            tried = shares.copy()
            tried[[one, two]] = 0
            tried[place] += shares[one] + shares[two]
            found.append(tried)
        found.sort(key=self.error)
        return found[:PROMISING]

    def extended(self, shares: Reals) -> Reals:
        """With further measurements, one by one, as long as that lowers the error."""
        while True:
            tried = []
            for one in np.eye(len(shares))[shares == 0]:
                mixed = shares * (1 - ADDED) + one * ADDED
                tried.append(self.refined(mixed, FEW))
            tried.sort(key=self.error)
            promising = [self.refined(shares, FAST) for shares in tried[:PROMISING]]
            best = min(promising, key=self.error, default=shares)
            if self.error(best) >= self.error(shares) * (1 - ENOUGH):
                return shares
            shares = self.refined(best)

    def pruned(self, shares: Reals) -> Reals:
        """Without what has too small a share to matter, the rest refined again."""
        while True:
            fewer = self._without_one(shares)
            if fewer is None:
                return self.refined(shares)
            shares = fewer

    def _without_one(self, shares: Reals) -> Reals | None:
        """Without the smallest share that does not matter; None if all do."""
        for n in np.argsort(shares):
            if shares[n] == 0:
                continue
            others = shares.copy()
            others[n] = 0
            if others.sum() == 0:
                continue
            others = self.refined(others / others.sum(), FAST)
            slack = 1.001 if shares[n] < SMALLEST_SHARE else 1.0
            if self.error(others) <= self.error(shares) * slack:
                return others
        return None


def _held(tables: Sequence[Axes], measured: Sequence[Axes]) -> Reals:
    """1 if a table (row) lies within a measured one (column), else 0."""
    held = np.zeros((len(tables), len(measured)))
    for n, table in enumerate(tables):
        axes = set(table)
        held[n] = [axes.issubset(other) for other in measured]
    return held


def _told(partitions: Sequence[CandidatePartition], segments: int) -> Reals:
    """What each partition tells of the segments' sums, and of everyone's, which is the last one."""
    told = np.zeros((len(partitions), segments + 1, segments + 1))
    for n, partition in enumerate(partitions):
        places = (*partition.segments, -1)
        told[n][np.ix_(places, places)] = partition.tells
    return told


def _products(job: Workload, components: Sequence[Axes]) -> Reals:
    """Of each component: the products of the segments' parts, everyone's last."""
    parts: list[Parts] = [marginals.parts_of(wanted, axes) for axes, wanted in job.segments]
    parts.append({(): np.ones(())})
    products = np.zeros((len(components), len(parts), len(parts)))
    for n, component in enumerate(components):
        places = [place for place, own in enumerate(parts) if component in own]
        flat_parts = [parts[place][component].ravel() for place in places]
        flat = np.array(flat_parts)
        products[n][np.ix_(places, places)] = flat @ flat.T
    return products


def _cells(job: Workload, components: Sequence[Axes]) -> Reals:
    """Of each component: what the cells of all segments want of it together."""
    place = {component: n for n, component in enumerate(components)}
    cells = np.zeros(len(components))
    for axes, wanted in job.segments:
        many = min(max(1.0, float(wanted.sum())), MOST_CELLS)
        for component in subsets(axes):
            share = job.cells(component) / job.cells(axes)
            spread = math.prod(1 - 1 / job.sizes[axis] for axis in component)
            cells[place[component]] += many * spread * share**2
    return cells
