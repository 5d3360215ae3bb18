"""`discover`: what the published numbers of a segment suggest (P18)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.budget import accounting
from segmenter.consent import gate as consent
from segmenter.errors import Refusal, UsageError
from segmenter.journal.journal import locked
from segmenter.learning import discover as learning
from segmenter.model import Clocks, Framed
from segmenter.project.family import Family
from segmenter.project.folder import read_project
from segmenter.release import cube
from segmenter.workflows.answers import latest_release
from segmenter.workflows.budget import ledger_of
from segmenter.workflows.decisions import decided

if TYPE_CHECKING:
    import polars as pl

    from segmenter.context import Context
    from segmenter.learning.discover import Model, Proposal, Toward
    from segmenter.project.segment import Resolved


@dataclass(frozen=True, slots=True)
class Discovery(Framed):
    """Proposals of segments, best first, for a person to judge; `spent` is the epsilon that was paid for them (nano)."""

    proposals: tuple[Proposal, ...]
    spent: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "proposals": [p.to_dict() for p in self.proposals],
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

    Without `epsilon` they come from its latest release and cost nothing; with it a private model is
    paid for, then fitted. Raises `Refusal` (P6) where there is no release yet, `UsageError` where
    there is no snapshot, or where a model is asked for without saying what to look for.
    """
    (segment,) = read_project(context.root, segments=(name,)).chosen()
    context.store.current(context.journal)
    goal = None if toward is None else learning.toward(toward, context.policy)
    if epsilon is None:
        found = latest_release(context, segment)
        if found is None:
            rule, msg = "P6", f"the segment `{name}` has no release that is young enough"
            raise Refusal(rule, msg, hint=f"run `segmenter run {name}` first")
        return Discovery(learning.propose(found, goal))
    if goal is None:
        msg = "a model has to know what to look for"
        raise UsageError(msg, hint="say --toward \"DIMENSION = 'VALUE'\"")
    model = _modelled(context, segment, goal, accounting.asked_nano(epsilon))
    return Discovery(learning.propose_private(model), model.epsilon)


def _modelled(context: Context, segment: Resolved, goal: Toward, epsilon: int) -> Model:
    family = Family.of(segment)
    dimensions = [context.policy.dimensions[d] for d in segment.dimensions]
    snapshot = context.store.current(context.journal)
    clocks = Clocks(snapshot.taken_at, snapshot.taken_at)
    request = family.request(clocks)
    consent.check(context.policy, request)
    with locked(context.store.lock("run")):
        cost = accounting.geometric(epsilon)
        spend = ledger_of(context).spend(
            context.actor.account, family.purpose, f"model of {segment.name}", cost
        )
        with decided(context, snapshot, clocks) as engine:
            counted = cube.count(
                engine, dimensions, consent.gate(engine, context.policy, snapshot, request), spend
            )
        return learning.fit_private(counted, dimensions, family, goal)
