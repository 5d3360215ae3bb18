"""Recovery of a journal that cannot be trusted: nobody who said no is forgotten (P4).

An officer's act. The chain continues from its longest verified beginning with a `recover` entry,
whose budgets the ledger counts as spent, and the marks start anew. What stands behind the damage,
or in a journal that an earlier recovery set aside, is offered to `choose`: what says no is written
again behind the `recover` entry. The database as it was stays beside it, for whoever looks into
what happened.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from segmenter.errors import BudgetError
from segmenter.journal.database import drop_strangers
from segmenter.journal.high_water import GENESIS, locked
from segmenter.journal.journal import Act, Journal, JournalEntry
from segmenter.model import stamp
from segmenter.private.files import copy, new_file

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "recover"
CONFIRMED = "confirm"  # an officer has looked at what a recovery kept and could not keep
ASIDE = ".aside-"


@dataclass(frozen=True, slots=True)
class Remnant:
    """An entry outside the verified beginning, as far as it can be read.

    `authentic` if its hash fits the row that stands before it: then nobody without the key wrote
    it, though something before it was changed or is gone.
    """

    seq: int
    at: str
    actor: str
    kind: str
    body: Mapping[str, Any] = field(repr=False)
    authentic: bool = False

    def act(self) -> Act:
        """The same act once more, with the time that it was recorded at."""
        body = {**self.body, "stamped": self.at}
        return self.actor, self.kind, body


Choose = Callable[[Sequence[JournalEntry], Sequence[Remnant]], Iterable[Act]]


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a recovery did. `complete`: every entry that was ever marked is in the chain again.

    `kept` counts the entries that were written again, by kind.
    """

    entry: JournalEntry
    kept: Mapping[str, int]
    complete: bool


def _nothing(_verified: Sequence[JournalEntry], _remnants: Sequence[Remnant]) -> Iterable[Act]:
    return ()


def recover(
    journal: Journal, actor: str, body: Mapping[str, Any], choose: Choose = _nothing
) -> Recovered:
    """Start again from what verifies, and from what `choose` keeps of the rest.

    Verified entries whose time lies in the future (the clock had been wrong) are carried over
    behind the `recover` entry, stamped now; `stamped` keeps their time.
    """
    with locked(journal.home / "recover.lock"):
        journal.forget()
        marked = _highest_mark(journal)
        now = journal.now().astimezone(UTC)
        file = journal.file()
        earlier = [] if file is None else list(_rows_set_aside(file))
        if file is None:
            _copy_table(journal, now)
        else:
            _copy_files(journal, file, now)
            earlier += _rows_set_aside(file, now)
        with journal.transaction(write=True) as connection:
            restart = _Restart(
                journal=journal,
                connection=connection,
                now=now,
                marked=marked,
                earlier=earlier,
            )
            recovered = restart.write((actor, KIND, body), choose)
        journal.marks.reset_to((recovered.entry.seq, recovered.entry.hash))
        return recovered


def _highest_mark(journal: Journal) -> int | None:
    """How far the journal had come by its marks; None if they cannot be read."""
    try:
        marks = journal.marks.read(lambda: True)
    except BudgetError:
        return None
    return max((seq for seq, _ in marks.values()), default=None)


@dataclass(frozen=True, slots=True)
class _Restart:
    """One restart of the chain, within a transaction.

    `marked` is how far the journal had come, None if nobody knows; `earlier` are the remnants of
    databases that were set aside.
    """

    journal: Journal
    connection: sa.Connection
    now: datetime
    marked: int | None
    earlier: Sequence[Remnant]

    def write(self, act: Act, choose: Choose) -> Recovered:
        """Cut the chain behind its verified beginning, and go on with `act` and what is kept."""
        table = self.journal.table
        in_order = sa.select(table).order_by(table.c.seq)
        rows = self.connection.execute(in_order).all()
        verified = _verified(self.journal, rows)
        sound, unsound = rows[: len(verified)], rows[len(verified) :]
        behind = _remnants(self.journal, unsound, sound)
        remnants = _distinct(verified, [*behind, *self.earlier])
        kept = list(choose(verified, remnants))
        future = self._cut(verified)
        is_whole = self.marked is not None and self.marked <= len(rows)
        complete = is_whole and not unsound
        actor, kind, body = act
        last = self._append((actor, kind, {**body, "complete": complete}))
        for entry in future:
            stamped = {**entry.body, "stamped": stamp(entry.at)}
            last = self._append((entry.actor, entry.kind, stamped))
        kinds: Counter[str] = Counter()
        for one in kept:
            last = self._append(one)
            kinds[one[1]] += 1
        return Recovered(
            entry=last,
            kept=kinds,
            complete=complete,
        )

    def _cut(self, verified: Sequence[JournalEntry]) -> list[JournalEntry]:
        """Leave what is verified and not of the future; returns what is of the future."""
        future = [entry for entry in verified if entry.at > self.now]
        entries = self.journal.entries
        entries[:] = verified[: len(verified) - len(future)]
        table = self.journal.table
        beyond = sa.or_(table.c.seq > len(entries), table.c.seq < 1)
        self.connection.execute(table.delete().where(beyond))
        return future

    def _append(self, act: Act) -> JournalEntry:
        return self.journal.write(self.connection, act, self.now)


