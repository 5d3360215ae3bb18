"""`forget`: one person is erased from everything, and the erasure is proven."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from segmenter.erasure import tombstones
from segmenter.erasure.erase import Eraser
from segmenter.export import recall
from segmenter.registers.entries import FORGOTTEN, SuppressionEntry
from segmenter.workflows.places import everything_still, registry_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.erasure.erase import Forgotten
    from segmenter.model import Snapshot


def forget(context: Context, patient_id: str, *, confirmed: bool = False) -> Forgotten:
    """Erase a person, recall them from every destination, and prove that nothing is left.

    An officer has to confirm it if others share an address of the person (S8).
    """
    with everything_still(context):
        forgotten = _eraser(context).forget(patient_id, context.now(), confirmed=confirmed)
        _drop_states(context)
    return forgotten


def finish_erasures(context: Context) -> None:
    """Finish what a killed erasure left: every file that still holds somebody is written anew."""
    has_snapshot = bool(context.store.snapshots(context.journal))
    if has_snapshot and tombstones.unfinished(context.journal.read(FORGOTTEN, tombstones.DONE)):
        with everything_still(context):
            _eraser(context).finish()
            _drop_states(context)


def _eraser(context: Context) -> Eraser:
    """An eraser that recalls people from exports."""
    registry = registry_of(context)
    snapshot = context.store.current(context.journal)
    return Eraser(
        engines=context.store.engine,
        registry=registry,
        in_use=snapshot.id,
        recall=lambda stones: _recall(context, snapshot, stones),
        waiting=lambda: recall.waiting_files(registry),
    )


def _recall(
    context: Context, snapshot: Snapshot, stones: Sequence[SuppressionEntry]
) -> Sequence[str]:
    """Recall the erased from every export."""
    with context.store.engine() as engine:
        return recall.issue_erased(
            engine,
            registry_of(context),
            snapshot,
            engine.attach(snapshot.path),
            context.policy.destinations,
            stones,
            context.now(),
        )


def _drop_states(context: Context) -> None:
    """Decisions are derived; they are made again without whoever is gone."""
    for path in (context.home / "states").glob("*.duckdb"):
        path.unlink(missing_ok=True)
