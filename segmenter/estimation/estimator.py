"""The least-squares answer from all that one family measured: tables, and partitions beside them.

Tables alone are solved in closed form by the lattice (`marginals`). A partition tells the sums of
its segments and the number of everyone, each over some of its groups. Sums are few, so they are a
small correction of what the tables tell. Let C be the covariance of the lattice's answers for
the sums, and D the covariance of the partitions' own noise in them. Then each answer moves by its
covariance with the sums, times (C + D)^-1, times how far the partitions' sums lie from the
lattice's. If one sum follows from others, the pseudo-inverse leaves it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from segmenter.estimation import marginals
from segmenter.estimation.marginals import Axes, Lattice

if TYPE_CHECKING:
    from segmenter.estimation.marginals import Array, Parts
    from segmenter.noise.arrays import Integers, Reals, Truths

Cells: TypeAlias = "tuple[Axes, Truths]"  # of a segment: its axes, and which cells along them


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredPartition:
    """A partition as an estimate sees it.

    `inside` has a row a segment and one for everyone, with a 1 for each group inside of it.
    `variance` is that of one group's noise.
    """

    segments: tuple[Cells, ...]
    inside: Integers
    variance: float

    def questions(self) -> list[Cells]:
        """What the partition tells: the sum of each segment, then everyone."""
        everyone = ((), np.ones((), dtype=bool))
        return [*self.segments, everyone]


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """How much each measured number weighs in one answer: cells of tables, groups of partitions."""

    tables: list[Reals]
    partitions: list[Reals]


@dataclass(frozen=True, slots=True, eq=False)
class Estimator:
    """A lattice of measured tables, and the partitions measured beside them."""

    lattice: Lattice
    partitions: tuple[MeasuredPartition, ...] = ()
    sums: tuple[Parts, ...] = field(init=False)  # of every partition, one after the other
    trust: Reals = field(init=False)  # (C + D)^-1

    def __post_init__(self) -> None:
        sums = []
        for partition in self.partitions:
            for axes, cells in partition.questions():
                sums.append(marginals.parts_of(cells, axes))
        covariance = marginals.covariance_matrix(self.lattice, sums)
        first = 0
        for partition in self.partitions:
            last = first + len(partition.inside)
            own_noise = partition.inside @ partition.inside.T * partition.variance
            covariance[first:last, first:last] += own_noise
            first = last
        object.__setattr__(self, "sums", tuple(sums))
        object.__setattr__(self, "trust", np.linalg.pinv(covariance, hermitian=True))

    def estimates(
        self, tables: Sequence[Array], groups: Sequence[Integers], wanted: Sequence[Axes]
    ) -> list[Reals]:
        """The estimates of the `wanted` tables.

        `tables` are the noisy tables, `groups` the noisy counts of each partition's groups.
        """
        found = [marginals.estimate(self.lattice, tables, axes) for axes in wanted]
        if not self.partitions:
            return found
        gap = self._told_by_partitions(groups) - self._told_by_tables(tables)
        weights = (self.trust @ gap).tolist()
        correction = marginals.combined(zip(weights, self.sums, strict=True))
        corrected = []
        for table, axes in zip(found, wanted, strict=True):
            moved = marginals.covariances(self.lattice, correction, axes)
            corrected.append(table + moved)
        return corrected

    def _told_by_partitions(self, groups: Sequence[Integers]) -> Reals:
        told = []
        for partition, counts in zip(self.partitions, groups, strict=True):
            told.append(partition.inside @ counts)
        return np.concatenate(told)

    def _told_by_tables(self, tables: Sequence[Array]) -> Reals:
        told = []
        for partition in self.partitions:
            for axes, cells in partition.questions():
                table = marginals.estimate(self.lattice, tables, axes)
                told.append(float(table[cells].sum()))
        return np.array(told)

    def influence(self, question: Parts) -> Influence:
        """How much each measured number weighs in the answer to a question."""
        shares = self.trust @ self._covariances_with(question)
        terms = [(1.0, question)]
        for share, parts in zip(shares.tolist(), self.sums, strict=True):
            terms.append((-share, parts))
        left_to_tables = marginals.combined(terms)
        of_partitions = []
        first = 0
        for partition in self.partitions:
            last = first + len(partition.inside)
            of_partitions.append(shares[first:last] @ partition.inside)
            first = last
        return Influence(marginals.influence(self.lattice, left_to_tables), of_partitions)

    def variance(self, question: Parts) -> float:
        """The variance of the answer to a question."""
        with_sums = self._covariances_with(question)
        gained = float(with_sums @ self.trust @ with_sums)
        return marginals.variance(self.lattice, question) - gained

    def cell_variances(self, target: Axes) -> Reals:
        """The variance of every cell of the derived table over `target`."""
        one = marginals.first_cell(self.lattice, target)
        alone = marginals.variance(self.lattice, marginals.parts_of(one, target))
        if not self.sums:
            return np.full(one.shape, alone)
        covariances = [marginals.covariances(self.lattice, own, target) for own in self.sums]
        with_sums = np.array(covariances)
        gained = np.tensordot(self.trust, with_sums, 1) * with_sums
        return np.asarray(alone - gained.sum(axis=0))

    def _covariances_with(self, question: Parts) -> Reals:
        """The covariance of each partition's sums with the answer to a question."""
        found = []
        for own in self.sums:
            found.append(marginals.covariance(self.lattice, own, question))
        return np.array(found)
