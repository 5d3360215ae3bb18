"""`exposed`: who was in a file that leaked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.governance import exposure
from segmenter.workflows.decisions import opened
from segmenter.workflows.places import registry_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.governance.exposure import Exposed


def exposed(context: Context, export: str) -> Exposed:
    """Who was in an exported file. For officers."""
    registry = registry_of(context)
    with registry.alone():
        snapshot = context.store.current(context.journal)
        with opened(context, snapshot) as place:
            return exposure.exposed(
                place.engine,
                registry,
                context.policy,
                place.tables["identity"],
                export,
                context.now(),
            )
