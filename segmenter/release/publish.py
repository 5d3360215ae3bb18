"""Releases: the only counts anyone outside may see. Noise first, then the threshold (P1, P7, P8, P10, P12).

`publish` takes exact cubes and the spends that paid for them, adds the noise that was paid for, and
derives every table that a job asked for. A `Release` keeps the unbiased noisy values; what is
displayed is rounded and never negative; what is below the threshold, margin included, is withheld,
and shows neither count nor interval.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter.dimensions.partition import Domains, Row, Sums, groups
from segmenter.estimation import marginals
from segmenter.estimation.estimator import Beside, Known
from segmenter.estimation.marginals import Lattice
from segmenter.model import Cost, Cube, Interval, stamp
from segmenter.noise.mechanisms import Integers, Noise, Part, Reals, Source, Truths, paid, system
from segmenter.project.family import Family, Setting, question_key, release_id, table_key

if TYPE_CHECKING:
    from segmenter.estimation.marginals import Parts
    from segmenter.model import Spend
    from segmenter.project.policy import Policy, Threshold

OUTSIDE = 0.025  # of a 95 % interval, on each side


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured with noise, what it cost, and the spend that paid: a table, or a strip of `rows`."""

    dimensions: tuple[str, ...]
    cost: Cost
    spend: str
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Release:
    """A published table: the noisy number of eligible humans in each declared cell of its dimensions.

    `values` are unbiased, may be negative and, where several tables were measured together,
    fractional; an axis a dimension. `domains` are the labels of every dimension that was measured.
    A cell shows where its value is at least `limit` (P8).
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

    # -- noise -------------------------------------------------------------------------------------

    @property
    def known(self) -> Known:
        """What was measured, and how well."""
        return known(tuple((d, tuple(labels)) for d, labels in self.domains.items()), self.measured)

    @property
    def noise(self) -> Noise:
        """The noise of one cell as the tables tell it, the same for all. Strips beside them make the variance no larger."""
        tables = [m for m in self.measured if not m.rows]
        cells = marginals.cell_weights(self.known.lattice, self._axes())
        return Noise(tuple(Part(weight, many, paid(tables[n].cost)) for n, weight, many in cells))

    @property
    def margin(self) -> int:
        """How far above `patients` a cell must be to show: a true count below shows with probability at most 1 - confidence."""
        return self._beyond(round(1 - self.confidence, 12))

    def _beyond(self, chance: float) -> int:
        """What no cell's noise passes with more than `chance`. Where strips move the cells, each one's noise is a mixture of its own."""
        return self.noise.whatever(chance) if self.known.strips else self.noise.beyond(chance)

    @property
    def limit(self) -> int:
        """The smallest noisy count that shows."""
        return self.patients + self.margin

    @property
    def cost(self) -> Cost:
        """What was paid for all that was measured together."""
        return sum((m.cost for m in self.measured), Cost())

    def _axes(self) -> marginals.Axes:
        names = list(self.domains)
        return tuple(names.index(d) for d in self.dimensions)

    # -- what may be shown -------------------------------------------------------------------------

    @property
    def kept(self) -> Truths:
        """Which cells show (P8): decided on the noisy value alone."""
        return np.asarray(self.values >= self.limit)

    @property
    def counts(self) -> Integers:
        """Displayed counts: whole and not negative. Those of cells not kept are never shown."""
        return np.maximum(np.rint(self.values), 0).astype(np.int64)

    @property
    def reach(self) -> int:
        """Half the width of a cell's 95 % interval, in patients."""
        return self._beyond(OUTSIDE)

    def cells(self, region: Truths | None = None) -> Iterator[dict[str, Any]]:
        """The cells (of a region) as the contract shows them; withheld ones have null count and interval."""
        labels = itertools.product(*(self.domains[d] for d in self.dimensions))
        counts, kept, reach = self.counts.ravel().tolist(), self.kept.ravel().tolist(), self.reach
        wanted = itertools.repeat(1) if region is None else region.ravel().tolist()
        for label, count, shows, inside in zip(labels, counts, kept, wanted, strict=False):
            if inside:
                named = dict(zip(self.dimensions, label, strict=True))
                shown = Interval(max(0, count - reach), count + reach).as_list() if shows else None
                yield {
                    **named,
                    "count": count if shows else None,
                    "interval": shown,
                    "withheld": not shows,
                }

    def matched(self, region: Truths) -> tuple[int, Interval]:
        """The sum of the region's kept cells and its 95 % interval (P12)."""
        kept = region & self.kept
        count = int(self.counts[kept].sum())
        reach = self.region_noise(kept).beyond(OUTSIDE)
        return count, Interval(max(0, count - reach), count + reach)

    def region_noise(self, region: Truths) -> Noise:
        """The noise of the sum over a region."""
        if len(self.measured) == 1:
            inside = int(region.sum()) * (
                self.known.lattice.cells(tuple(range(len(self.domains)))) // max(1, region.size)
            )
            return Noise((Part(1.0, inside, paid(self.measured[0].cost)),) if inside else ())
        return noise_of(self.known, self.measured, marginals.parts_of(region, self._axes()))

    def to_dict(self) -> dict[str, Any]:
        """The whole table, what is withheld, and how it was made."""
        return {
            "release": self.id,
            "question": self.question,
            "purpose": self.family.purpose,
            "topic": self.family.topic,
            "channels": list(self.family.channels),
            "categories": list(self.family.categories),
            "snapshot": self.setting.snapshot,
            "as_of": stamp(self.setting.clocks.as_of),
            "known_at": stamp(self.setting.clocks.known_at),
            "made_at": stamp(self.made_at),
            "dimensions": list(self.dimensions),
            "epsilon": self.cost.epsilon / 1e9,
            "rho": self.cost.rho / 1e9,
            "measured": [
                {
                    "dimensions": list(m.dimensions),
                    "segments": len(m.rows),
                    "epsilon": m.cost.epsilon / 1e9,
                    "rho": m.cost.rho / 1e9,
                }
                for m in self.measured
            ],
            "threshold": {
                "patients": self.patients,
                "confidence": self.confidence,
                "margin": self.margin,
            },
            "withheld_cells": int((~self.kept).sum()),
            "cells": list(self.cells()),
        }

    def to_polars(self) -> Any:
        """The cells as a polars frame."""
        return frame(list(self.cells()), self.dimensions)

    def _repr_html_(self) -> str:
        from segmenter.render.report import release_html

        return release_html(self)


