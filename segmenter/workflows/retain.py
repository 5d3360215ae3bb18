"""`retain`: what was kept long enough is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.erasure import retain as retention
from segmenter.workflows.places import everything_still, place_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.erasure.retain import Retained


def retain(context: Context) -> Retained:
    """Apply the policy's retention limits."""
    snapshot = context.store.current(context.journal)
    taken = {s.id: s.taken_at for s in context.store.snapshots(context.journal)}
    with everything_still(context):
        return retention.retain(
            context.store.engine,
            place_of(context, snapshot),
            context.policy.retention,
            taken,
            context.now(),
        )
