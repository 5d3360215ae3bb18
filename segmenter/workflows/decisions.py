"""An engine on one snapshot, with everyone's decisions at two clocks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from segmenter.consent import state
from segmenter.consent.follow import SNAPSHOT
from segmenter.errors import UsageError
from segmenter.journal.journal import locked
from segmenter.model import Clocks
from segmenter.sources import matches
from segmenter.suppression import suppression_list

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from segmenter.context import Context
    from segmenter.engine import DuckDBEngine, Tables
    from segmenter.model import Snapshot

SHOWN = ("person", "linked_patient")
FORM = ("aside", "consent")  # tables that tell by which version a snapshot was written
TOUCHED = "touched"  # the snapshot's list of patients whose rows an ingest added to


def _nothing(_engine: DuckDBEngine) -> None:
    """Nothing is done before."""


@contextlib.contextmanager
def decided(
    context: Context,
    snapshot: Snapshot,
    clocks: Clocks,
    *,
    writes: bool = False,
    before: Callable[[DuckDBEngine], None] = _nothing,
    reads: Sequence[str] | None = None,
) -> Iterator[DuckDBEngine]:
    """An engine with the snapshot's tables and `person` as decided at `clocks`.

    External access is off from here on, unless the caller `writes` files of its own; then the
    suppression list is there too. `before` is called while no row was read yet: the moment to look
    at the names of columns, and to pay (P2). Of the snapshot's tables the caller `reads` only these
    (None: all): if a state answers as it stands, no other is given a name.
    """
    stands = not writes and _stands(context, snapshot, clocks)
    with reading(context, snapshot, reads if stands else None) as engine:
        before(engine)
        decide(context, engine, snapshot, clocks, writes=writes)
        yield engine


def _stands(context: Context, snapshot: Snapshot, clocks: Clocks) -> bool:
    """Whether a state answers for these clocks as it stands: they are its own."""
    return (
        _own(context, snapshot, clocks)
        and context.store.state_path(snapshot, state.mark(context.policy)).is_file()
    )


def _own(context: Context, snapshot: Snapshot, clocks: Clocks) -> bool:
    """Whether they are the clocks of a snapshot that no later one has added events to."""
    own = clocks == Clocks(snapshot.taken_at, snapshot.taken_at)
    return own and _newest(context).id == snapshot.id


def _newest(context: Context) -> Snapshot:
    return context.store.current(context.journal)


def known_tables(context: Context, engine: DuckDBEngine, snapshot: Snapshot) -> Tables:
    """An earlier snapshot's tables, with every consent event that is known of.

    Events follow their own `recorded_at`; facts without a date are those of the snapshot.
    """
    tables = engine.named()
    newest = _newest(context)
    if newest.id == snapshot.id:
        return tables
    newer = engine.attach(newest.path)
    reads = tables | {"newest_consent": newer["consent"]}
    known = engine.make("consent_known", reads=reads)
    return tables | {"consent": known, "identity": newer["identity"]}


def decide(
    context: Context,
    engine: DuckDBEngine,
    snapshot: Snapshot,
    clocks: Clocks,
    *,
    writes: bool = False,
) -> None:
    """Give an engine of `reading` everyone's decisions, as `decided` has them."""
    if writes or not _stands(context, snapshot, clocks):
        _load_lists(context, engine)
    engine.attach(state.STATE, state_file(context, engine, snapshot))
    engine.expose(state.STATE, SHOWN)
    if writes or not _own(context, snapshot, clocks):  # else the state answers as it stands
        anew = _newest(context).id != snapshot.id
        if anew:
            engine.alias("consent", known_tables(context, engine, snapshot)["consent"])
        state.ask_at(engine, context.policy, snapshot, clocks, context.progress, anew=anew)
    if not writes:
        engine.lock_down()


@contextlib.contextmanager
def opened(context: Context, snapshot: Snapshot) -> Iterator[DuckDBEngine]:
    """An engine with a snapshot's tables, the suppression list and the erasures. Decides nobody."""
    with reading(context, snapshot) as engine:
        _load_lists(context, engine)
        yield engine


@contextlib.contextmanager
def reading(
    context: Context, snapshot: Snapshot, names: Sequence[str] | None = None
) -> Iterator[DuckDBEngine]:
    """An engine with a snapshot's tables (None: all of them); nothing else is read yet."""
    if snapshot.time_zone != context.policy.time_zone:
        msg = "the policy's time_zone is not the one the snapshot was read in"
        raise UsageError(msg, hint="run `segmenter ingest`")
    with context.store.reading(snapshot, None if names is None else {*names, *FORM}) as engine:
        if not engine.has("aside") or "evidenced" not in engine.columns("consent"):
            msg = "the snapshot was written by an earlier version of segmenter"
            raise UsageError(
                msg, hint="run `segmenter ingest`; moments before it cannot be asked about any more"
            )
        if names is None and not matches.trusted(engine, engine.table("meta")):
            engine.forget(matches.MATCHED)  # then they are made when they are needed
        yield engine


def _load_lists(context: Context, engine: DuckDBEngine) -> None:
    acts = context.journal.read()
    file = suppression_list.imported_file(context.home, acts)
    if file is not None and not file.is_file():  # two imports came meanwhile
        acts = context.journal.read()
    listed = suppression_list.load(engine, context.home, acts, engine.table("suppression"))
    for name, table in listed.without("suppression").items():
        engine.alias(name, table)
    engine.make("erased", "erased_now")


def state_file(
    context: Context, engine: DuckDBEngine, snapshot: Snapshot, previous: Path | None = None
) -> Path:
    """The file of decisions of a snapshot under the policy in force; made if it is missing."""
    path = context.store.state_path(snapshot, state.mark(context.policy))
    with locked(context.store.lock("state")):
        if not path.is_file():
            state.settle(
                engine,
                context.policy,
                snapshot,
                path,
                previous=previous,
                progress=context.progress,
            )
    return path


def settle(context: Context, snapshot: Snapshot, before: Snapshot | None = None) -> None:
    """Decide everyone of a new snapshot.

    If the state of `before` may be followed, only those who were touched are decided.
    """
    followed = (
        None if before is None else context.store.state_path(before, state.mark(context.policy))
    )
    usable = followed is not None and followed.is_file()
    with opened(context, snapshot) as engine:
        if usable:
            engine.alias("changed", f"{SNAPSHOT}.{TOUCHED}")
        state_file(context, engine, snapshot, followed if usable else None)


def clocks_of(snapshot: Snapshot, as_of: datetime | None, known_at: datetime | None) -> Clocks:
    """The clocks asked for; each is the snapshot's moment if nothing is said (P6)."""
    return Clocks(as_of or snapshot.taken_at, known_at or snapshot.taken_at)
