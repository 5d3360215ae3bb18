"""`recall`: who left after an export is taken out of what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.consent import gate as consent
from segmenter.errors import PolicyError
from segmenter.export import recall as recalls
from segmenter.export import register
from segmenter.model import Clocks, ProcessingRequest
from segmenter.suppression import suppression_list
from segmenter.workflows.decisions import decided
from segmenter.workflows.places import place_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.engine import DuckDBEngine
    from segmenter.export.recall import Recalls
    from segmenter.export.register import Registered


def recall(context: Context) -> Recalls:
    """Make recalls for everyone who left after an export, and list all. Nobody is recalled from an export twice."""
    snapshot = context.store.current(context.journal)
    with register.alone(context.home, context.journal):
        now = context.now()
        if register.registered(context.journal.read()):
            with decided(context, snapshot, Clocks(now, now), writes=True) as engine:
                recalls.issue(
                    engine,
                    place_of(context, snapshot),
                    context.policy,
                    _decider(context, engine, Clocks(now, now)),
                    now,
                )
        return recalls.listed(context.home, context.journal.read(), now)


def _decider(context: Context, engine: DuckDBEngine, clocks: Clocks) -> recalls.Decide:
    """Who may be contacted for one export's question as of now."""

    def decide(one: Registered) -> None:
        request = ProcessingRequest(one.purpose, (one.channel,), one.topic, one.categories, clocks)
        try:
            consent.contactable(engine, context.policy, request, one.channel, ())
        except (
            PolicyError,
            KeyError,
        ):  # the policy allows it no more: nobody may be contacted for it
            engine.forget(["contactable"])
            engine.create("contactable", {"patient": "BIGINT"})
        suppression_list.suppressed(engine, one.channel, one.purpose, one.topic, clocks.as_of)

    return decide


def acknowledge(context: Context, recall_id: str) -> Recalls:
    """Note that a destination removed everyone of a recall."""
    recalls.acknowledge(context.home, context.journal, context.actor, recall_id)
    return recalls.listed(context.home, context.journal.read(), context.now())
