"""The project's stored releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.project.family import Family, table_key
from segmenter.release.answers import Shelf

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.project.segment import Resolved
    from segmenter.release.publish import Release


def answers_of(context: Context) -> Shelf:
    """The project's stored answers."""
    return Shelf(context.home / "releases", context.keys, context.journal)


def latest_release(context: Context, segment: Resolved) -> Release | None:
    """The newest release of the segment's own table, on whatever snapshot, under the policy in force, while it is young enough (P6)."""
    key = table_key(Family.of(segment), segment.dimensions, context.policy.deciding_hash())
    return answers_of(context).latest(key, context.now(), context.policy.release.max_age_days)
