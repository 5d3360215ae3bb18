"""`plan`: what a run would measure, what it costs, which error to expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.errors import PolicyError, SegmenterError, UsageError
from segmenter.model import Clocks
from segmenter.planning import budget_lock, planner, target_price
from segmenter.project.family import Setting
from segmenter.project.folder import read_project
from segmenter.render.report import plan_html
from segmenter.workflows.answers import answers_of
from segmenter.workflows.budget import balances, ledger_of
from segmenter.workflows.request import WorkloadRequest, setting_of, warnings_of

if TYPE_CHECKING:
    import polars as pl

    from segmenter.budget.ledger import Ledger
    from segmenter.context import Context
    from segmenter.planning.release_plan import ReleasePlan
    from segmenter.project.check import Warned
    from segmenter.project.segment import Resolved


@dataclass(frozen=True, slots=True)
class Refused:
    """A segment that may not be counted, and which rule says so."""

    segment: str
    rule: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """The contract's object."""
        return {
            "segment": self.segment,
            "rule": self.rule,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What a run would measure, what it costs, which error to expect, which segments are refused.

    Nothing was spent.
    """

    plan: ReleasePlan
    budgets: tuple[dict[str, Any], ...]
    refused: tuple[Refused, ...]
    error: SegmenterError | None = None
    target: dict[str, Any] | None = None
    lock: str | None = None
    warnings: tuple[Warned, ...] = ()

    @property
    def exit_status(self) -> int:
        """3 if the policy refuses a segment."""
        if self.error is None:
            return 0
        return self.error.exit_status

    def to_dict(self) -> dict[str, Any]:
        """The contract's document."""
        document: dict[str, Any] = {
            **self.plan.to_dict(),
            "budgets": list(self.budgets),
            "refused": [r.to_dict() for r in self.refused],
            "warnings": [warned.to_dict() for warned in self.warnings],
        }
        if self.target is not None:
            document["target"] = self.target
        if self.lock is not None:
            document["lock"] = self.lock
        if self.error is not None:
            document["error"] = self.error.to_dict()
        return document

    def to_polars(self) -> pl.DataFrame:
        """One row a table to measure."""
        frame: pl.DataFrame = self.plan.to_polars()
        return frame

    def _repr_html_(self) -> str:
        return plan_html(self.to_dict())


def plan(
    context: Context, asked: WorkloadRequest, target: int | None = None, *, lock: bool = False
) -> PlanReport:
    """What a run of the same words would measure and cost. Reads no patient data, spends nothing.

    Segments that the policy refuses are told with their rule; the report's exit status is then 3.
    `target` asks what an error of so many patients would cost. `lock` writes `budgets.lock`.
    """
    allowed, refused, first_error = _selected(context, asked)
    setting = _setting(context, asked, lock=lock)
    ledger = ledger_of(context)
    workload = (*allowed, *asked.extra_tables(allowed, context.policy))
    find = answers_of(context).find
    release_plan = planner.plan(workload, context.policy, setting, find, asked.epsilon)
    refused += _unaffordable(ledger, release_plan)
    priced = None if target is None else _price_of(target, allowed, context, setting)
    lock_file = None
    if lock and first_error is None:
        lock_file = str(budget_lock.write(context.root))
    return PlanReport(
        plan=release_plan,
        budgets=balances(ledger),
        refused=tuple(refused),
        error=first_error,
        target=priced,
        lock=lock_file,
        warnings=warnings_of(allowed),
    )


def _setting(context: Context, asked: WorkloadRequest, *, lock: bool) -> Setting:
    """The setting of the plan. A lock needs none: it may be written on a machine without data."""
    try:
        _, setting = setting_of(context, asked)
    except UsageError:
        if not lock:
            raise
        now = context.now()
        setting = Setting("", context.policy.deciding_hash(), Clocks(now, now))
    return setting


def _selected(
    context: Context, asked: WorkloadRequest
) -> tuple[list[Resolved], list[Refused], PolicyError | None]:
    """The selected segments that the policy allows, those it refuses, and the first refusal."""
    project = read_project(context.root, segments=asked.selection)
    if not project.selected:
        project.chosen()  # says that nothing is selected
    allowed: list[Resolved] = []
    refused: list[Refused] = []
    first_error: PolicyError | None = None
    for name in project.selected:
        try:
            allowed.append(project.resolved(name))
        except PolicyError as error:
            first_error = first_error or error
            refused.append(Refused(name, error.rule or "C14", str(error)))
    return allowed, refused, first_error


def _unaffordable(ledger: Ledger, release_plan: ReleasePlan) -> list[Refused]:
    """The segments that need a new release, if the budgets do not allow all of them together."""
    charges = release_plan.charges()
    error = ledger.would_afford(charges) if charges else None
    if error is None:
        return []
    refused = []
    for family in release_plan.families:
        for name in family.serves():
            refused.append(Refused(name, error.rule or "P3", str(error)))
    return refused


def _price_of(
    patients: int, segments: Sequence[Resolved], context: Context, setting: Setting
) -> dict[str, Any]:
    """The epsilon whose predicted error is at most so many patients; None if no epsilon will do."""
    price = target_price.price_of(patients, segments, context.policy, setting)
    epsilon = None
    if price is not None:
        epsilon = accounting.shown(price)
    return {"patients": patients, "epsilon": epsilon}
