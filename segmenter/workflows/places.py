"""Where, by whom and under what files of exports, recalls and erasures are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from segmenter.export import register
from segmenter.journal.journal import locked

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.export.register import Place
    from segmenter.model import Snapshot


def place_of(context: Context, snapshot: Snapshot) -> Place:
    """Where, by whom and under what an export, a recall or an erasure is made."""
    policy = context.policy
    return register.Place(
        context.home,
        context.keys,
        context.journal,
        context.actor,
        snapshot,
        policy.deciding_hash(),
        policy.region,
        int(policy.retention.get("exports", register.FILE_DAYS)),
        policy.unsubscribe_url,
    )


@contextmanager
def everything_still(context: Context) -> Iterator[None]:
    """No ingest and no export while files are written anew."""
    with locked(context.store.lock("ingest")), register.alone(context.home, context.journal):
        yield
