"""Planning: what will be measured, what it costs, which error to expect (P14).

All of it before anything is spent.

Segments of one family share one measurement: the family pays once, the most that any of its
segments asks, and every segment's table is derived from what is measured. What is stored already is
free (P6). Only declared domains and costs are looked at, never a count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.budget.accounting import TOTAL, Charge
from segmenter.dimensions.partition import Partition, Region, domains_of
from segmenter.estimation import marginals
from segmenter.estimation.measured import Measured, estimator_of, noise_of
from segmenter.model import Cost
from segmenter.noise.intervals import EACH_SIDE
from segmenter.planning.strategy import Strategy, Workload
from segmenter.project.family import Family, Setting, question_key, region, release_id
from segmenter.published.release import Provenance, Release
from segmenter.published.segment_count import SegmentCount, read_off

if TYPE_CHECKING:
    from datetime import datetime

    from segmenter.planning.candidates import CandidatePartition
    from segmenter.project.policy import Policy
    from segmenter.project.segment import Resolved

GAUSSIAN = "discrete_gaussian"
PARTITION = "strip"  # the word of the JSON document and of stored answers since version 0.1
LEAST, MOST = (
    5.0,
    12.0,
)  # logarithms of the nano-epsilons that `price_of` looks at: from the least that may be asked to 1,000

Find = Callable[[str, int], Release | None]


@dataclass(frozen=True, slots=True)
class Measurement:
    """What is to be measured: a table, or a partition of named segments.

    With its price and its question.
    """

    dimensions: tuple[str, ...]
    cells: int
    cost: Cost
    question: str
    partition: Partition | None = None
    names: tuple[str, ...] = ()

    def serves(self, segments: Sequence[Resolved]) -> list[str]:
        """The names of the segments whose counts it tells something of."""
        if self.partition is not None:
            return list(self.names)
        own = set(self.dimensions)
        return [s.name for s in segments if not s.dimensions or not own or own & set(s.dimensions)]


@dataclass(frozen=True, slots=True)
class FamilyPlan:
    """What one family of a job needs.

    `stored` are the answers that segments have already, by their names; `tables` what the others
    need.

    `delta` (nano) is what its budgets allow: costs in rho are told as the epsilon they come to at
    it.
    """

    family: Family
    setting: Setting
    epsilon: int
    segments: tuple[Resolved, ...]
    measures: tuple[Measurement, ...]
    tables: tuple[tuple[str, ...], ...]
    stored: Mapping[str, Release]
    errors: Mapping[str, int]
    delta: int = 0

    @property
    def cost(self) -> Cost:
        """What the family costs now; nothing if everything is stored."""
        return accounting.total(m.cost for m in self.measures)

    def charges(self) -> list[Charge]:
        """What is to be paid before data is read."""
        return [Charge(self.family.purpose, m.question, m.cost) for m in self.measures]

    def provenance(self, made_at: datetime) -> Provenance:
        """What its releases will say of where they come from."""
        return Provenance(self.family, self.setting, self.epsilon, made_at)

    def serves(self) -> tuple[str, ...]:
        """The names of the segments that new tables answer."""
        return tuple(s.name for s in self._open())

    def _open(self) -> list[Resolved]:
        return [s for s in self.segments if s.name not in self.stored]

    def rows(self) -> Iterator[dict[str, Any]]:
        """The contract's `releases`: what is to be measured, and stored tables."""
        for measure in self.measures:
            alone = len(self.measures) == 1 and measure.dimensions in self.tables
            name = release_id(measure.question, self.epsilon) if alone else measure.question[:16]
            about = (measure.dimensions, measure.cost, measure.cells, measure.serves(self._open()))
            kind = "table" if measure.partition is None else PARTITION
            yield self._row(name, kind, about, stored=False)
        for release in {r.id: r for r in self.stored.values()}.values():
            served = [name for name, r in self.stored.items() if r.id == release.id]
            yield self._row(
                release.id,
                "table",
                (release.dimensions, release.cost, release.values.size, served),
                stored=True,
            )

    def _row(
        self,
        name: str,
        kind: str,
        about: tuple[Sequence[str], Cost, int, list[str]],
        *,
        stored: bool,
    ) -> dict[str, Any]:
        dimensions, cost, cells, serves = about
        lost = accounting.loss(cost, self.delta)
        return {
            "id": name,
            "kind": kind,
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
        """Every segment's count.

        From the releases just made; if none was made of its dimensions, from the stored ones.
        """
        made = {r.dimensions: r for r in releases}
        found = []
        for segment in self.segments:
            fresh = made.get(segment.dimensions)
            found.append(
                read_off(segment, fresh or self.stored[segment.name], policy, stored=fresh is None)
            )
        return found


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """What a job will measure and what that costs, family by family.

    Nothing is spent by planning.
    """

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
            "segments": [
                {"segment": name, "predicted_error": self.errors[name]} for name in self.order
            ],
            "epsilon": accounting.shown(self.cost.epsilon),
            "rho": accounting.shown(self.cost.rho),
        }

    def to_polars(self) -> Any:
        """One row a table."""
        import polars as pl

        rows = [
            {k: v for k, v in row.items() if k != "predicted_error"}
            for f in self.families
            for row in f.rows()
        ]
        return pl.DataFrame(rows)


