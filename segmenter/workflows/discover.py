"""`discover`: what the published numbers of a segment suggest (P18)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.consent import gate as consent
from segmenter.errors import UsageError
from segmenter.journal.journal import locked
from segmenter.learning.discover import propose
from segmenter.learning.goal import read_goal
from segmenter.learning.private_model import fit_private, propose_private
from segmenter.model import Clocks, Framed
from segmenter.project.family import Family
from segmenter.project.folder import read_project
from segmenter.release import cube
from segmenter.workflows.answers import required_release
from segmenter.workflows.budget import ledger_of
from segmenter.workflows.decisions import decided

if TYPE_CHECKING:
    import polars as pl

    from segmenter.context import Context
    from segmenter.learning.goal import Goal
    from segmenter.learning.private_model import Model
    from segmenter.learning.proposal import Proposal
    from segmenter.project.segment import Resolved


@dataclass(frozen=True, slots=True)
class Discovery(Framed):
    """Proposals of segments, best first, for a person to judge; `spent` is in nano-epsilon."""

    proposals: tuple[Proposal, ...]
    spent: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "proposals": [proposal.to_dict() for proposal in self.proposals],
            "spent": accounting.shown(self.spent),
        }

    def to_polars(self) -> pl.DataFrame:
        """One row a proposal: name, where, reason, lift, count."""
        import polars as pl

        rows = [(p.name, p.where, p.reason, p.lift, p.patients) for p in self.proposals]
        schema = {
            "name": pl.String,
            "where": pl.String,
            "reason": pl.String,
            "lift": pl.Float64,
            "count": pl.Int64,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")


def discover(context: Context, name: str, toward: str | None, epsilon: str | None) -> Discovery:
    """Conditions that stand out in a segment's population, over its own dimensions.

    Without `epsilon` they come from its latest release and cost nothing. With it a private model is
    paid for, then fitted. Raises `Refusal` (P6) if there is no release yet, `UsageError` if there
    is no snapshot or if a model is asked for without a goal.
    """
    (segment,) = read_project(context.root, segments=(name,)).chosen()
    context.newest_snapshot()  # refuses if nothing was ingested yet
    goal = None if toward is None else read_goal(toward, context.policy)
    if epsilon is None:
        return Discovery(propose(required_release(context, segment), goal))
    if goal is None:
        raise UsageError(
            "a model has to know what to look for", hint="say --toward \"DIMENSION = 'VALUE'\""
        )
    model = _private_model(context, segment, goal, accounting.asked_nano(epsilon))
    return Discovery(propose_private(model), model.epsilon)


def _private_model(context: Context, segment: Resolved, goal: Goal, epsilon: int) -> Model:
    """Pay, count, fit."""
    policy = context.policy
    family = Family.of(segment)
    dimensions = [policy.dimensions[name] for name in segment.dimensions]
    snapshot = context.newest_snapshot()
    clocks = Clocks(snapshot.taken_at, snapshot.taken_at)
    request = family.request(clocks)
    consent.check(policy, request)
    with locked(context.store.lock("run")):
        spend = ledger_of(context).spend(
            context.actor.account,
            family.purpose,
            f"model of {segment.name}",
            accounting.geometric(epsilon),
        )
        with decided(context, snapshot, clocks) as place:
            eligible = consent.gate(place.engine, policy, snapshot, place.decisions, request)
            counted = cube.count(place.engine, dimensions, eligible, spend)
        return fit_private(counted, dimensions, family, goal)
