"""`recall`, `exposed`, `verify`, `retain`: what happens to a file after it left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.consent import gate as consent
from segmenter.erasure import retain
from segmenter.errors import PolicyError
from segmenter.export import manifest, recall, register
from segmenter.journal.journal import locked
from segmenter.model import Clocks, ProcessingRequest
from segmenter.suppression import suppression_list
from segmenter.workflows.decided import decided, opened
from segmenter.workflows.deliver import place_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.engine import DuckDBEngine
    from segmenter.erasure.retain import Retained
    from segmenter.export.manifest import Verified
    from segmenter.export.recall import Exposed, Recalls
    from segmenter.export.register import Registered


def recalls(context: Context) -> Recalls:
    """Make recalls for everyone who left after an export, and list all. Nobody is recalled from an export twice."""
    snapshot = context.store.current(context.journal)
    with register.alone(context.home, context.journal):
        now = context.now()
        if register.registered(context.journal.read()):
            with decided(context, snapshot, Clocks(now, now), writes=True) as engine:
                recall.issue(
                    engine,
                    place_of(context, snapshot),
                    context.policy,
                    _decider(context, engine, Clocks(now, now)),
                    now,
                )
        return recall.listed(context.home, context.journal.read(), now)


def _decider(context: Context, engine: DuckDBEngine, clocks: Clocks) -> recall.Decide:
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
    recall.acknowledge(context.home, context.journal, context.actor, recall_id)
    return recall.listed(context.home, context.journal.read(), context.now())


def exposed(context: Context, export: str) -> Exposed:
    """Who was in an exported file. For officers."""
    context.require_officer("see who was in an exported file")
    snapshot = context.store.current(context.journal)
    with register.alone(context.home, context.journal), opened(context, snapshot) as engine:
        return recall.exposed(
            engine, place_of(context, snapshot), context.policy, export, context.now()
        )


def verify(context: Context, file: Path) -> Verified:
    """Check a manifest's signature and its file."""
    return manifest.verify(file, context.keys)


def retained(context: Context) -> Retained:
    """Apply the policy's retention limits."""
    snapshot = context.store.current(context.journal)
    taken = {s.id: s.taken_at for s in context.store.snapshots(context.journal)}
    with everything_still(context):
        return retain.retain(
            context.store.engine,
            place_of(context, snapshot),
            context.policy.retention,
            taken,
            context.now(),
        )


@contextmanager
def everything_still(context: Context) -> Iterator[None]:
    """No ingest and no export while files are written anew."""
    with locked(context.store.lock("ingest")), register.alone(context.home, context.journal):
        yield
