"""Planning: what will be measured, what it costs, which error to expect (P14).

All of it before anything is spent.

Segments of one family share one measurement: the family pays once, the most that any of its
segments asks, and every segment's table is derived from what is measured. What is stored already is
free (P6). Only declared domains and costs are looked at, never a count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from segmenter.budget import accounting
from segmenter.budget.accounting import TOTAL
from segmenter.dimensions.partition import Partition, Region, domains_of
from segmenter.estimation import marginals
from segmenter.estimation.measured import Measured, estimator_of, noise_of
from segmenter.model import Cost
from segmenter.noise.intervals import EACH_SIDE
from segmenter.planning.release_plan import (
    GAUSSIAN,
    PARTITION,
    FamilyPlan,
    Measurement,
    ReleasePlan,
)
from segmenter.planning.strategy import Strategy, Workload
from segmenter.project.family import Family, Setting, question_key, region
from segmenter.published.release import Release

if TYPE_CHECKING:
    from segmenter.planning.candidates import CandidatePartition
    from segmenter.project.policy import Policy
    from segmenter.project.segment import Resolved

Find = Callable[[str, int], Release | None]


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
    plans = []
    for family, members in by_family(segments).items():
        plans.append(_family(family, members, policy, setting, find, epsilon))
    order = tuple(segment.name for segment in segments)
    return ReleasePlan(tuple(plans), order)


def by_family(segments: Sequence[Resolved]) -> dict[Family, list[Resolved]]:
    """The segments of each family, families in the order they come."""
    families: dict[Family, list[Resolved]] = {}
    for segment in segments:
        families.setdefault(Family.of(segment), []).append(segment)
    return families


def asked(segment: Resolved, policy: Policy, epsilon: str | None = None) -> int:
    """What a segment asks for its release, in nano-epsilon.

    The command's wish, its own, or the policy's.
    """
    usual = segment.segment.epsilon or policy.release.epsilon
    return accounting.asked_nano(epsilon or usual)


def _family(
    family: Family,
    members: Sequence[Resolved],
    policy: Policy,
    setting: Setting,
    find: Find,
    epsilon: str | None,
) -> FamilyPlan:
    stored = {}
    unanswered = []
    price = 0
    errors = {}
    for segment in members:
        wish = asked(segment, policy, epsilon)
        release = find(question_key(family, segment.dimensions, setting), wish)
        if release is None:
            unanswered.append(segment)
            price = max(price, wish)
        else:
            stored[segment.name] = release
            errors[segment.name] = _stored_error(segment, release, policy)
    measures = measured(family, unanswered, policy, setting, price)
    tables = [
        Measured(
            dimensions=one.dimensions,
            cost=one.cost,
            spend="",
            partition=one.partition,
        )
        for one in measures
    ]
    errors |= predicted(unanswered, tables, policy)
    return FamilyPlan(
        family=family,
        setting=setting,
        epsilon=price,
        segments=tuple(members),
        measures=measures,
        tables=tuple(dict.fromkeys(segment.dimensions for segment in unanswered)),
        stored=stored,
        errors=errors,
        delta=_delta(policy, family.purpose),
    )


def measured(
    family: Family, segments: Sequence[Resolved], policy: Policy, setting: Setting, price: int
) -> tuple[Measurement, ...]:
    """The best strategy found for some segments of a family at a price (nano-epsilon)."""
    if not segments:
        return ()
    names = _names(segments, policy)
    rho = affordable_rho(policy, family.purpose, price)
    amount = rho or price
    strategy = _strategy(segments, policy, names, amount, gaussian=rho > 0)
    found = []
    for axes in strategy.tables:
        dimensions = tuple(names[axis] for axis in axes)
        found.append(_table(dimensions, policy, family, setting))
    for partition in strategy.partitions:
        found.append(_partition(partition, segments, policy, family, setting))
    price_of = accounting.gaussian if rho else accounting.geometric
    paid = []
    for measure, part in zip(found, _parts(strategy.shares, amount), strict=True):
        if part > 0:
            paid.append(replace(measure, cost=price_of(part)))
    return tuple(paid)


def _table(
    dimensions: tuple[str, ...], policy: Policy, family: Family, setting: Setting
) -> Measurement:
    return Measurement(
        dimensions=dimensions,
        cells=math.prod(_sizes(dimensions, policy)),
        cost=Cost(),
        question=question_key(family, dimensions, setting),
    )


def _sizes(dimensions: Sequence[str], policy: Policy) -> tuple[int, ...]:
    """How many labels each dimension has."""
    sizes = []
    for name in dimensions:
        labels = policy.dimensions[name].labels
        sizes.append(len(labels))
    return tuple(sizes)


def _partition(
    partition: CandidatePartition,
    segments: Sequence[Resolved],
    policy: Policy,
    family: Family,
    setting: Setting,
) -> Measurement:
    chosen = [segments[n] for n in partition.segments]
    regions = []
    for segment in chosen:
        cells = region(segment, policy.dimensions)
        regions.append(Region.of(segment.dimensions, cells))
    groups = Partition(tuple(regions))
    dimensions = _names(chosen, policy)
    return Measurement(
        dimensions=dimensions,
        cells=groups.own_groups(policy).size,
        cost=Cost(),
        question=question_key(family, dimensions, setting, f"{PARTITION} {groups.digest()}"),
        partition=groups,
        names=tuple(segment.name for segment in chosen),
    )


def affordable_rho(policy: Policy, purpose: str, price: int) -> int:
    """The rho that a price buys; 0 if the policy or the budgets want no discrete Gaussian noise."""
    if policy.release.mechanism != GAUSSIAN or purpose not in policy.budgets:
        return 0
    return accounting.affordable_rho(price, _delta(policy, purpose))


def _delta(policy: Policy, purpose: str) -> int:
    """The smaller one of the purpose's budget and of the whole; 0 if there is neither."""
    deltas = []
    for name in (purpose, TOTAL):
        if name in policy.budgets:
            deltas.append(policy.budgets[name].delta)
    return min(deltas, default=0)