@lru_cache(maxsize=8)
def known(domains: Domains, measured: tuple[Measured, ...]) -> Known:
    """What was measured, on the axes of `domains`."""
    names, labels = [d for d, _ in domains], dict(domains)
    variances = tuple(
        (tuple(names.index(d) for d in m.dimensions), paid(m.cost).variance)
        for m in measured
        if not m.rows
    )
    strips = tuple(
        Beside(
            tuple(
                (tuple(names.index(d) for d in row.dimensions), row.region(labels))
                for row in m.rows
            ),
            groups(m.rows, domains).inside,
            paid(m.cost).variance,
        )
        for m in measured
        if m.rows
    )
    return Known(Lattice(tuple(len(labels[d]) for d in names), variances), strips)


def noise_of(what: Known, measured: Sequence[Measured], parts: Parts) -> Noise:
    """The noise of the answer to a linear question."""
    ordered = [*(m.cost for m in measured if not m.rows), *(m.cost for m in measured if m.rows)]
    tables, strips = what.influence(parts)
    weights = marginals.grouped([*tables, *strips])
    return Noise(tuple(Part(weight, many, paid(ordered[n])) for n, weight, many in weights))


def frame(rows: list[dict[str, Any]], dimensions: Sequence[str]) -> Any:
    """Cells as a polars frame: labels, count, low, high, withheld."""
    import polars as pl

    columns: dict[str, Any] = {
        d: pl.Series(d, [r[d] for r in rows], dtype=pl.String) for d in dimensions
    }
    columns["count"] = pl.Series("count", [r["count"] for r in rows], dtype=pl.Int64)
    for n, side in enumerate(("low", "high")):
        columns[side] = pl.Series(
            side,
            [None if r["interval"] is None else r["interval"][n] for r in rows],
            dtype=pl.Int64,
        )
    columns["withheld"] = pl.Series("withheld", [r["withheld"] for r in rows], dtype=pl.Boolean)
    return pl.DataFrame(columns)


