"""`exposed`: who was in a file that leaked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.export import recall as recalls
from segmenter.export import register
from segmenter.workflows.decisions import opened
from segmenter.workflows.places import place_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.export.recall import Exposed


def exposed(context: Context, export: str) -> Exposed:
    """Who was in an exported file. For officers."""
    context.require_officer("see who was in an exported file")
    snapshot = context.store.current(context.journal)
    with register.alone(context.home, context.journal), opened(context, snapshot) as engine:
        return recalls.exposed(
            engine, place_of(context, snapshot), context.policy, export, context.now()
        )