def _names(segments: Sequence[Resolved], policy: Policy) -> tuple[str, ...]:
    """The dimensions of any of the segments, in the policy's order."""
    read: set[str] = set()
    for segment in segments:
        read.update(segment.dimensions)
    return tuple(name for name in policy.dimensions if name in read)


def _strategy(
    segments: Sequence[Resolved],
    policy: Policy,
    names: Sequence[str],
    amount: int,
    *,
    gaussian: bool,
) -> Strategy:
    """What to measure for the segments.

    If all are over the same dimensions, the one table over them: for a single segment always, for
    several if it is precise enough. Otherwise the best strategy found.
    """
    regions = []
    for segment in segments:
        axes = _axes(segment, names)
        regions.append((axes, region(segment, policy.dimensions)))
    price = amount / accounting.NANO
    job = Workload(_sizes(names, policy), tuple(regions), price, gaussian=gaussian)
    distinct_axes = {axes for axes, _ in regions}
    if len(distinct_axes) > 1:
        return job.best()
    alone = job.alone()
    if len(segments) == 1 or alone.variance <= job.wanted:
        return alone
    return job.best()


def _axes(segment: Resolved, names: Sequence[str]) -> tuple[int, ...]:
    """The positions of a segment's dimensions among the names."""
    places = {name: place for place, name in enumerate(names)}
    return tuple(places[name] for name in segment.dimensions)


def _parts(shares: Sequence[float], amount: int) -> list[int]:
    """Shares of an amount in nano-units, rounded down; what is left goes to the largest."""
    parts = [int(amount * share) for share in shares]
    left = amount - sum(parts)
    largest = parts.index(max(parts))
    parts[largest] += left
    return parts


# -- errors ----------------------------------------------------------------------------------------


def predicted(
    segments: Sequence[Resolved], tables: Sequence[Measured], policy: Policy
) -> dict[str, int]:
    """Half the width of the 95 % interval of each segment's count, if `tables` are measured.

    All of its cells are taken as kept.
    """
    read: set[str] = set()
    for table in tables:
        read.update(table.dimensions)
    names = [name for name in policy.dimensions if name in read]
    estimator = estimator_of(domains_of(names, policy), tuple(tables))
    found = {}
    for segment in segments:
        cells = region(segment, policy.dimensions)
        parts = marginals.parts_of(cells, _axes(segment, names))
        noise = noise_of(estimator, tables, parts)
        found[segment.name] = noise.beyond(EACH_SIDE)
    return found


def _stored_error(segment: Resolved, release: Release, policy: Policy) -> int:
    cells = region(segment, policy.dimensions)
    noise = release.region_noise(cells)
    return noise.beyond(EACH_SIDE)


def nothing_stored(_question: str, _epsilon: int) -> None:
    """For a plan that leaves stored answers aside."""
