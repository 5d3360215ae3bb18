"""`retain`: what was kept long enough is removed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from segmenter.erasure import retain as retention
from segmenter.errors import Refusal
from segmenter.workflows.places import everything_still, registry_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.erasure.retain import Retained


FAR = timedelta(days=8)  # later than the last entry, a clock may be wrong
CLOCK = "clock"  # the journal kind of an entry by which somebody vouches for the clock


def retain(context: Context, *, confirmed: bool = False) -> Retained:
    """Apply the policy's retention limits.

    A clock that is far ahead of the journal deletes nothing before somebody has `confirmed` it: an
    entry then says so, and what is deleted is old by the journal, too. Raises `Refusal` (P5).
    """
    _require_clock(context, confirmed=confirmed)
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


def _require_clock(context: Context, *, confirmed: bool) -> None:
    """Refuse a clock that is far ahead of the last entry, unless somebody vouches for it."""
    entries = context.journal.read()
    if not entries or context.now() - entries[-1].at <= FAR:
        return
    if not confirmed:
        raise Refusal(
            "P5",
            f"the clock is more than {FAR.days} days ahead of the last entry of the journal, "
            "and what is too old is deleted by it",
            hint="if the machine's clock is right, add --confirm",
        )
    context.record(CLOCK, {})
