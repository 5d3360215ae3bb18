"""`forget`: one person is erased from everything, and the erasure is proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.erasure import erase
from segmenter.suppression.entry import FORGOTTEN
from segmenter.workflows.places import everything_still, place_of

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.erasure.erase import Forgotten


def forget(context: Context, patient_id: str) -> Forgotten:
    """Erase a person, recall them from every destination, and prove that nothing is left."""
    context.require_officer("erase a person")
    snapshot = context.store.current(context.journal)
    with everything_still(context):
        done = erase.forget(
            context.store.engine,
            place_of(context, snapshot),
            context.policy,
            patient_id,
            context.now(),
        )
        _drop_states(context)
    return done


def finish_erasures(context: Context) -> None:
    """Finish what a killed erasure left: every file that still holds somebody is written anew."""
    if erase.unfinished(context.journal.read(FORGOTTEN, erase.DONE)):
        snapshot = context.store.current(context.journal)
        with everything_still(context):
            erase.finish(context.store.engine, place_of(context, snapshot))
            _drop_states(context)


def _drop_states(context: Context) -> None:
    """Decisions are derived; they are made again without whoever is gone."""
    for path in (context.home / "states").glob("*.duckdb"):
        path.unlink(missing_ok=True)
