"""The control database: one append-only journal with one hash chain.

Many processes touch it at once.

SQLite in the project's private folder by default, PostgreSQL by `SEGMENTER_CONTROL_URL`. Every act
(spend, release, export, lift, ...) is one entry; budgets, registers and the trail are views of the
journal. Patients appear in it as keyed pseudonyms only.

An entry's hash is HMAC-SHA256 over the one before it and its own content. A journal that is
missing, behind one of its high-water marks (`marks`) or broken refuses (P4); `recovery` starts it
again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from segmenter.journal.database import JOURNAL, Database
from segmenter.journal.failures import broken, foreign
from segmenter.journal.high_water import GENESIS, MARK, Mark, Marks, locked
from segmenter.journal.moment import Moment, next_moment
from segmenter.model import stamp

if TYPE_CHECKING:
    from segmenter.private.keys import Keys

__all__ = ["JOURNAL", "MARK", "Act", "Journal", "JournalEntry", "locked"]

ANCHORED = (
    "anchored"  # in the entry before which high-water marks were first written at anchors: where
)

Act = tuple[str, str, Mapping[str, Any]]  # actor, kind, body


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One act in the journal.

    `body` is JSON-shaped and holds no patient's value and no exact count.
    """

    seq: int
    at: datetime
    actor: str
    kind: str
    body: Mapping[str, Any]
    hash: str


