"""What `plan` and `run` are asked for, and on which snapshot, at which clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from segmenter.model import Snapshot
from segmenter.planning import extra_tables
from segmenter.project.check import Warned, inclusions
from segmenter.project.family import Setting
from segmenter.workflows.decisions import clocks_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.project.policy import Policy
    from segmenter.project.segment import Resolved


@dataclass(frozen=True, slots=True)
class WorkloadRequest:
    """What `plan` and `run` are asked for.

    `selection` names segments by name, glob or tag (None: all). `epsilon` overrides what the
    segments ask. `tables` are extra tables, each a text of dimensions with commas between them;
    they are measured together with the segments that may read them (P14).
    """

    selection: Sequence[str] | None = None
    as_of: datetime | None = None
    known_at: datetime | None = None
    epsilon: str | None = None
    tables: tuple[str, ...] = ()

    def extra_tables(self, segments: Sequence[Resolved], policy: Policy) -> tuple[Resolved, ...]:
        """The extra tables, as segments that everyone eligible is in."""
        tables = []
        for text in self.tables:
            tables.append(extra_tables.parsed(text, policy))
        return extra_tables.asked(segments, tables, policy)


def warnings_of(segments: Sequence[Resolved]) -> tuple[Warned, ...]:
    """What deserves a second look in the segments that are counted, and in those they use."""
    used = {part.name: part for segment in segments for part in segment.parts}
    return tuple(inclusions(used.values()))


def snapshot_at(context: Context, known_at: datetime | None) -> Snapshot:
    """The newest snapshot, or the one that was current at an earlier `known_at`.

    Refuses if that one is gone.
    """
    newest = context.newest_snapshot()
    if known_at is None or known_at >= newest.taken_at:
        return newest
    return context.store.known(context.journal, known_at)


def setting_of(context: Context, asked: WorkloadRequest) -> tuple[Snapshot, Setting]:
    """The snapshot and the setting of a question.

    The clocks are the snapshot's moment if nothing else is asked (P6).
    """
    snapshot = snapshot_at(context, asked.known_at)
    clocks = clocks_of(snapshot, asked.as_of, asked.known_at)
    setting = Setting(snapshot.id, context.policy.deciding_hash(), clocks)
    return snapshot, setting
