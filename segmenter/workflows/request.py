"""What `plan` and `run` are asked for, and on which snapshot, at which clocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from segmenter.model import Snapshot
from segmenter.planning import extra_tables
from segmenter.project.family import Setting
from segmenter.workflows.decisions import clocks_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.project.policy import Policy
    from segmenter.project.segment import Resolved


@dataclass(frozen=True, slots=True)
class WorkloadRequest:
    """What a job asks for: segments by name, glob or tag (None: all), the clocks, an epsilon that overrides what segments ask.

    `tables` are extra tables, each dimensions with commas between them, measured together with the
    segments that may read them (P14).
    """

    selection: Sequence[str] | None = None
    as_of: datetime | None = None
    known_at: datetime | None = None
    epsilon: str | None = None
    tables: tuple[str, ...] = ()

    def more(self, chosen: Sequence[Resolved], policy: Policy) -> tuple[Resolved, ...]:
        """The segments, and behind them the extra tables."""
        return (
            *chosen,
            *extra_tables.asked(
                chosen, [extra_tables.parsed(table, policy) for table in self.tables], policy
            ),
        )


def snapshot_at(context: Context, known_at: datetime | None) -> Snapshot:
    """The newest snapshot, or the one that was current at an earlier `known_at`; refused where that one is gone."""
    newest = context.store.current(context.journal)
    return (
        newest
        if known_at is None or known_at >= newest.taken_at
        else context.store.known(context.journal, known_at)
    )


def setting_of(context: Context, asked: WorkloadRequest) -> tuple[Snapshot, Setting]:
    """The snapshot and the setting of a question: its clocks are the snapshot's moment where nothing is said (P6)."""
    snapshot = snapshot_at(context, asked.known_at)
    return snapshot, Setting(
        snapshot.id,
        context.policy.deciding_hash(),
        clocks_of(snapshot, asked.as_of, asked.known_at),
    )
