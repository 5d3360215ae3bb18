"""`plan`: what a run would measure, what it costs, which error to expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.errors import PolicyError, SegmenterError
from segmenter.planning import budget_lock, planner
from segmenter.project.family import Setting
from segmenter.project.folder import read_project
from segmenter.workflows.answers import answers_of
from segmenter.workflows.budget import balances, ledger_of
from segmenter.workflows.request import WorkloadRequest, setting_of

if TYPE_CHECKING:
    import polars as pl

    from segmenter.context import Context
    from segmenter.planning.planner import ReleasePlan
    from segmenter.project.segment import Resolved


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


def plan(
    context: Context, asked: WorkloadRequest, target: int | None = None, *, lock: bool = False
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
    answers, ledger = answers_of(context), ledger_of(context)
    made = planner.plan(
        asked.more(allowed, context.policy), context.policy, setting, answers.find, asked.epsilon
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
