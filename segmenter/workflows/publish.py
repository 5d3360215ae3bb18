"""`plan`, `run`, `report`: segments become a plan, are paid for, counted, noised, stored, told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.consent import gate as consent
from segmenter.dimensions.partition import sums
from segmenter.errors import PolicyError, Refusal, SegmenterError
from segmenter.journal.journal import locked
from segmenter.model import Clocks, Documented, Snapshot, stamp
from segmenter.planning import budget_lock, extra_tables, planner
from segmenter.project.family import Family, Setting, table_key
from segmenter.project.folder import read_project
from segmenter.release import cube
from segmenter.release import publish as release
from segmenter.release.answers import Shelf
from segmenter.release.segment_count import read_off
from segmenter.render import report
from segmenter.workflows.books import balances, ledger_of
from segmenter.workflows.decided import clocks_of, decided

if TYPE_CHECKING:
    import polars as pl

    from segmenter.context import Context
    from segmenter.engine import DuckDBEngine
    from segmenter.model import Cube, Spend
    from segmenter.planning.planner import FamilyPlan, ReleasePlan
    from segmenter.project.policy import Policy
    from segmenter.project.segment import Resolved
    from segmenter.release.publish import Release
    from segmenter.release.segment_count import SegmentCount


@dataclass(frozen=True, slots=True)
class Asked:
    """What a job asks for: segments by name, glob or tag (None: all), the clocks, an epsilon that overrides what segments ask.

    `tables` are extra tables, each dimensions with commas between them, measured together with the
    segments that may read them (P14).
    """

    selection: Sequence[str] | None = None
    as_of: datetime | None = None
    known_at: datetime | None = None
    epsilon: str | None = None
    tables: tuple[str, ...] = ()

    def more(self, chosen: Sequence[Resolved], policy: Policy) -> tuple[Resolved, ...]:
        """The segments, and behind them the extra tables."""
        return (
            *chosen,
            *extra_tables.asked(
                chosen, [extra_tables.parsed(table, policy) for table in self.tables], policy
            ),
        )


@dataclass(frozen=True, slots=True)
class Refused:
    """A segment that may not be counted, and which rule says so."""

    segment: str
    rule: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """The contract's object."""
        return {"segment": self.segment, "rule": self.rule, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What a job would measure, what that costs, which error to expect; which segments are refused. Nothing was spent."""

    plan: ReleasePlan
    budgets: tuple[dict[str, Any], ...]
    refused: tuple[Refused, ...]
    error: SegmenterError | None = None
    target: dict[str, Any] | None = None
    lock: str | None = None

    @property
    def exit_status(self) -> int:
        """3 where the policy refuses a segment."""
        return 0 if self.error is None else self.error.exit_status

    def to_dict(self) -> dict[str, Any]:
        """The contract's document."""
        document = {
            **self.plan.to_dict(),
            "budgets": list(self.budgets),
            "refused": [r.to_dict() for r in self.refused],
        }
        error = None if self.error is None else self.error.to_dict()
        more = {"target": self.target, "lock": self.lock, "error": error}
        return document | {name: value for name, value in more.items() if value is not None}

    def to_polars(self) -> pl.DataFrame:
        """One row a table to measure."""
        frame: pl.DataFrame = self.plan.to_polars()
        return frame

    def _repr_html_(self) -> str:
        return self.plan._repr_html_()


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


# -- where a question stands -----------------------------------------------------------------------


def shelf_of(context: Context) -> Shelf:
    """The project's stored answers."""
    return Shelf(context.home / "releases", context.keys, context.journal)


def snapshot_at(context: Context, known_at: datetime | None) -> Snapshot:
    """The newest snapshot, or the one that was current at an earlier `known_at`; refused where that one is gone."""
    newest = context.store.current(context.journal)
    return (
        newest
        if known_at is None or known_at >= newest.taken_at
        else context.store.known(context.journal, known_at)
    )


def setting_of(context: Context, asked: Asked) -> tuple[Snapshot, Setting]:
    """The snapshot and the setting of a question: its clocks are the snapshot's moment where nothing is said (P6)."""
    snapshot = snapshot_at(context, asked.known_at)
    return snapshot, Setting(
        snapshot.id,
        context.policy.deciding_hash(),
        clocks_of(snapshot, asked.as_of, asked.known_at),
    )


# -- plan ------------------------------------------------------------------------------------------


def plan(
    context: Context, asked: Asked, target: int | None = None, *, lock: bool = False
) -> PlanReport:
    """What a run of the same words would measure and cost. Spends nothing and reads no patient data.

    Segments that the policy refuses are told with their rule, and the report's exit status is 3.
    `lock` writes budgets.lock.
    """
    project = read_project(context.root, segments=asked.selection)
    allowed: list[Resolved] = []
    refused: list[Refused] = []
    first: PolicyError | None = None
    for name in project.selected:
        try:
            allowed.append(project.resolved(name))
        except PolicyError as error:
            first = first or error
            refused.append(Refused(name, error.rule or "C14", str(error)))
    if not project.selected:
        project.chosen()
    _, setting = setting_of(context, asked)
    shelf, ledger = shelf_of(context), ledger_of(context)
    made = planner.plan(
        asked.more(allowed, context.policy), context.policy, setting, shelf.find, asked.epsilon
    )
    short = ledger.would_afford(made.charges()) if made.charges() else None
    if short is not None:
        names = [n for f in made.families for n in f.serves()]
        refused += [Refused(name, short.rule or "P3", str(short)) for name in names]
    priced = None if target is None else _target(target, allowed, context, setting)
    locked_in = str(budget_lock.write(context.root)) if lock and first is None else None
    return PlanReport(made, balances(ledger), tuple(refused), first, priced, locked_in)


def _target(
    target: int, segments: Sequence[Resolved], context: Context, setting: Setting
) -> dict[str, Any]:
    price = planner.price_of(target, segments, context.policy, setting)
    return {"patients": target, "epsilon": None if price is None else accounting.shown(price)}


# -- run -------------------------------------------------------------------------------------------


def run(context: Context, asked: Asked) -> RunReport:
    """Publish the segments' counts. What is stored is free; what is not is paid for first, all or nothing (P2, P6).

    Raises `PolicyError` (C14) before any data is read, `BudgetError` (P3 to P5) with nothing spent.
    """
    context.store.expect_engine()
    chosen = read_project(context.root, segments=asked.selection).chosen()
    wanted = asked.more(chosen, context.policy)
    snapshot, setting = setting_of(context, asked)
    with locked(context.store.lock("run")):
        made = planner.plan(wanted, context.policy, setting, shelf_of(context).find, asked.epsilon)
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
    shelf_of(context).put(context.actor.account, releases, family.serves())
    return releases


# -- reports ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reports(Documented):
    """The files of release reports, by segment and kind (json, csv, html)."""

    files: dict[str, dict[str, Path]]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: absolute paths."""
        return {
            "reports": [
                {"segment": name, **{kind: str(path) for kind, path in made.items()}}
                for name, made in self.files.items()
            ]
        }


def reports(
    context: Context, selection: Sequence[str] | None, folder: Path | None, language: str
) -> Reports:
    """Write the report of every selected segment's latest release. Made of released numbers, so it costs nothing.

    Raises `Refusal` (P6) for a segment that has no release yet.
    """
    target = folder or context.home / "reports"
    target.mkdir(parents=True, exist_ok=True)
    made: dict[str, dict[str, Path]] = {}
    for segment in read_project(context.root, segments=selection).chosen():
        found = latest_release(context, segment)
        if found is None:
            rule, msg = "P6", f"the segment `{segment.name}` has no release that is young enough"
            raise Refusal(rule, msg, hint=f"run `segmenter run {segment.name}` first")
        titles = context.policy.purposes[segment.segment.purpose].title
        title = titles.get(language) or next(iter(titles.values()), None)
        made[segment.name] = report.write(
            target, read_off(segment, found, context.policy, stored=True), title, language
        )
    return Reports(made)


def latest_release(context: Context, segment: Resolved) -> Release | None:
    """The newest release of the segment's own table, on whatever snapshot, under the policy in force, while it is young enough (P6)."""
    key = table_key(Family.of(segment), segment.dimensions, context.policy.deciding_hash())
    return shelf_of(context).latest(key, context.now(), context.policy.release.max_age_days)
