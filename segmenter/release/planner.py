"""Planning: what will be measured, what each table costs, the error to expect, before anything is spent (P14).

Segments of one family share one measurement: the family pays once, the most that any of its segments asks, and every segment's table is
derived from what is measured. What is stored already is free (P6). Only declared domains and costs are looked at, never a count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter import accounting
from segmenter.accounting import TOTAL, Charge
from segmenter.model import Cost
from segmenter.noise import Noise, Part, paid
from segmenter.release import marginals
from segmenter.release.family import Family, Setting, question_key, region, release_id
from segmenter.release.publish import OUTSIDE, About, Measured, Release, lattice
from segmenter.release.segment_count import SegmentCount, read_off
from segmenter.release.strategy import Job, Strategy

if TYPE_CHECKING:
    from datetime import datetime

    from segmenter.policy import Policy
    from segmenter.project.segment import Resolved

GAUSSIAN = "discrete_gaussian"
CELL_WEIGHT = 0.05  # how much the error of a segment's single cells counts beside that of their sum: thresholds look at cells (P8)

Find = Callable[[str, int], Release | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """One table to be measured: its dimensions, its price, and the question that the ledger books it under."""

    dimensions: tuple[str, ...]
    cells: int
    cost: Cost
    question: str


@dataclass(frozen=True, slots=True)
class FamilyPlan:
    """What one family of a job needs. `tables` are the segments' dimensions that are not stored; `stored` those that are.

    `delta` (nano) is what its budgets allow: costs in rho are told as the epsilon they come to at it.
    """

    family: Family
    setting: Setting
    epsilon: int
    segments: tuple[Resolved, ...]
    measures: tuple[Measure, ...]
    tables: tuple[tuple[str, ...], ...]
    stored: Mapping[tuple[str, ...], Release]
    errors: Mapping[str, int]
    delta: int = 0

    @property
    def cost(self) -> Cost:
        """What the family costs now; nothing where everything is stored."""
        return accounting.total(m.cost for m in self.measures)

    def charges(self) -> list[Charge]:
        """What is to be paid before data is read."""
        return [Charge(self.family.purpose, m.question, m.cost) for m in self.measures]

    def about(self, made_at: datetime) -> About:
        """What `release.publish` is told."""
        return About(self.family, self.setting, self.epsilon, made_at)

    def serves(self) -> tuple[str, ...]:
        """The names of the segments that new tables answer."""
        return tuple(s.name for s in self.segments if s.dimensions in self.tables)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The contract's `releases`: tables to be measured, and stored ones."""
        for measure in self.measures:
            served = [s.name for s in self.segments if s.dimensions in self.tables and _speaks(measure.dimensions, s.dimensions)]
            alone = len(self.measures) == 1 and measure.dimensions in self.tables
            name = release_id(measure.question, self.epsilon) if alone else measure.question[:16]
            yield self._row(name, measure.dimensions, (measure.cost, measure.cells), served, stored=False)
        for dimensions, release in self.stored.items():
            served = [s.name for s in self.segments if s.dimensions == dimensions]
            yield self._row(release.id, dimensions, (release.cost, release.values.size), served, stored=True)

    def _row(self, name: str, dimensions: Sequence[str], size: tuple[Cost, int], serves: list[str], *, stored: bool) -> dict[str, Any]:
        cost, cells = size
        lost = accounting.loss(cost, self.delta)
        return {
            "id": name,
            "purpose": self.family.purpose,
            "dimensions": list(dimensions),
            "mechanism": GAUSSIAN if cost.rho else "geometric",
            "sensitivity": 1,
            "epsilon": accounting.shown(cost.epsilon if lost is None else lost.epsilon),
            "rho": accounting.shown(cost.rho),
            "delta": accounting.shown(cost.delta if lost is None else lost.delta),
            "cells": cells,
            "serves": serves,
            "predicted_error": {name: self.errors[name] for name in serves},
            "stored": stored,
        }

    def counts(self, releases: Sequence[Release], policy: Policy) -> list[SegmentCount]:
        """Every segment's count, from the releases just made and the stored ones."""
        made = {r.dimensions: r for r in releases}
        found = []
        for segment in self.segments:
            stored = segment.dimensions in self.stored
            release = self.stored[segment.dimensions] if stored else made[segment.dimensions]
            found.append(read_off(segment, release, policy, stored=stored))
        return found


