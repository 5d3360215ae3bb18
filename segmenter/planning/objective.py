"""The predicted error of a strategy, and the search for a better one.

All of it works on small matrices, whatever the tables' sizes.

What tables tell is a precision for each residual component (`marginals`), so that without partitions
the covariances of the segments' sums are C = sum over A of W(A) / precision(A), W(A) the products
of the segments' parts. Strips add the precisions U of some combinations of these sums: their
covariances become (1 + C U)^-1 C. Shares are refined by multiplicative steps, which minimise a
bound of the error that touches it where they start: each step lowers it.
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
from segmenter.planning.candidates import CandidatePartition

if TYPE_CHECKING:
    from segmenter.estimation.marginals import Parts
    from segmenter.noise.arrays import Reals
    from segmenter.planning.strategy import Workload

SMALLEST_SHARE = 0.002
ROUNDS, FAST, FEW = 200, 20, 4
ADDED, ENOUGH = (
    0.15,
    0.002,
)  # the share a further measurement is tried with; a gain not worth going on for
PROMISING = 8  # merges tried in earnest
STARTS = 3  # refined to the end
# A segment of more cells than this does not count for the error of its cells: they are hopeless, or
# well known.
MOST_CELLS = 100.0
NOTHING, STILL = 1e-6, 1e-6  # a share that is none, beside the largest; a step that gains nothing


@dataclass(frozen=True, slots=True)
class Objective:
    """Candidates, and what their shares come to.

    Shares are one array: tables first, then partitions.
    """

    job: Workload
    tables: tuple[Axes, ...]
    partitions: tuple[CandidatePartition, ...]
    products: (
        Reals  # of each component: the products of the parts of the segments and, last, of everyone
    )
    cells: Reals  # of each component: what single cells want of it, weighted
    tells: Reals  # of each component: what a table at precision 1 says of it
    told: Reals  # of each partition: what it tells of the segments' sums and of everyone at precision 1
    needed: Reals  # of each segment's own table: which tables hold it

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
        components = list(dict.fromkeys([(), *(a for axes in own for a in subsets(axes))]))
        products, cells = _wanted(job, components)
        told = np.zeros((len(partitions), len(job.segments) + 1, len(job.segments) + 1))
        for n, partition in enumerate(partitions):
            told[n][np.ix_((*partition.segments, -1), (*partition.segments, -1))] = partition.tells
        return cls(
            job, tables, partitions, products, cells * (cell_weight / len(job.segments)),
            np.array([[job.cells(a) / job.cells(t) if set(a) <= set(t) else 0.0 for t in tables] for a in components]),
            told,
            np.array([[float(set(axes) <= set(t)) for t in tables] for axes in own]),
        )  # fmt: skip

    def start(self, chosen: Iterable[Axes | CandidatePartition]) -> Reals:
        """Equal shares of what is chosen."""
        shares = np.zeros(len(self.tables) + len(self.partitions))
        for one in chosen:
            shares[
                len(self.tables) + self.partitions.index(one)
                if isinstance(one, CandidatePartition)
                else self.tables.index(one)
            ] = 1.0
        return np.asarray(shares / shares.sum())

    # -- error -------------------------------------------------------------------------------------

    def sums(self, shares: Reals) -> float:
        """The mean variance of the segments' sums.

        Infinite if a segment's table lies within none that is measured.
        """
        if not self._covers(shares):
            return math.inf
        return float(np.trace(self._solved(shares)[1][:-1, :-1])) / len(self.job.segments)

    def error(self, shares: Reals) -> float:
        """The mean variance of the segments' sums, and what their cells weigh."""
        return self._error(self._solved(shares)) if self._covers(shares) else math.inf

    def _error(self, solved: tuple[Reals, Reals, Reals]) -> float:
        precision, known, _ = solved
        return float(np.trace(known[:-1, :-1])) / len(self.job.segments) + float(
            (self.cells / precision).sum()
        )

    def _covers(self, shares: Reals) -> bool:
        return bool((self.needed @ (shares[: len(self.tables)] > 0) > 0).all())

    def _solved(self, shares: Reals) -> tuple[Reals, Reals, Reals]:
        """The components' precisions and the covariances of all sums.

        With the matrix that partitions changed them by.
        """
        paid = self.job.precision(shares)
        precision = self.tells @ paid[: len(self.tables)]
        before = np.tensordot(1 / precision, self.products, 1)
        change = np.linalg.inv(
            np.eye(len(before)) + before @ np.tensordot(paid[len(self.tables) :], self.told, 1)
        )
        return precision, np.asarray(change @ before), np.asarray(change)

    def _slopes(self, shares: Reals, solved: tuple[Reals, Reals, Reals]) -> Reals:
        """How fast the error falls with each share."""
        precision, known, change = solved
        many = len(self.job.segments)
        weight = np.tensordot(self.products, change[:-1].T @ change[:-1], 2) / many + self.cells
        of_tables = self.tells.T @ (weight / precision**2)
        of_strips = np.tensordot(self.told, known[:, :-1] @ known[:-1] / many, 2)
        used = np.where(shares > 0, shares, 1)
        growth = np.where(shares > 0, self.job.power * self.job.precision(shares) / used, 0)
        return np.asarray(growth * np.concatenate([of_tables, of_strips]))

    # -- search ------------------------------------------------------------------------------------

    def best(
        self, starts: Iterable[Iterable[Axes | CandidatePartition]], before: Reals | None = None
    ) -> Reals:
        """The best shares found from several starts, and from those `before`."""
        tried = [self.refined(self.start(chosen), FAST) for chosen in starts]
        tried += [self.merged()] if before is None else [before]
        tried.sort(key=self.error)
        return self.pruned(
            self.extended(min((self.refined(t) for t in tried[:STARTS]), key=self.error))
        )

    def refined(self, shares: Reals, rounds: int = ROUNDS) -> Reals:
        """Shares improved by multiplicative steps, each towards what lowers the error most."""
        if not self._covers(shares):
            return shares
        solved = self._solved(shares)
        lowest = self._error(solved)
        for _ in range(rounds):
            tried = shares * self._slopes(shares, solved) ** (1 / (self.job.power + 1))
            tried = np.where(tried > NOTHING * tried.max(), tried, 0)
            tried = tried / tried.sum()
            if not self._covers(tried):
                return shares
            solved = self._solved(tried)
            error = self._error(solved)
            if error >= lowest * (1 - STILL):
                return tried if error < lowest else shares
            shares, lowest = tried, error
        return shares

    def merged(self) -> Reals:
        """Cubes merged two by two, greedily, as long as that lowers the error."""
        shares = self.refined(self.start(dict.fromkeys(axes for axes, _ in self.job.segments)))
        while True:
            better = [self.refined(s, FAST) for s in self._merges(shares)]
            best = min(better, key=self.error, default=shares)
            if self.error(best) >= self.error(shares):
                return self.refined(shares)
            shares = best

    def _merges(self, shares: Reals) -> list[Reals]:
        """The best ways to replace two measured tables by one over the dimensions of both."""
        places = {table: n for n, table in enumerate(self.tables)}
        found = []
        for a, b in itertools.combinations(np.flatnonzero(shares[: len(self.tables)]).tolist(), 2):
            union = places.get(tuple(sorted({*self.tables[a], *self.tables[b]})))
            if union is not None:
                tried = shares.copy()
                tried[[a, b]] = 0
                tried[union] = shares[a] + shares[b] + (shares[union] if union not in (a, b) else 0)
                found.append(tried)
        return sorted(found, key=self.error)[:PROMISING]

    def extended(self, shares: Reals) -> Reals:
        """With further measurements, one by one, as long as that lowers the error."""
        while True:
            more = np.eye(len(shares))[shares == 0]
            promising = sorted(
                (self.refined(shares * (1 - ADDED) + ADDED * one, FEW) for one in more),
                key=self.error,
            )[:PROMISING]
            best = min((self.refined(t, FAST) for t in promising), key=self.error, default=shares)
            if self.error(best) >= self.error(shares) * (1 - ENOUGH):
                return shares
            shares = self.refined(best)

    def pruned(self, shares: Reals) -> Reals:
        """Without what has too small a share to matter, the rest refined again."""
        while True:
            for n in (order := np.argsort(shares))[shares[order] > 0]:
                without = np.where(np.arange(len(shares)) == n, 0, shares)
                if without.sum() == 0:
                    continue
                without = self.refined(without / without.sum(), FAST)
                slack = 1.001 if shares[n] < SMALLEST_SHARE else 1.0
                if self.error(without) <= self.error(shares) * slack:
                    shares = without
                    break
            else:
                return self.refined(shares)


def _wanted(job: Workload, components: Sequence[Axes]) -> tuple[Reals, Reals]:
    """Of each component: the products of the segments' parts, everyone's last.

    Also what the cells of all segments want of it together.
    """
    place = {a: n for n, a in enumerate(components)}
    many = len(job.segments)
    products, cells = np.zeros((len(components), many + 1, many + 1)), np.zeros(len(components))
    everyone: Parts = {(): np.ones(())}
    parts: list[Parts] = [
        *(marginals.parts_of(wanted, axes) for axes, wanted in job.segments),
        everyone,
    ]
    for component, n in place.items():
        who = [m for m, own in enumerate(parts) if component in own]
        flat = np.array([parts[m][component].ravel() for m in who])
        products[n][np.ix_(who, who)] = flat @ flat.T
    for axes, wanted in job.segments:
        for a in subsets(axes):
            alone = (
                math.prod(1 - 1 / job.sizes[x] for x in a) * (job.cells(a) / job.cells(axes)) ** 2
            )
            cells[place[a]] += min(max(1.0, float(wanted.sum())), MOST_CELLS) * alone
    return products, cells