def _verified(journal: Journal, rows: Sequence[Any]) -> list[JournalEntry]:
    """The longest beginning of the table that is a chain."""
    kept: list[JournalEntry] = []
    for seq, row in enumerate(rows, 1):
        entry = journal.verified(row, seq, kept[-1].hash if kept else GENESIS)
        if entry is None:
            break
        kept.append(entry)
    return kept


def _remnants(
    journal: Journal, rows: Sequence[Any], before: Sequence[Any] = ()
) -> Iterator[Remnant]:
    """The rows that can be read at all; each is authentic if it fits the row before it."""
    previous = before[-1].hash if before else GENESIS
    for row in rows:
        try:
            body = json.loads(row.body)
            seq = int(row.seq)
            texts = all(isinstance(text, str) for text in (row.at, row.actor, row.kind, row.hash))
        except (TypeError, ValueError):
            previous = str(row.hash)
            continue
        if texts and isinstance(body, dict):
            authentic = journal.verified(row, seq, previous) is not None
            yield Remnant(
                seq=seq,
                at=row.at,
                actor=row.actor,
                kind=row.kind,
                body=body,
                authentic=authentic,
            )
        previous = str(row.hash)


def _distinct(verified: Sequence[JournalEntry], remnants: Sequence[Remnant]) -> list[Remnant]:
    """The remnants that are not in the chain already, each once, oldest first."""
    known = {_content(entry.kind, entry.body) for entry in verified}
    distinct = []
    for remnant in sorted(remnants, key=lambda one: (one.at, one.seq)):
        content = _content(remnant.kind, remnant.body)
        if content not in known:
            known.add(content)
            distinct.append(remnant)
    return distinct


def _content(kind: str, body: Mapping[str, Any]) -> str:
    plain = dict(body)
    plain.pop("stamped", None)
    return json.dumps([kind, plain], sort_keys=True)


# -- setting aside ---------------------------------------------------------------------------------


def _names(file: Path) -> tuple[Path, Path, Path]:
    """The database and the files of SQLite beside it."""
    log = file.with_name(f"{file.name}-wal")
    index = file.with_name(f"{file.name}-shm")
    return file, log, index


def _copy_files(journal: Journal, file: Path, now: datetime) -> None:
    """Copy the SQLite files; those that cannot be opened are then removed."""
    journal.close()
    files = [one for one in _names(file) if one.exists()]
    for one in files:
        with new_file(one.with_name(f"{one.name}{ASIDE}{now:%Y%m%dT%H%M%S}")) as aside:
            copy(one, aside)
    drop_strangers(file)
    try:
        with journal.transaction(write=True) as connection:
            connection.execute(sa.select(journal.table)).all()
    except BudgetError:
        journal.close()
        for one in files:
            one.unlink(missing_ok=True)


def _rows_set_aside(file: Path, at: datetime | None = None) -> Iterator[Remnant]:
    """What can be read of databases that were set aside, at one moment or ever.

    Nothing in them is authentic by itself: the chain that it belonged to was broken.
    """
    moment = "*" if at is None else f"{at:%Y%m%dT%H%M%S}"
    for main in sorted(file.parent.glob(f"{file.name}{ASIDE}{moment}")):
        suffix = main.name.removeprefix(file.name)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            for name in _names(file):
                aside = name.with_name(f"{name.name}{suffix}")
                if aside.exists():
                    copy(aside, Path(folder) / name.name)
            yield from _rows_of(Path(folder) / file.name)


def _rows_of(file: Path) -> Iterator[Remnant]:
    """The rows of a database file, up to the first that cannot be read."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(file)) as database:
        rows = database.execute("SELECT seq, at, actor, kind, body FROM journal ORDER BY seq")
        for seq, moment, actor, kind, text in rows:
            with contextlib.suppress(TypeError, ValueError):
                body = json.loads(text)
                if isinstance(body, dict):
                    yield Remnant(
                        seq=int(seq),
                        at=str(moment),
                        actor=str(actor),
                        kind=str(kind),
                        body=body,
                    )


def _copy_table(journal: Journal, now: datetime) -> None:
    """Copy the table on the server."""
    table = journal.table
    aside = sa.Table(
        f"{table.name}_aside_{now:%Y%m%d_%H%M%S}",
        sa.MetaData(),
        *(sa.Column(c.name, c.type) for c in table.columns),
    )
    with journal.transaction(write=True) as connection:
        aside.create(connection, checkfirst=True)
        connection.execute(aside.insert().from_select(list(aside.columns), sa.select(table)))
