"""An engine on one snapshot, with everyone's decisions at two clocks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.consent import state
from segmenter.errors import UsageError
from segmenter.journal.journal import locked
from segmenter.model import Clocks
from segmenter.sources import matches
from segmenter.sources.policy_columns import require_kept
from segmenter.suppression import suppression_list

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from segmenter.context import Context
    from segmenter.engine import DuckDBEngine, Tables
    from segmenter.model import Snapshot

SETTLED = "settle"  # the journal kind of an entry that binds a state which was made anew
TOUCHED = "touched"  # the snapshot's list of patients whose rows an ingest added to


@dataclass(frozen=True, slots=True)
class Opened:
    """An engine, and the tables of a snapshot on it."""

    engine: DuckDBEngine
    tables: Tables


@dataclass(frozen=True, slots=True)
class Decided:
    """An engine with a snapshot and its decisions.

    `tables` are those of the snapshot, with `erased`; `state` those of its state. `decisions` are
    `person` and `linked_patient` at the clocks that were asked for.
    """

    engine: DuckDBEngine
    tables: Tables
    state: Tables
    decisions: Tables


def _nothing(_opened: Opened) -> None:
    """Nothing is done before."""


@contextlib.contextmanager
def decided(
    context: Context,
    snapshot: Snapshot,
    clocks: Clocks,
    *,
    writes: bool = False,
    before: Callable[[Opened], None] = _nothing,
) -> Iterator[Decided]:
    """An engine with a snapshot, decided at `clocks`.

    External access is off from here on, unless the caller `writes` files of its own; then the
    suppression list is there too. `before` is called while no row was read yet: the moment to look
    at the names of columns, and to pay (P2).
    """
    with reading(context, snapshot) as found:
        if not _stands(context, snapshot, clocks):
            require_kept(found.engine, found.tables, context.policy)
        before(found)
        yield decide(context, found, snapshot, clocks, writes=writes)


def decide(
    context: Context, found: Opened, snapshot: Snapshot, clocks: Clocks, *, writes: bool = False
) -> Decided:
    """Everyone's decisions, as `decided` has them."""
    engine = found.engine
    stands = not writes and _stands(context, snapshot, clocks)
    tables = _with_own_erasures(found) if stands else _with_lists(context, found)
    settled = engine.attach(state_file(context, Opened(engine, tables), snapshot))
    decisions = settled.only(*state.SHOWN)
    if writes or not _own(context, snapshot, clocks):
        anew = _newest(context).id != snapshot.id
        if anew:
            known = known_tables(context, Opened(engine, tables), snapshot)
            tables |= known.only("consent")
        decisions = state.decisions_at(
            engine, context.policy, snapshot, tables, settled, clocks, context.progress, anew=anew
        )
    if not writes:
        engine.lock_down()
    return Decided(engine, tables, settled, decisions)


def require_columns(context: Context, snapshot: Snapshot) -> None:
    """Refuse a snapshot that lacks a column which the policy reads: before anything is paid (P2).

    A state that was made under the policy in force needed all of them, so it is asked first.
    """
    if context.store.state_path(snapshot, state.mark(context.policy)).is_file():
        return
    with reading(context, snapshot) as found:
        require_kept(found.engine, found.tables, context.policy)


def _stands(context: Context, snapshot: Snapshot, clocks: Clocks) -> bool:
    """Whether a state answers for these clocks as it stands: they are its own."""
    if not _own(context, snapshot, clocks):
        return False
    path = context.store.state_path(snapshot, state.mark(context.policy))
    return context.bound.is_bound(path)


def _own(context: Context, snapshot: Snapshot, clocks: Clocks) -> bool:
    """Whether they are the clocks of a snapshot that no later one has added events to."""
    own = Clocks(snapshot.taken_at, snapshot.taken_at)
    if clocks != own:
        return False
    return _newest(context).id == snapshot.id


def _newest(context: Context) -> Snapshot:
    return context.store.current(context.journal)