def _speaks(measured: Sequence[str], own: Sequence[str]) -> bool:
    return not own or not measured or bool(set(measured) & set(own))


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """What a job will measure and what that costs, family by family. Nothing is spent by planning."""

    families: tuple[FamilyPlan, ...]
    order: tuple[str, ...] = field(default=())

    @property
    def cost(self) -> Cost:
        """What the whole job costs now, over all purposes."""
        return accounting.total(f.cost for f in self.families)

    def charges(self) -> list[Charge]:
        """All that is to be paid, for `Ledger.spend_all`: a run pays all or nothing."""
        return [charge for f in self.families for charge in f.charges()]

    @property
    def errors(self) -> dict[str, int]:
        """Half the width of the 95 % interval to expect of each segment's count, in patients."""
        return {name: error for f in self.families for name, error in f.errors.items()}

    def to_dict(self) -> dict[str, Any]:
        """`releases` as the contract has them, and each segment's expected error."""
        return {
            "releases": [row for f in self.families for row in f.rows()],
            "segments": [{"segment": name, "predicted_error": self.errors[name]} for name in self.order],
            "epsilon": accounting.shown(self.cost.epsilon),
            "rho": accounting.shown(self.cost.rho),
        }

    def to_polars(self) -> Any:
        """One row a table."""
        import polars as pl

        rows = [{k: v for k, v in row.items() if k != "predicted_error"} for f in self.families for row in f.rows()]
        return pl.DataFrame(rows)

    def _repr_html_(self) -> str:
        from segmenter.release.report import plan_html

        return plan_html(self)


def plan(segments: Sequence[Resolved], policy: Policy, setting: Setting, find: Find, epsilon: str | None = None) -> ReleasePlan:
    """The plan of a job. `find(question, epsilon)` looks up stored answers; `epsilon` (decimal text) overrides what segments ask.

    Raises `UsageError` where an epsilon is not a positive number.
    """
    families: dict[Family, list[Resolved]] = {}
    for segment in segments:
        families.setdefault(Family.of(segment), []).append(segment)
    plans = tuple(_family(family, members, policy, setting, (find, epsilon)) for family, members in families.items())
    return ReleasePlan(plans, tuple(s.name for s in segments))


def asked(segment: Resolved, policy: Policy, epsilon: str | None = None) -> int:
    """What a segment asks for its release, in nano-epsilon: the command's wish, its own, or the policy's."""
    return accounting.asked_nano(epsilon or segment.segment.epsilon or policy.release.epsilon)


def _family(family: Family, members: Sequence[Resolved], policy: Policy, setting: Setting, how: tuple[Find, str | None]) -> FamilyPlan:
    find, epsilon = how
    wishes: dict[tuple[str, ...], int] = {}
    for s in members:
        wishes[s.dimensions] = max(wishes.get(s.dimensions, 0), asked(s, policy, epsilon))
    found = {d: find(question_key(family, d, setting), wish) for d, wish in wishes.items()}
    stored = {d: release for d, release in found.items() if release is not None}
    tables = tuple(d for d in wishes if d not in stored)
    price = max((wishes[d] for d in tables), default=0)
    open_ = [s for s in members if s.dimensions in tables]
    measures = measured(family, open_, policy, setting, price)
    errors = {s.name: _stored_error(s, stored[s.dimensions], policy) for s in members if s.dimensions in stored}
    errors |= predicted(open_, [Measured(m.dimensions, m.cost, "") for m in measures], policy)
    return FamilyPlan(family, setting, price, tuple(members), measures, tables, stored, errors, _delta(policy, family.purpose))


def measured(family: Family, segments: Sequence[Resolved], policy: Policy, setting: Setting, price: int) -> tuple[Measure, ...]:
    """The tables to measure for some segments of a family at a price (nano-epsilon), the best strategy found."""
    if not segments:
        return ()
    names = _names(segments, policy)
    rho = affordable_rho(policy, family.purpose, price)
    strategy = _strategy(segments, policy, names, (rho or price, bool(rho)))
    return tuple(_measures(strategy, names, policy, (family, setting), (rho or price, bool(rho))))


def affordable_rho(policy: Policy, purpose: str, price: int) -> int:
    """The rho that a price buys where the policy wants discrete Gaussian noise and the budgets have a delta; else 0."""
    if policy.release.mechanism != GAUSSIAN or purpose not in policy.budgets:
        return 0
    return accounting.affordable_rho(price, _delta(policy, purpose))


def _delta(policy: Policy, purpose: str) -> int:
    return min((policy.budgets[name].delta for name in (purpose, TOTAL) if name in policy.budgets), default=0)


