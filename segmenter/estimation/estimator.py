"""What a family's measurements tell together: tables by the lattice, and strips beside them, by least squares.

A strip tells the sums of its segments and the number of everyone, each over some of its groups.
Sums are few, so they are a small correction to what the lattice tells: with C the covariance of the
lattice's answers for them and D that of the strips' own noise, every answer moves by its covariance
with the sums times (C + D)^-1 times what the strips' sums differ from the lattice's. That is the
least-squares answer from all measurements. Where one sum follows from others, the pseudo-inverse
leaves it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter.estimation import marginals
from segmenter.estimation.marginals import Axes, Lattice

if TYPE_CHECKING:
    from segmenter.estimation.marginals import Parts
    from segmenter.noise.mechanisms import Integers, Reals, Truths


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """A strip as an estimate sees it: its segments' axes and cells, the groups inside of each and of everyone, a group's variance."""

    regions: tuple[tuple[Axes, Truths], ...]
    inside: Integers
    variance: float


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A lattice of tables, and the strips beside it."""

    lattice: Lattice
    strips: tuple[Beside, ...] = ()
    parts: tuple[Parts, ...] = field(init=False)  # of every sum
    trust: Reals = field(init=False)  # (C + D)^-1

    def __post_init__(self) -> None:
        everyone: Parts = {(): np.ones(())}
        parts = [
            p
            for s in self.strips
            for p in (*(marginals.parts_of(region, a) for a, region in s.regions), everyone)
        ]
        spread = np.array(
            [[marginals.covariance(self.lattice, a, b) for b in parts] for a in parts]
        ).reshape(len(parts), len(parts))
        first = 0
        for strip in self.strips:
            last = first + len(strip.inside)
            spread[first:last, first:last] += strip.variance * (strip.inside @ strip.inside.T)
            first = last
        object.__setattr__(self, "parts", tuple(parts))
        object.__setattr__(self, "trust", np.linalg.pinv(spread, hermitian=True))

    def estimates(
        self,
        tables: Sequence[np.ndarray[Any, np.dtype[Any]]],
        counts: Sequence[Integers],
        wanted: Sequence[Axes],
    ) -> list[Reals]:
        """The estimates of the `wanted` tables from the noisy tables and the noisy counts of each strip's groups."""
        found = [marginals.estimate(self.lattice, tables, axes) for axes in wanted]
        if not self.strips:
            return found
        told = np.concatenate([s.inside @ c for s, c in zip(self.strips, counts, strict=True)])
        before = np.array([before for s in self.strips for before in self._sums(s, tables)])
        moved = marginals.combined(
            zip((self.trust @ (told - before)).tolist(), self.parts, strict=True)
        )
        return [
            table + marginals.covariances(self.lattice, moved, axes)
            for table, axes in zip(found, wanted, strict=True)
        ]

    def _sums(self, strip: Beside, tables: Sequence[np.ndarray[Any, np.dtype[Any]]]) -> list[float]:
        """What the lattice alone tells of a strip's sums."""
        regions = [*strip.regions, ((), np.ones((), dtype=bool))]
        return [
            float(marginals.estimate(self.lattice, tables, axes)[region].sum())
            for axes, region in regions
        ]

    def influence(self, parts: Parts) -> tuple[list[Reals], list[Reals]]:
        """How much each cell of each measured table, and each group of each strip, weighs in the answer to a question."""
        shares = self.trust @ np.array(
            [marginals.covariance(self.lattice, own, parts) for own in self.parts]
        )
        left = marginals.combined(
            [(1.0, parts), *((-float(k), own) for k, own in zip(shares, self.parts, strict=True))]
        )
        ends = np.cumsum([len(s.inside) for s in self.strips])
        by_strip = np.split(shares, ends[:-1]) if self.strips else []
        return marginals.influence(self.lattice, left), [
            k @ s.inside for k, s in zip(by_strip, self.strips, strict=True)
        ]

    def variance(self, parts: Parts) -> float:
        """The variance of the answer to a question."""
        seen = np.array([marginals.covariance(self.lattice, own, parts) for own in self.parts])
        return marginals.variance(self.lattice, parts) - float(seen @ self.trust @ seen)