def plan(
    segments: Sequence[Resolved],
    policy: Policy,
    setting: Setting,
    find: Find,
    epsilon: str | None = None,
) -> ReleasePlan:
    """The plan of a job.

    `find(question, epsilon)` looks up stored answers; `epsilon` (decimal text) overrides what
    segments ask.

    Raises `UsageError` if an epsilon is not a positive number.
    """
    plans = tuple(
        _family(family, members, policy, setting, (find, epsilon))
        for family, members in _by_family(segments).items()
    )
    return ReleasePlan(plans, tuple(s.name for s in segments))


def _by_family(segments: Sequence[Resolved]) -> dict[Family, list[Resolved]]:
    families: dict[Family, list[Resolved]] = {}
    for segment in segments:
        families.setdefault(Family.of(segment), []).append(segment)
    return families


def asked(segment: Resolved, policy: Policy, epsilon: str | None = None) -> int:
    """What a segment asks for its release, in nano-epsilon.

    The command's wish, its own, or the policy's.
    """
    return accounting.asked_nano(epsilon or segment.segment.epsilon or policy.release.epsilon)


def _family(
    family: Family,
    members: Sequence[Resolved],
    policy: Policy,
    setting: Setting,
    how: tuple[Find, str | None],
) -> FamilyPlan:
    find, epsilon = how
    answers = {
        s.name: find(question_key(family, s.dimensions, setting), asked(s, policy, epsilon))
        for s in members
    }
    stored = {name: release for name, release in answers.items() if release is not None}
    open_ = [s for s in members if s.name not in stored]
    price = max((asked(s, policy, epsilon) for s in open_), default=0)
    measures = measured(family, open_, policy, setting, price)
    errors = {s.name: _stored_error(s, stored[s.name], policy) for s in members if s.name in stored}
    errors |= predicted(
        open_, [Measured(m.dimensions, m.cost, "", m.partition) for m in measures], policy
    )
    tables = tuple(dict.fromkeys(s.dimensions for s in open_))
    return FamilyPlan(
        family,
        setting,
        price,
        tuple(members),
        measures,
        tables,
        stored,
        errors,
        _delta(policy, family.purpose),
    )


def measured(
    family: Family, segments: Sequence[Resolved], policy: Policy, setting: Setting, price: int
) -> tuple[Measurement, ...]:
    """The best strategy found for some segments of a family at a price (nano-epsilon)."""
    if not segments:
        return ()
    names = _names(segments, policy)
    rho = affordable_rho(policy, family.purpose, price)
    strategy = _strategy(segments, policy, names, (rho or price, bool(rho)))
    parts = _parts(strategy.shares, rho or price)
    dimensions = [tuple(names[a] for a in axes) for axes in strategy.tables]
    found = [
        Measurement(d, _cells(d, policy), Cost(), question_key(family, d, setting))
        for d in dimensions
    ]
    found += [
        _partition(partition, segments, policy, (family, setting))
        for partition in strategy.partitions
    ]
    price_of = accounting.gaussian if rho else accounting.geometric
    return tuple(
        replace(m, cost=price_of(part)) for m, part in zip(found, parts, strict=True) if part > 0
    )


def _cells(dimensions: Sequence[str], policy: Policy) -> int:
    return math.prod(len(policy.dimensions[d].labels) for d in dimensions)


def _partition(
    partition: CandidatePartition,
    segments: Sequence[Resolved],
    policy: Policy,
    where: tuple[Family, Setting],
) -> Measurement:
    chosen = [segments[n] for n in partition.segments]
    regions = [Region.of(s.dimensions, region(s, policy.dimensions)) for s in chosen]
    groups = Partition(tuple(regions))
    dimensions = tuple(d for d in policy.dimensions if any(d in s.dimensions for s in chosen))
    cells = groups.own_groups(policy).size
    question = question_key(where[0], dimensions, where[1], f"{PARTITION} {groups.digest()}")
    names = tuple(segment.name for segment in chosen)
    return Measurement(dimensions, cells, Cost(), question, groups, names)