def _names(segments: Sequence[Resolved], policy: Policy) -> list[str]:
    return [d for d in policy.dimensions if any(d in s.dimensions for s in segments)]


def _strategy(segments: Sequence[Resolved], policy: Policy, names: Sequence[str], price: tuple[int, bool]) -> Strategy:
    """One table for one table asked; otherwise the best strategy for all."""
    targets = [tuple(names.index(d) for d in s.dimensions) for s in segments]
    if len(set(targets)) == 1:
        return Strategy((targets[0],), (1.0,), 0.0)
    sizes = tuple(len(policy.dimensions[d].labels) for d in names)
    profiles = [_profile(region(s, policy.dimensions).astype(np.float64), t) for s, t in zip(segments, targets, strict=True)]
    amount, gaussian = price
    return Job(sizes, tuple(targets), tuple(profiles), amount / accounting.NANO, gaussian=gaussian).best()


def _profile(cells: np.ndarray[Any, np.dtype[np.float64]], target: marginals.Axes) -> dict[marginals.Axes, float]:
    """What a segment wants known: the sum over its region, and a little each cell of it."""
    one = np.zeros_like(cells)
    one[(0,) * one.ndim] = math.sqrt(CELL_WEIGHT * max(1.0, float(cells.sum())))
    whole, single = marginals.profile_of(cells, target), marginals.profile_of(one, target)
    return {a: square + single[a] for a, square in whole.items()}


def _measures(
    strategy: Strategy, names: Sequence[str], policy: Policy, where: tuple[Family, Setting], price: tuple[int, bool]
) -> Iterator[Measure]:
    """The strategy in nano-units: shares rounded down, what is left goes to the largest."""
    amount, gaussian = price
    parts = [int(amount * share) for share in strategy.shares]
    parts[parts.index(max(parts))] += amount - sum(parts)
    family, setting = where
    for axes, part in zip(strategy.tables, parts, strict=True):
        if part > 0:
            dimensions = tuple(names[a] for a in axes)
            cost = accounting.gaussian(part) if gaussian else accounting.geometric(part)
            cells = math.prod(len(policy.dimensions[d].labels) for d in dimensions)
            yield Measure(dimensions, cells, cost, question_key(family, dimensions, setting))


# -- errors ----------------------------------------------------------------------------------------------------------------


def predicted(segments: Sequence[Resolved], tables: Sequence[Measured], policy: Policy) -> dict[str, int]:
    """Half the width of the 95 % interval of each segment's count, all of its cells kept, if `tables` are measured."""
    names = [d for d in policy.dimensions if any(d in t.dimensions for t in tables)]
    domains = {d: policy.dimensions[d].labels for d in names}
    known = lattice(domains, tables)
    found = {}
    for segment in segments:
        cells = region(segment, policy.dimensions).astype(np.float64)
        weights = marginals.influence(known, cells, tuple(names.index(d) for d in segment.dimensions))
        parts = tuple(Part(weight, many, paid(tables[n].cost)) for n, weight, many in marginals.grouped(weights))
        found[segment.name] = Noise(parts).beyond(OUTSIDE)
    return found


def _stored_error(segment: Resolved, release: Release, policy: Policy) -> int:
    return release.region_noise(region(segment, policy.dimensions)).beyond(OUTSIDE)


def price_of(target: int, segments: Sequence[Resolved], policy: Policy, setting: Setting) -> int | None:
    """The smallest epsilon (nano, to three digits) for which every segment's expected error is at most `target` patients.

    The price is of each family, stored answers left aside; None where not even an epsilon of 1,000 does.
    """

    def enough(price: int) -> bool:
        tried = plan(segments, policy, setting, lambda _q, _e: None, _decimal(price))
        worst: int = max(tried.errors.values(), default=0)
        return worst <= target

    low, high = 0.0, 12.0  # of log10 nano-epsilon
    if not enough(int(10**high)):
        return None
    while high - low > 0.0005:  # noqa: PLR2004 - three digits
        middle = (low + high) / 2
        low, high = (low, middle) if enough(max(1, int(10**middle))) else (middle, high)
    return _three_digits(10**high)


def _three_digits(amount: float) -> int:
    unit = int(10 ** max(0, math.floor(math.log10(amount)) - 2))
    return math.ceil(amount / unit) * unit


def _decimal(nano: int) -> str:
    return f"{nano // accounting.NANO}.{nano % accounting.NANO:09d}"
