"""The control database: one append-only journal with one hash chain, touched by many processes at once.

SQLite in the project's private folder by default, PostgreSQL by `SEGMENTER_CONTROL_URL`. Every act (spend, release, export, lift, ...)
is one entry; budgets, registers and the trail are views of the journal. Patients appear in it as keyed pseudonyms only.

An entry's hash is HMAC-SHA256 over the one before it and its own content. The high-water mark lies beside the snapshots and at every
anchor of the policy, authenticated with the project's key; a journal that is missing, behind its mark or broken refuses (P4).
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from segmenter.errors import BudgetError
from segmenter.keys import Keys, write_private
from segmenter.model import stamp

if TYPE_CHECKING:
    from pathlib import Path

URL_VARIABLE = "SEGMENTER_CONTROL_URL"
MARK = "journal.mark"
GENESIS = "0" * 64
RECOVER = "an officer runs `segmenter budget recover`, which assumes that every budget of the period is spent"

_metadata = sa.MetaData()
_journal = sa.Table(
    "journal",
    _metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One act in the journal. `body` is JSON-shaped and holds no patient's value and no exact count."""

    seq: int
    at: datetime
    actor: str
    kind: str
    body: Mapping[str, Any]
    hash: str


@dataclass(slots=True)
class Journal:
    """The journal of one project.

    `entries` are all verified entries, oldest first, kept in memory and extended under the lock of each append, so that a view is a fold
    over a list. `now` is the clock, given by the session.
    """

    home: Path
    keys: Keys
    now: Callable[[], datetime]
    anchors: tuple[Path, ...] = ()
    url: str | None = None
    entries: list[Entry] = field(default_factory=list, repr=False)
    _engine: sa.Engine | None = field(default=None, repr=False)

    # -- reading -------------------------------------------------------------------------------------------------------

    def read(self, *kinds: str) -> list[Entry]:
        """All entries (of these kinds), verified up to now. Raises `BudgetError` (P4) where the journal cannot be trusted."""
        with self._transaction(write=False) as connection:
            self._catch_up(connection)
            self._check_marks()
        return [e for e in self.entries if not kinds or e.kind in kinds]

    # -- writing -------------------------------------------------------------------------------------------------------

    def append(self, actor: str, kind: str, body: Mapping[str, Any]) -> Entry:
        """Append one entry unconditionally; durable on return."""
        return self.decide(lambda _: (actor, kind, body))

    def decide(self, choose: Callable[[list[Entry]], tuple[str, str, Mapping[str, Any]]]) -> Entry:
        """Append the entry that `choose` makes of all entries so far, alone in the database while it chooses.

        An exception of `choose` appends nothing. A clock earlier than the last entry refuses (P5). Durable, and above the high-water
        mark, on return.
        """
        with self._transaction(write=True) as connection:
            self._catch_up(connection)
            self._check_marks()
            actor, kind, body = choose(self.entries)
            entry = self._next(actor, kind, body)
            connection.execute(
                _journal.insert().values(
                    seq=entry.seq, at=stamp(entry.at), actor=entry.actor, kind=entry.kind, body=_text(entry.body), hash=entry.hash
                )
            )
        self.entries.append(entry)
        self._raise_marks(entry)
        return entry

    def _next(self, actor: str, kind: str, body: Mapping[str, Any]) -> Entry:
        at = self.now().astimezone(UTC)
        last = self.entries[-1] if self.entries else None
        if last is not None and at < last.at:
            msg = "the clock is earlier than the last entry of the journal"
            raise BudgetError("P5", msg, hint="set the machine's clock right")
        seq = 1 if last is None else last.seq + 1
        before = GENESIS if last is None else last.hash
        body = json.loads(_text(body))
        return Entry(seq, at, actor, kind, body, self._hash(before, seq, stamp(at), actor, kind, _text(body)))

    # -- the chain -----------------------------------------------------------------------------------------------------

    def _hash(self, before: str, *content: object) -> str:
        text = json.dumps([before, *content], ensure_ascii=False)
        return hmac.new(self.keys.derive("segmenter/journal/1"), text.encode(), hashlib.sha256).hexdigest()

    def _catch_up(self, connection: sa.Connection) -> None:
        """Read and verify what was appended since last time; the last entry known is read again and must be unchanged."""
        known = self.entries[-1] if self.entries else None
        query = sa.select(_journal).order_by(_journal.c.seq)
        rows = connection.execute(query if known is None else query.where(_journal.c.seq >= known.seq)).all()
        if known is not None:
            if not rows or rows[0].hash != known.hash:
                raise _broken("the journal lost or changed entries")
            rows = rows[1:]
        before, seq = (GENESIS, 0) if known is None else (known.hash, known.seq)
        fresh = []
        for row in rows:
            seq += 1
            expected = self._hash(before, seq, row.at, row.actor, row.kind, row.body)
            if row.seq != seq or not hmac.compare_digest(expected, row.hash):
                raise _broken("the journal's hash chain does not verify")
            before = row.hash
            fresh.append(Entry(seq, datetime.fromisoformat(row.at), row.actor, row.kind, json.loads(row.body), row.hash))
        self.entries.extend(fresh)

    # -- the high-water mark -------------------------------------------------------------------------------------------

    def _marks(self) -> tuple[Path, ...]:
        return (self.home / MARK, *self.anchors)

    def _check_marks(self) -> None:
        last = len(self.entries)
        for path in self._marks():
            if not path.exists():
                if path == self.home / MARK:
                    self._first_mark(last)
                continue
            seq, known = self._read_mark(path)
            if seq > last:
                raise _broken("the journal is older than its high-water mark")
            if seq and self.entries[seq - 1].hash != known:
                raise _broken("the journal is not the one its high-water mark belongs to")

    def _first_mark(self, last: int) -> None:
        """A project's first use puts a mark at zero before the first entry, so that a crash never looks like a lost mark."""
        if last or any((self.home / "snapshots").glob("*.duckdb")):
            raise _broken("the journal's high-water mark is missing")
        self._write_mark(self.home / MARK, 0, GENESIS)

    def _write_mark(self, path: Path, seq: int, known: str) -> None:
        write_private(path, f"{seq} {known} {self._proof(str(seq), known)}".encode("ascii"))

    def _read_mark(self, path: Path) -> tuple[int, str]:
        try:
            seq, known, proof = path.read_text(encoding="ascii").split()
        except (OSError, ValueError):
            raise _broken("a high-water mark cannot be read") from None
        if not hmac.compare_digest(proof, self._proof(seq, known)):
            raise _broken("a high-water mark does not verify")
        return int(seq), known

    def _proof(self, seq: str, known: str) -> str:
        return self.keys.pseudonym("mark", f"{seq} {known}")

    def _raise_marks(self, entry: Entry) -> None:
        with locked(self.home / "mark.lock"):
            for path in self._marks():
                if path.exists() and self._read_mark(path)[0] >= entry.seq:
                    continue
                self._write_mark(path, entry.seq, entry.hash)

    # -- the database --------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _transaction(self, *, write: bool) -> Iterator[sa.Connection]:
        with self._database().connect() as connection:
            sqlite = connection.dialect.name == "sqlite"
            if sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
            elif write:
                connection.exec_driver_sql("LOCK TABLE journal IN EXCLUSIVE MODE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    def _database(self) -> sa.Engine:
        if self._engine is None:
            url = self.url or os.environ.get(URL_VARIABLE) or f"sqlite:///{self.home / 'control.sqlite'}"
            if url.startswith("sqlite"):
                engine = sa.create_engine(url, connect_args={"timeout": 60, "isolation_level": None})
                sa.event.listen(engine, "connect", _durable)
            else:
                engine = sa.create_engine(url)
            _metadata.create_all(engine)
            self._engine = engine
        return self._engine

    def close(self) -> None:
        """Let go of the database."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None


def _durable(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _broken(what: str) -> BudgetError:
    return BudgetError("P4", what, hint=RECOVER)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes (flock). The lock ends with the process, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