def affordable_rho(policy: Policy, purpose: str, price: int) -> int:
    """The rho that a price buys; 0 if the policy or the budgets want no discrete Gaussian noise."""
    if policy.release.mechanism != GAUSSIAN or purpose not in policy.budgets:
        return 0
    return accounting.affordable_rho(price, _delta(policy, purpose))


def _delta(policy: Policy, purpose: str) -> int:
    return min(
        (policy.budgets[name].delta for name in (purpose, TOTAL) if name in policy.budgets),
        default=0,
    )


def _names(segments: Sequence[Resolved], policy: Policy) -> list[str]:
    return [d for d in policy.dimensions if any(d in s.dimensions for s in segments)]


def _strategy(
    segments: Sequence[Resolved], policy: Policy, names: Sequence[str], price: tuple[int, bool]
) -> Strategy:
    """One table for one table asked, if that will do; otherwise the best strategy for all."""
    regions = [
        (tuple(names.index(d) for d in s.dimensions), region(s, policy.dimensions))
        for s in segments
    ]
    amount, gaussian = price
    sizes = tuple(len(policy.dimensions[d].labels) for d in names)
    job = Workload(sizes, tuple(regions), amount / accounting.NANO, gaussian=gaussian)
    if len({axes for axes, _ in regions}) == 1 and (
        len(segments) == 1 or job.alone().variance <= job.wanted
    ):
        return job.alone()
    return job.best()


def _parts(shares: Sequence[float], amount: int) -> list[int]:
    """Shares of an amount in nano-units, rounded down; what is left goes to the largest."""
    parts = [int(amount * share) for share in shares]
    parts[parts.index(max(parts))] += amount - sum(parts)
    return parts


# -- errors ----------------------------------------------------------------------------------------


def predicted(
    segments: Sequence[Resolved], tables: Sequence[Measured], policy: Policy
) -> dict[str, int]:
    """Half the width of the 95 % interval of each segment's count, if `tables` are measured.

    All of its cells are taken as kept.
    """
    names = [d for d in policy.dimensions if any(d in t.dimensions for t in tables)]
    estimator = estimator_of(domains_of(names, policy), tuple(tables))
    found = {}
    for segment in segments:
        parts = marginals.parts_of(
            region(segment, policy.dimensions), tuple(names.index(d) for d in segment.dimensions)
        )
        found[segment.name] = noise_of(estimator, tables, parts).beyond(EACH_SIDE)
    return found


def _stored_error(segment: Resolved, release: Release, policy: Policy) -> int:
    return release.region_noise(region(segment, policy.dimensions)).beyond(EACH_SIDE)


def price_of(
    target: int, segments: Sequence[Resolved], policy: Policy, setting: Setting
) -> int | None:
    """The smallest epsilon for which every expected error is at most `target` patients.

    In nano-epsilon, to three digits.

    The price is of each family, stored answers left aside; None if not even an epsilon of 1,000
    does. Families ask for the same price and know nothing of each other: what is enough for one is
    mostly enough for the next.
    """
    amount = LEAST
    for members in _by_family(segments).values():
        found = _enough(target, members, policy, (setting, amount))
        if found is None:
            return None
        amount = found
    return _three_digits(10**amount)


def _enough(
    target: int, members: Sequence[Resolved], policy: Policy, where: tuple[Setting, float]
) -> float | None:
    """The logarithm of the smallest price, not below a given one, that is enough for a family.

    Found by bisection.
    """
    setting, low = where

    def enough(amount: float) -> bool:
        tried = plan(members, policy, setting, lambda _q, _e: None, _decimal(int(10**amount)))
        worst: int = max(tried.errors.values(), default=0)
        return worst <= target

    if low > LEAST and enough(low):  # the least of all is slow to try, and hardly ever enough
        return low
    high = MOST
    if not enough(high):
        return None
    while high - low > 0.0005:  # noqa: PLR2004 - three digits
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _three_digits(amount: float) -> int:
    unit = int(10 ** max(0, math.floor(math.log10(amount)) - 2))
    return math.ceil(amount / unit) * unit


def _decimal(nano: int) -> str:
    return f"{nano // accounting.NANO}.{nano % accounting.NANO:09d}"
