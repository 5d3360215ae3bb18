"""`run`: segments become a plan, are paid for, counted, noised and stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.consent import gate as consent
from segmenter.dimensions.partition import count_groups
from segmenter.journal.journal import locked
from segmenter.model import Clocks, Snapshot, stamp
from segmenter.planning import planner
from segmenter.project.family import Family
from segmenter.project.folder import read_project
from segmenter.release import cube
from segmenter.release import publish as release
from segmenter.render.report import segment_html
from segmenter.workflows.answers import answers_of
from segmenter.workflows.budget import balances, ledger_of
from segmenter.workflows.decisions import decided, require_columns
from segmenter.workflows.request import WorkloadRequest, setting_of, warnings_of

if TYPE_CHECKING:
    import polars as pl

    from segmenter.context import Context
    from segmenter.model import Cube, Spend
    from segmenter.planning.release_plan import FamilyPlan, ReleasePlan
    from segmenter.project.check import Warned
    from segmenter.published.release import Release
    from segmenter.published.segment_count import SegmentCount
    from segmenter.workflows.decisions import Decided


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run published: every segment's noised count, what was paid now, what remains."""

    segments: tuple[SegmentCount, ...]
    spent: int
    budgets: tuple[dict[str, Any], ...]
    clocks: Clocks = field(repr=False)
    tables: tuple[SegmentCount, ...] = ()
    warnings: tuple[Warned, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The contract's document.

        Extra tables stand in `tables` as segments do; `spent` is the epsilon this run can have cost
        a patient, rho at its budget's delta.
        """
        return {
            "segments": [segment.to_dict() for segment in self.segments],
            "spent": accounting.shown(self.spent),
            "budgets": list(self.budgets),
            "as_of": stamp(self.clocks.as_of),
            "known_at": stamp(self.clocks.known_at),
            "tables": [table.to_dict() for table in self.tables],
            "warnings": [warned.to_dict() for warned in self.warnings],
        }

    def to_polars(self) -> pl.DataFrame:
        """One row a segment: segment, count, low, high, withheld_cells."""
        import polars as pl

        rows = [
            (s.segment, s.count, s.interval.low, s.interval.high, s.withheld_cells)
            for s in self.segments
        ]
        return pl.DataFrame(
            rows, schema=["segment", "count", "low", "high", "withheld_cells"], orient="row"
        )

    def _repr_html_(self) -> str:
        tables = [segment_html(segment.to_dict()) for segment in self.segments]
        return "".join(tables)


def run(context: Context, asked: WorkloadRequest) -> RunReport:
    """Publish the segments' counts.

    What is stored is free. What is not stored is paid for first, all or nothing (P2, P6). Raises
    `PolicyError` (C14) before any data is read, `BudgetError` (P3 to P5) with nothing spent.
    """
    context.store.expect_engine()
    segments = read_project(context.root, segments=asked.selection).chosen()
    extra_tables = asked.extra_tables(segments, context.policy)
    snapshot, setting = setting_of(context, asked)
    require_columns(context, snapshot)
    with locked(context.store.lock("run")):
        plan = planner.plan(
            (*segments, *extra_tables),
            context.policy,
            setting,
            answers_of(context).find,
            asked.epsilon,
        )
        ledger = ledger_of(context)
        spends = ledger.spend_all(context.actor.account, plan.charges())
        counts = _counts(context, snapshot, plan, spends)
        line = {"segments": list(plan.order), "snapshot": snapshot.id}
        context.record("run", {**line, **_clock_texts(setting.clocks)})
    return RunReport(
        segments=tuple(counts[segment.name] for segment in segments),
        spent=ledger.lost(spends),
        budgets=balances(ledger),
        clocks=setting.clocks,
        tables=tuple(counts[table.name] for table in extra_tables),
        warnings=warnings_of(segments),
    )


def _counts(
    context: Context, snapshot: Snapshot, plan: ReleasePlan, spends: Sequence[Spend]
) -> dict[str, SegmentCount]:
    """The count of every segment by its name, from new releases and from stored ones."""
    releases = _measure(context, snapshot, plan, spends) if spends else {}
    counts = {}
    for family_plan in plan.families:
        new = releases.get(family_plan.family, ())
        for count in family_plan.counts(new, context.policy):
            counts[count.segment] = count
    return counts


def _clock_texts(clocks: Clocks) -> dict[str, str]:
    return {
        "as_of": stamp(clocks.as_of),
        "known_at": stamp(clocks.known_at),
    }


def _measure(
    context: Context, snapshot: Snapshot, plan: ReleasePlan, spends: Sequence[Spend]
) -> dict[Family, tuple[Release, ...]]:
    """Count, noise and store what every family needs.

    The spends stand in the order of the plan: first those of the first family's measures.
    """
    unused = iter(spends)
    releases: dict[Family, tuple[Release, ...]] = {}
    clocks = plan.families[0].setting.clocks
    with decided(context, snapshot, clocks) as place:
        for number, family_plan in enumerate(plan.families):
            family = family_plan.family
            context.progress(f"counting {family.purpose}", number / len(plan.families))
            paid = [next(unused) for _ in family_plan.measures]
            if paid:
                releases[family] = _publish(context, place, snapshot, family_plan, paid)
    return releases


def _publish(
    context: Context,
    place: Decided,
    snapshot: Snapshot,
    family_plan: FamilyPlan,
    spends: Sequence[Spend],
) -> tuple[Release, ...]:
    """Release what one family needs: its tables, and the partitions beside them."""
    policy = context.policy
    request = family_plan.family.request(family_plan.setting.clocks)
    eligible = consent.gate(place.engine, policy, snapshot, place.decisions, request)

    def count(names: Sequence[str], spend: Spend) -> Cube:
        dimensions = [policy.dimensions[name] for name in names]
        return cube.count(place.engine, dimensions, eligible, spend)

    priced = list(zip(family_plan.measures, spends, strict=True))
    tables = [(m.dimensions, spend) for m, spend in priced if m.partition is None]
    cubes = [count(dimensions, spend) for dimensions, spend in tables]
    partitions = []
    for measure, spend in priced:
        if measure.partition is None:
            continue
        counted = _covering(cubes, measure.dimensions) or count(measure.dimensions, spend)
        partitions.append(count_groups(measure.partition, counted, policy, spend))
    releases = release.publish(
        [*cubes, *partitions],
        family_plan.provenance(context.now()),
        family_plan.tables,
        policy,
        context.noise,
    )
    answers_of(context).put(context.actor.account, releases, family_plan.serves())
    return releases


def _covering(cubes: Sequence[Cube], dimensions: Sequence[str]) -> Cube | None:
    """The first cube that has all these dimensions."""
    for counted in cubes:
        if set(dimensions) <= set(counted.dimensions):
            return counted
    return None
