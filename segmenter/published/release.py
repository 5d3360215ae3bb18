"""A release: a table of noisy counts, and what of it may be shown (P1, P7, P8, P10, P12).

A release keeps the unbiased noisy values. What is shown is rounded and never negative. A cell
below the threshold, margin included, is withheld: it shows neither count nor interval.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter.estimation import marginals
from segmenter.estimation.measured import Measured, estimator_of, noise_of, noise_of_weights
from segmenter.model import Cost, Documented, Interval, stamp
from segmenter.noise.intervals import EACH_SIDE, unconditional
from segmenter.noise.mechanisms import paid
from segmenter.noise.sums import Noise, NoisePart
from segmenter.project.family import Family, Setting
from segmenter.published.cell_frame import cell_frame
from segmenter.published.cell_intervals import CellIntervals, cell_intervals
from segmenter.published.noisy_count import NoisyCount

if TYPE_CHECKING:
    import polars as pl

    from segmenter.estimation.estimator import Estimator
    from segmenter.noise.arrays import Integers, Reals, Truths

NANO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a release comes from: which family, on what, and when it is made.

    `epsilon` is what was asked for, in nano-units.
    """

    family: Family
    setting: Setting
    epsilon: int
    made_at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Release(Documented):
    """A published table: the noisy number of eligible humans in each declared cell.

    `values` are unbiased and may be negative; they are fractional if several tables were measured
    together. An axis is a dimension. `domains` are the labels of every dimension that was
    measured. A cell shows if its value is at least `limit` (P8).
    """

    id: str
    question: str
    table: str
    family: Family
    setting: Setting
    dimensions: tuple[str, ...]
    domains: Mapping[str, tuple[str, ...]]
    measured: tuple[Measured, ...]
    epsilon: int
    patients: int
    confidence: float
    made_at: datetime
    values: Reals = field(repr=False)

    @property
    def cost(self) -> Cost:
        """What was paid for all that was measured together."""
        costs = [one.cost for one in self.measured]
        return sum(costs, Cost())

    # -- noise -------------------------------------------------------------------------------------

    @property
    def estimator(self) -> Estimator:
        """What was measured, and how well."""
        domains = []
        for name, labels in self.domains.items():
            domains.append((name, tuple(labels)))
        return estimator_of(tuple(domains), self.measured)

    @property
    def noise(self) -> Noise:
        """The noise of one cell as the tables tell it, the same for all.

        Partitions beside the tables make the variance no larger.
        """
        costs = [one.cost for one in self.measured if one.partition is None]
        weights = marginals.cell_weights(self.estimator.lattice, self._axes())
        return noise_of_weights(weights, costs)

    @property
    def margin(self) -> int:
        """How far above `patients` a cell must be to show.

        A true count below `patients` shows with probability at most 1 - `confidence`.
        """
        chance = round(1 - self.confidence, 12)
        return self._beyond(chance)

    @property
    def limit(self) -> int:
        """The smallest noisy count that shows."""
        return self.patients + self.margin

    def _beyond(self, chance: float) -> int:
        """What no cell's noise passes with more than `chance`.

        If partitions move the cells, each one's noise is a mixture of its own.
        """
        if self.estimator.partitions:
            return self.noise.whatever(chance)
        return self.noise.beyond(chance)

    def noise_scales(self) -> Reals:
        """How much wider each cell's noise is than `noise`: at most 1, an axis a dimension."""
        variances = self.estimator.cell_variances(self._axes())
        return np.sqrt(variances / self.noise.variance)

    def _axes(self) -> marginals.Axes:
        names = list(self.domains)
        return tuple(names.index(name) for name in self.dimensions)

    # -- what may be shown -------------------------------------------------------------------------

    @property
    def kept(self) -> Truths:
        """Which cells show (P8): decided on the noisy value alone."""
        shows = self.values >= self.limit
        return np.asarray(shows)

    @property
    def counts(self) -> Integers:
        """Displayed counts: whole and not negative. Those of cells not kept are never shown."""
        whole = np.rint(self.values)
        return np.maximum(whole, 0).astype(np.int64)

    @property
    def intervals(self) -> CellIntervals:
        """The 95 % intervals of the kept cells, given that they show (P8)."""
        return _intervals_of(self)

    def cells(self, region: Truths | None = None) -> Iterator[dict[str, Any]]:
        """The cells (of a region) as the contract shows them: withheld ones have null numbers."""
        domains = [self.domains[name] for name in self.dimensions]
        labels = itertools.product(*domains)
        wanted = region
        if wanted is None:
            wanted = np.ones(self.values.shape, dtype=bool)
        intervals = self.intervals
        numbers = zip(
            wanted.ravel().tolist(),
            self.kept.ravel().tolist(),
            self.counts.ravel().tolist(),
            intervals.low.ravel().tolist(),
            intervals.high.ravel().tolist(),
            strict=True,
        )
        for cell, (inside, shows, count, low, high) in zip(labels, numbers, strict=True):
            if inside:
                named: dict[str, Any] = dict(zip(self.dimensions, cell, strict=True))
                named["count"] = count if shows else None
                named["interval"] = [low, high] if shows else None
                named["withheld"] = not shows
                yield named

    def matched(self, region: Truths) -> NoisyCount:
        """The sum of the region's kept cells, rounded once, and its 95 % interval (P12).

        Cells so far above the limit that it makes no difference are taken together. To each other
        one belongs what it may be, given that it shows.
        """
        kept = region & self.kept
        together = self._interval_of(kept)
        low = together.low
        high = together.high
        cells = self.intervals
        near = kept & cells.near
        if near.any():
            clear = self._interval_of(kept & ~cells.near)
            conditional_low = int(cells.low[near].sum())
            conditional_high = int(cells.high[near].sum())
            low = min(low, clear.low + conditional_low)
            high = min(high, clear.high + conditional_high)
        total = self.values[kept].sum()
        count = max(0, int(np.rint(total)))
        interval = Interval(min(count, low), max(count, high))
        return NoisyCount(count, interval)

    def whole(self, region: Truths) -> Interval:
        """The 95 % interval of the number of people in a region, withheld cells included (P8).

        If one cell alone is withheld, its number could be had by subtraction. Then the interval is
        a wider one that does not look at that cell's value.
        """
        hidden = region & ~self.kept
        if int(hidden.sum()) == 1:
            matched = self.matched(region).interval
            most = self.limit - 1 + self._beyond(EACH_SIDE)
            return Interval(matched.low, matched.high + most)
        return self._interval_of(region)

    def _interval_of(self, region: Truths) -> Interval:
        """The 95 % interval of the sum over a region, as if all its cells showed."""
        total = self.values[region].sum()
        law = self.region_noise(region).law
        intervals = unconditional(law, np.array([total]))
        low, high = intervals.low[0], intervals.high[0]
        return Interval(int(low), int(high))

    def region_noise(self, region: Truths) -> Noise:
        """The noise of the sum over a region."""
        if len(self.measured) > 1:
            question = marginals.parts_of(region, self._axes())
            return noise_of(self.estimator, self.measured, question)
        cells = int(region.sum())
        if not cells:
            return Noise(())
        all_axes = tuple(range(len(self.domains)))
        measured_cells = self.estimator.lattice.cells(all_axes)
        many = cells * (measured_cells // region.size)
        mechanism = paid(self.measured[0].cost)
        return Noise(
            (
                NoisePart(
                    weight=1.0,
                    many=many,
                    mechanism=mechanism,
                ),
            )
        )

    # -- documents ---------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """The whole table, what is withheld, and how it was made."""
        cost = self.cost
        clocks = self.setting.clocks
        hidden = ~self.kept
        return {
            "release": self.id,
            "question": self.question,
            "purpose": self.family.purpose,
            "topic": self.family.topic,
            "channels": list(self.family.channels),
            "categories": list(self.family.categories),
            "snapshot": self.setting.snapshot,
            "as_of": stamp(clocks.as_of),
            "known_at": stamp(clocks.known_at),
            "made_at": stamp(self.made_at),
            "dimensions": list(self.dimensions),
            "epsilon": cost.epsilon / NANO,
            "rho": cost.rho / NANO,
            "measured": [_measured_document(one) for one in self.measured],
            "threshold": {
                "patients": self.patients,
                "confidence": self.confidence,
                "margin": self.margin,
            },
            "withheld_cells": int(hidden.sum()),
            "cells": list(self.cells()),
        }

    def to_polars(self) -> pl.DataFrame:
        """The cells as a polars frame."""
        cells = list(self.cells())
        return cell_frame(cells, self.dimensions)


@lru_cache(maxsize=32)
def _intervals_of(release: Release) -> CellIntervals:
    """Kept, since a run asks for them many times."""
    law = release.noise.law
    scales = None
    if release.estimator.partitions:
        law = law.smooth()
        scales = release.noise_scales()
    return cell_intervals(law, release.values, release.kept, release.limit, scales)


def _measured_document(one: Measured) -> dict[str, Any]:
    return {
        "dimensions": list(one.dimensions),
        "segments": one.segments,
        "epsilon": one.cost.epsilon / NANO,
        "rho": one.cost.rho / NANO,
    }