def known_tables(context: Context, found: Opened, snapshot: Snapshot) -> Tables:
    """An earlier snapshot's tables, with every consent event that is known of.

    Events follow their own `recorded_at`; facts without a date are those of the snapshot.
    """
    newest = _newest(context)
    if newest.id == snapshot.id:
        return found.tables
    newer = found.engine.attach(newest.path)
    reads = found.tables | {"newest_consent": newer["consent"]}
    known = found.engine.make("consent_known", reads=reads)
    return found.tables | {"consent": known, "identity": newer["identity"]}


# -- snapshots and lists ---------------------------------------------------------------------------


@contextlib.contextmanager
def opened(context: Context, snapshot: Snapshot) -> Iterator[Opened]:
    """An engine with a snapshot's tables, the suppression list and the erasures. Decides nobody."""
    with reading(context, snapshot) as found:
        yield Opened(found.engine, _with_lists(context, found))


@contextlib.contextmanager
def reading(context: Context, snapshot: Snapshot) -> Iterator[Opened]:
    """An engine with a snapshot's tables; nothing else is read yet."""
    if snapshot.time_zone != context.policy.time_zone:
        msg = "the policy's time_zone is not the one the snapshot was read in"
        raise UsageError(msg, hint="run `segmenter ingest`")
    with context.store.engine() as engine:
        tables = engine.attach(snapshot.path)
        if "aside" not in tables or "evidenced" not in engine.columns(tables["consent"]):
            msg = "the snapshot was written by an earlier version of segmenter"
            raise UsageError(
                msg, hint="run `segmenter ingest`; moments before it cannot be asked about any more"
            )
        yield Opened(engine, tables)


def _with_lists(context: Context, found: Opened) -> Tables:
    """The tables with the suppression list and the erasures as of now."""
    engine, tables = found.engine, found.tables
    if not matches.trusted(engine, tables["meta"]):
        tables = tables.without(*matches.MATCHED)  # then they are made when they are needed
    acts = context.journal.read()
    file = suppression_list.imported_file(context.home, acts)
    if file is not None and not file.is_file():  # two imports came meanwhile
        acts = context.journal.read()
    tables |= suppression_list.load(engine, context.home, acts, tables["suppression"])
    return tables | {"erased": engine.make("erased", reads=tables)}


def _with_own_erasures(found: Opened) -> Tables:
    """The tables with the erasures that the snapshot itself knows, which its state was told."""
    listed = {"suppression_entry": found.tables["suppression"]}
    erased = found.engine.view("erased", reads=found.tables | listed)
    return found.tables | {"erased": erased}


# -- states ----------------------------------------------------------------------------------------


def state_file(context: Context, found: Opened, snapshot: Snapshot) -> Path:
    """The file of decisions of a snapshot under the policy in force.

    It is made if it is missing, or not the one that the journal has.
    """
    path = context.store.state_path(snapshot, state.mark(context.policy))
    with locked(context.store.lock("state")):
        if not context.bound.is_bound(path):
            _settle(context, found, snapshot, path)
            context.journal.append(context.actor.account, SETTLED, context.bound.files(path))
    return path


def settle(context: Context, snapshot: Snapshot, before: Snapshot | None = None) -> Path:
    """Decide everyone of a new snapshot; gives the file, which the journal does not have yet.

    If the state of `before` may be followed, only those who were touched are decided.
    """
    mark = state.mark(context.policy)
    path = context.store.state_path(snapshot, mark)
    with opened(context, snapshot) as found, locked(context.store.lock("state")):
        followed = None
        if before is not None:
            earlier = context.store.state_path(before, mark)
            if context.bound.is_bound(earlier):
                followed = state.Before(earlier, found.tables[TOUCHED])
        _settle(context, found, snapshot, path, followed)
    return path


def _settle(
    context: Context,
    found: Opened,
    snapshot: Snapshot,
    path: Path,
    before: state.Before | None = None,
) -> None:
    state.settle(
        found.engine,
        context.policy,
        snapshot,
        found.tables,
        path,
        before=before,
        progress=context.progress,
    )


def clocks_of(snapshot: Snapshot, as_of: datetime | None, known_at: datetime | None) -> Clocks:
    """The clocks asked for; each is the snapshot's moment if nothing is said (P6)."""
    taken_at = snapshot.taken_at
    return Clocks(as_of or taken_at, known_at or taken_at)