@dataclass(slots=True)
class Journal:
    """The journal of one project.

    `entries` are all verified entries, oldest first, kept in memory and extended under the lock of
    each append, so that a view is a fold over a list. `now` is the clock, given by the session;
    `deciding` is the moment of the entry that is being decided.
    """

    home: Path
    keys: Keys
    now: Callable[[], datetime]
    anchors: tuple[Path, ...] = ()
    url: str | None = None
    entries: list[JournalEntry] = field(default_factory=list, repr=False)
    deciding: Moment | None = None
    wait: Callable[[float], None] = field(default=time.sleep, repr=False)
    _kept: Database | None = field(default=None, repr=False)

    @property
    def is_deciding(self) -> bool:
        """Whether an entry is being decided: the database is held, and `entries` are all."""
        return self.deciding is not None

    @property
    def marks(self) -> Marks:
        """The journal's high-water marks."""
        return Marks(self.home, self.keys, self.anchors)

    # -- reading -----------------------------------------------------------------------------------

    def read(self, *kinds: str) -> list[JournalEntry]:
        """All entries (of these kinds), verified up to now.

        Raises `BudgetError` (P4) if the journal cannot be trusted.
        """
        marks = self.marks.read(self._used)
        with self.transaction(write=False) as connection:
            self._catch_up(connection)
        self._check(marks)
        if not kinds:
            return list(self.entries)
        return [entry for entry in self.entries if entry.kind in kinds]

    def forget(self) -> None:
        """Forget what was verified, so that the next reading verifies the whole chain anew."""
        self.entries.clear()

    # -- writing -----------------------------------------------------------------------------------

    def append(self, actor: str, kind: str, body: Mapping[str, Any]) -> JournalEntry:
        """Append one entry unconditionally; durable on return."""
        return self.decide(lambda _: (actor, kind, body))

    def decide(self, choose: Callable[[list[JournalEntry]], Act]) -> JournalEntry:
        """Append the entry that `choose` makes of all entries so far.

        Alone in the database while it chooses.

        An exception of `choose` appends nothing. With a clock earlier than the last entry, what
        spends or lets something out refuses (P5); what is accepted has the clock's time, too.

        Durable, and above the high-water mark, on return.
        """
        before = self.marks.read(self._used)
        known = len(self.entries)
        try:
            with self.transaction(write=True) as connection:
                self._catch_up(connection)
                self._check(before)
                known = len(self.entries)
                moment = self._begin()
                actor, kind, body = choose(self.entries)
                moment.require(kind)
                body = {**body, **self._anchored(), **moment.told()}
                entry = self.write(connection, (actor, kind, body), moment.at)
        except BaseException:
            del self.entries[known:]
            raise
        finally:
            self.deciding = None
        self.marks.raise_to((entry.seq, entry.hash))
        return entry

    def write(self, connection: sa.Connection, act: Act, at: datetime) -> JournalEntry:
        """Write the next entry within a transaction."""
        entry = self._next(*act, at)
        row = {
            "seq": entry.seq,
            "at": stamp(at),
            "actor": entry.actor,
            "kind": entry.kind,
            "body": _text(entry.body),
            "hash": entry.hash,
        }
        connection.execute(self.table.insert(), row)
        self.entries.append(entry)
        return entry

    def _begin(self) -> Moment:
        """Begin to decide: one reading of the clock, for the decision and for the entry."""
        last = self.entries[-1].at if self.entries else None
        self.deciding = next_moment(self.now, last, self.wait)
        return self.deciding

    def _next(self, actor: str, kind: str, body: Mapping[str, Any], at: datetime) -> JournalEntry:
        seq, before = 1, GENESIS
        if self.entries:
            last = self.entries[-1]
            seq, before = last.seq + 1, last.hash
        body = json.loads(_text(body))
        own_hash = self._hash(before, seq, stamp(at), actor, kind, _text(body))
        return JournalEntry(
            seq=seq,
            at=at,
            actor=actor,
            kind=kind,
            body=body,
            hash=own_hash,
        )

    # -- the chain ---------------------------------------------------------------------------------

    def _hash(self, before: str, *content: object) -> str:
        text = json.dumps([before, *content], ensure_ascii=False)
        return hmac.new(
            self.keys.derive("segmenter/journal/1"), text.encode(), hashlib.sha256
        ).hexdigest()

    def verified(self, row: Any, seq: int, before: str) -> JournalEntry | None:
        """A row as an entry, None if it is not the one that was appended at this place."""
        if (
            row.seq != seq
            or not all(isinstance(text, str) for text in row[1:])
            or not row.hash.isascii()
        ):
            return None
        expected = self._hash(before, seq, row.at, row.actor, row.kind, row.body)
        if not hmac.compare_digest(expected, row.hash):
            return None
        return JournalEntry(
            seq=seq,
            at=datetime.fromisoformat(row.at),
            actor=row.actor,
            kind=row.kind,
            body=json.loads(row.body),
            hash=row.hash,
        )

    def _catch_up(self, connection: sa.Connection) -> None:
        """Read and verify what was appended since last time.

        The last entry known is read again and must be unchanged.
        """
        known = self.entries[-1] if self.entries else None
        rows = self._rows(connection, 1 if known is None else known.seq)
        if known is not None:
            if not rows or rows[0].hash != known.hash:
                raise broken("the journal lost or changed entries", self.file())
            rows = rows[1:]
        before = GENESIS if known is None else known.hash
        fresh: list[JournalEntry] = []
        for row in rows:
            entry = self.verified(row, len(self.entries) + len(fresh) + 1, before)
            if entry is None:
                raise broken("the journal's hash chain does not verify", self.file())
            before = entry.hash
            fresh.append(entry)
        self.entries.extend(fresh)

    def _rows(self, connection: sa.Connection, first: int) -> Sequence[Any]:
        table = self.table
        wanted = sa.select(table).order_by(table.c.seq)
        if first > 1:
            wanted = wanted.where(table.c.seq >= first)
        return connection.execute(wanted).all()

    def _check(self, marks: Mapping[Path, Mark]) -> None:
        for seq, known in marks.values():
            if seq and not self.entries and self.file() is None and self._database().others():
                raise foreign()
            if seq > len(self.entries):
                msg = "the journal is missing, or older than its high-water mark"
                raise broken(msg, self.file())
            if seq and self.entries[seq - 1].hash != known:
                msg = "the journal is not the one its high-water mark belongs to"
                raise broken(msg, self.file())

        if any(not path.exists() for path in self._noted()):
            raise broken("a high-water mark that was written is missing from its anchor")

    def _noted(self) -> list[Path]:
        """The anchors whose marks the journal says were written.

        An anchor is known by its absolute path, or by its path from the project.
        """
        known = (
            {place for e in self.entries for place in e.body.get(ANCHORED, ())}
            if self.anchors
            else set()
        )
        return [path for path in self.anchors if known & set(self._places(path))]

    def _places(self, anchor: Path) -> list[str]:
        return [str(anchor), os.path.relpath(anchor, self.home)]

    def _anchored(self) -> Mapping[str, Any]:
        """What the next entry says of new anchors.

        Their marks are written first, so that one that disappears is missed (P4).
        """
        noted = self._noted()
        fresh = [path for path in self.anchors if path not in noted]
        for path in fresh:
            self.marks.begin(
                path,
                (self.entries[-1].seq, self.entries[-1].hash) if self.entries else (0, GENESIS),
            )
        if fresh:
            return {ANCHORED: [place for path in fresh for place in self._places(path)]}
        return {}

    def _used(self) -> bool:
        with self.transaction(write=False) as connection:
            return bool(
                connection.execute(sa.select(sa.func.count()).select_from(self.table)).scalar_one()
            )

    # -- the database ------------------------------------------------------------------------------

    def transaction(self, *, write: bool) -> AbstractContextManager[sa.Connection]:
        """One transaction, alone in the database if it writes; see `Database`."""
        return self._database().transaction(write=write)

    def file(self) -> Path | None:
        """The SQLite file; None on a server."""
        return self._database().file()

    def close(self) -> None:
        """Let go of the database."""
        self._database().close()

    def _database(self) -> Database:
        if self._kept is None:
            self._kept = Database(self.home, self._named, self._is_ours, self.url)
        return self._kept

    @property
    def table(self) -> sa.Table:
        """The table that the entries lie in."""
        return self._database().table

    def _named(self, project: str) -> str:
        return self.keys.pseudonym("project", project)[:16]

    def _is_ours(self, rows: Sequence[Any]) -> bool:
        """Whether any of these rows was written by this project, whatever became of the others."""
        before = GENESIS
        for row in rows:
            if self.verified(row, row.seq, before) is not None:
                return True
            before = str(row.hash)
        return False


def _text(body: Mapping[str, Any]) -> str:
    return json.dumps(
        body,
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )
