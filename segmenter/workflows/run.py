"""`run`: segments become a plan, are paid for, counted, noised and stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.consent import gate as consent
from segmenter.dimensions.partition import sums
from segmenter.journal.journal import locked
from segmenter.model import Clocks, Snapshot, stamp
from segmenter.planning import planner
from segmenter.project.family import Family
from segmenter.project.folder import read_project
from segmenter.release import cube
from segmenter.release import publish as release
from segmenter.workflows.answers import answers_of
from segmenter.workflows.budget import balances, ledger_of
from segmenter.workflows.decisions import decided
from segmenter.workflows.request import WorkloadRequest, setting_of

if TYPE_CHECKING:
    import polars as pl

    from segmenter.context import Context
    from segmenter.engine import DuckDBEngine
    from segmenter.model import Cube, Spend
    from segmenter.planning.planner import FamilyPlan, ReleasePlan
    from segmenter.release.publish import Release
    from segmenter.release.segment_count import SegmentCount


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run published: every segment's noised count, what was paid now, what remains."""

    segments: tuple[SegmentCount, ...]
    spent: int
    budgets: tuple[dict[str, Any], ...]
    clocks: Clocks = field(repr=False)
    tables: tuple[SegmentCount, ...] = ()

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
        return "".join(segment._repr_html_() for segment in self.segments)


def run(context: Context, asked: WorkloadRequest) -> RunReport:
    """Publish the segments' counts. What is stored is free; what is not is paid for first, all or nothing (P2, P6).

    Raises `PolicyError` (C14) before any data is read, `BudgetError` (P3 to P5) with nothing spent.
    """
    context.store.expect_engine()
    chosen = read_project(context.root, segments=asked.selection).chosen()
    wanted = asked.more(chosen, context.policy)
    snapshot, setting = setting_of(context, asked)
    with locked(context.store.lock("run")):
        made = planner.plan(
            wanted, context.policy, setting, answers_of(context).find, asked.epsilon
        )
        ledger = ledger_of(context)
        spends = ledger.spend_all(context.actor.account, made.charges())
        releases = _measured(context, snapshot, made, spends) if spends else {}
        counts = {
            c.segment: c
            for f in made.families
            for c in f.counts(releases.get(f.family, ()), context.policy)
        }
        context.record(
            "run", {"segments": list(made.order), "snapshot": snapshot.id, **_told(setting.clocks)}
        )
    spent = ledger.lost(spends)
    segments, tables = (
        tuple(counts[s.name] for s in part) for part in (chosen, wanted[len(chosen) :])
    )
    return RunReport(segments, spent, balances(ledger), setting.clocks, tables)


def _told(clocks: Clocks) -> dict[str, str]:
    return {"as_of": stamp(clocks.as_of), "known_at": stamp(clocks.known_at)}


def _measured(
    context: Context, snapshot: Snapshot, made: ReleasePlan, spends: Sequence[Spend]
) -> dict[Family, tuple[Release, ...]]:
    """Count, noise and store what every family needs; each family's spends are the next of `spends`."""
    left = iter(spends)
    found: dict[Family, tuple[Release, ...]] = {}
    with decided(context, snapshot, made.families[0].setting.clocks, reads=()) as engine:
        for number, family in enumerate(made.families):
            context.progress(f"counting {family.family.purpose}", number / len(made.families))
            paid = [next(left) for _ in family.measures]
            if paid:
                found[family.family] = _publish(context, engine, snapshot, family, paid)
    return found


def _publish(
    context: Context,
    engine: DuckDBEngine,
    snapshot: Snapshot,
    family: FamilyPlan,
    paid: Sequence[Spend],
) -> tuple[Release, ...]:
    eligible = consent.gate(
        engine, context.policy, snapshot, family.family.request(family.setting.clocks)
    )
    dimensions = context.policy.dimensions

    def counted(names: Sequence[str], spend: Spend) -> Cube:
        return cube.count(engine, [dimensions[d] for d in names], eligible, spend)

    priced = list(zip(family.measures, paid, strict=True))
    cubes = [counted(m.dimensions, spend) for m, spend in priced if not m.rows]
    strips = []
    for measure, spend in priced:
        if measure.rows:
            wide = next((c for c in cubes if {*measure.dimensions} <= {*c.dimensions}), None)
            strips.append(
                sums(
                    measure.rows, wide or counted(measure.dimensions, spend), context.policy, spend
                )
            )
    releases = release.publish(
        [*cubes, *strips], family.about(context.now()), family.tables, context.policy, context.noise
    )
    answers_of(context).put(context.actor.account, releases, family.serves())
    return releases
