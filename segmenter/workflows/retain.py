"""`retain`: what was kept long enough is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.erasure import retain as retention
from segmenter.workflows.places import everything_still, registry_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.erasure.retain import Retained


def retain(context: Context) -> Retained:
    """Apply the policy's retention limits."""
    with everything_still(context):
        snapshots = context.store.snapshots(context.journal)
        return retention.retain(
            context.store.engine,
            registry_of(context),
            context.newest_snapshot(),
            context.policy.retention,
            {snapshot.id: snapshot.taken_at for snapshot in snapshots},
            context.now(),
        )