# -- publishing ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class About:
    """What a publication is about: which family, on what, and when it is made. `epsilon` is what was asked for (nano)."""

    family: Family
    setting: Setting
    epsilon: int
    made_at: datetime


def publish(
    exact: Sequence[Cube | Sums],
    about: About,
    tables: Sequence[Sequence[str]],
    policy: Policy,
    noise: Source | None = None,
) -> tuple[Release, ...]:
    """Releases of `tables` (dimensions each, within those of a cube) from exact cubes and strips, each noised as its own spend paid.

    They are of one family and one moment. Raises `ValueError` where a table lies within no cube.
    """
    cubes, strips = (
        [e for e in exact if isinstance(e, Cube)],
        [e for e in exact if isinstance(e, Sums)],
    )
    names = [d for d in policy.dimensions if any(d in cube.dimensions for cube in cubes)]
    domains = {d: policy.dimensions[d].labels for d in names}
    measured = (
        *(Measured(cube.dimensions, cube.spend.cost, cube.spend.id) for cube in cubes),
        *(Measured((), strip.spend.cost, strip.spend.id, strip.rows) for strip in strips),
    )
    what = known(tuple(domains.items()), measured)
    axes = [tuple(names.index(d) if d in names else -1 for d in table) for table in tables]
    if not all(what.lattice.covers(a) for a in axes):
        raise ValueError("a table lies within no cube that was counted")
    draw = noise or system
    noisy = [_noised(cube, domains, draw) for cube in cubes]
    beside = [strip.counts + draw(paid(strip.spend.cost), strip.counts.size) for strip in strips]
    found = what.estimates(noisy, beside, axes)
    return tuple(
        _release(tuple(t), values, (about, domains, measured), policy.threshold)
        for t, values in zip(tables, found, strict=True)
    )


def _noised(cube: Cube, domains: Mapping[str, Sequence[str]], draw: Source) -> Integers:
    """The exact counts with noise added to every declared cell, zeros too."""
    drawn = draw(paid(cube.spend.cost), cube.counts.size)
    return np.asarray(cube.counts + drawn).reshape([len(domains[d]) for d in cube.dimensions])


def _release(
    table: tuple[str, ...],
    values: Reals,
    made: tuple[About, Mapping[str, tuple[str, ...]], tuple[Measured, ...]],
    threshold: Threshold,
) -> Release:
    about, domains, measured = made
    values.setflags(write=False)
    question = question_key(about.family, table, about.setting)
    return Release(
        id=release_id(question, about.epsilon),
        question=question,
        table=table_key(about.family, table, about.setting.policy),
        family=about.family,
        setting=about.setting,
        dimensions=table,
        domains=domains,
        measured=measured,
        epsilon=about.epsilon,
        patients=threshold.patients,
        confidence=threshold.confidence,
        made_at=about.made_at,
        values=values,
    )


# -- histograms ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """A published histogram over declared, disjoint labels (P16): reasons of a funnel, sizes of a manifest or a diff."""

    labels: tuple[str, ...]
    spend: Spend
    values: Integers = field(repr=False)

    def rows(self) -> list[tuple[str, int, Interval]]:
        """Label, displayed count, 95 % interval."""
        reach = Noise((Part(1.0, 1, paid(self.spend.cost)),)).beyond(OUTSIDE)
        shown = np.maximum(self.values, 0).tolist()
        return [
            (label, n, Interval(max(0, n - reach), n + reach))
            for label, n in zip(self.labels, shown, strict=True)
        ]

    def to_dict(self) -> list[dict[str, Any]]:
        """The contract's funnel: reason, count, interval."""
        return [
            {"reason": label, "count": n, "interval": interval.as_list()}
            for label, n, interval in self.rows()
        ]


def publish_histogram(
    labels: Sequence[str], exact: Sequence[int], spend: Spend, noise: Source | None = None
) -> Histogram:
    """A noised histogram of disjoint groups of humans, every declared label in it, zeros too. One human is in one group at most."""
    drawn = (noise or system)(paid(spend.cost), len(labels))
    values = np.asarray(exact, dtype=np.int64) + drawn
    values.setflags(write=False)
    return Histogram(tuple(labels), spend, values)
