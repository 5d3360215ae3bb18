"""`recall`: who left after an export is taken out of what was sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from segmenter.consent import gate
from segmenter.errors import PolicyError
from segmenter.export import recall as recalls
from segmenter.model import Clocks, ProcessingRequest
from segmenter.suppression.suppression_list import ListQuestion, listed_addresses, suppressed
from segmenter.tables import Tables
from segmenter.workflows.decisions import decided
from segmenter.workflows.places import registry_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.engine import Table
    from segmenter.export.recall import Recalls
    from segmenter.registers.exports import RegisteredExport
    from segmenter.workflows.decisions import Decided


def recall(context: Context) -> Recalls:
    """Make recalls for everyone who left after an export, and list all.

    Nobody is recalled from an export twice. For officers and operators: that a recall exists tells
    of a person (P20).
    """
    registry = registry_of(context)
    with registry.alone():
        now = context.now()
        clocks = Clocks(now, now)
        snapshot = context.store.current(context.journal)
        if registry.exports():
            with decided(context, snapshot, clocks, writes=True) as place:
                decide = _decider(context, place, clocks)
                recalls.issue(
                    place.engine, registry, snapshot, place.tables, context.policy, decide, now
                )
        return recalls.listed(registry, now)


def _decider(
    context: Context, place: Decided, clocks: Clocks
) -> Callable[[RegisteredExport, Table], Tables]:
    """Who may be contacted for one export's question as of now."""
    engine = place.engine

    def decide(export: RegisteredExport, members: Table) -> Tables:
        question = ListQuestion(export.channel, export.purpose, export.topic, clocks.as_of)
        entries = place.tables["suppression_entry"]
        found = {
            "contactable": _contactable(context, place, export, clocks),
            "suppressed": suppressed(engine, place.tables, question),
            "recall_listed": listed_addresses(
                engine, entries, members, export.identifier, question
            ),
        }
        return Tables(found)

    return decide


def _contactable(
    context: Context, place: Decided, export: RegisteredExport, clocks: Clocks
) -> Table:
    """Who may be contacted; nobody, if the policy allows the export's question no more."""
    request = ProcessingRequest(
        export.purpose, (export.channel,), export.topic, export.categories, clocks
    )
    reach = gate.Reach(export.channel)
    try:
        return gate.contactable(place.engine, context.policy, place.decisions, request, reach)
    except (PolicyError, KeyError):
        return place.engine.create({"patient": "BIGINT"})


def acknowledge(context: Context, recall_id: str) -> Recalls:
    """Note that a destination removed everyone of a recall. For officers and operators."""
    registry = registry_of(context)
    recalls.acknowledge(registry, recall_id)
    return recalls.listed(registry, context.now())
