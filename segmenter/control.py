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
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from segmenter.errors import BudgetError, SegmenterError
from segmenter.keys import Keys, write_private
from segmenter.model import stamp


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
    over a list. `now` is the clock, given by the session; `deciding_at` is the moment the entry being decided will carry.
    """

    home: Path
    keys: Keys
    now: Callable[[], datetime]
    anchors: tuple[Path, ...] = ()
    url: str | None = None
    entries: list[Entry] = field(default_factory=list, repr=False)
    deciding_at: datetime | None = None
    _engine: sa.Engine | None = field(default=None, repr=False)

    # -- reading -------------------------------------------------------------------------------------------------------

    def read(self, *kinds: str) -> list[Entry]:
        """All entries (of these kinds), verified up to now. Raises `BudgetError` (P4) where the journal cannot be trusted."""
        before = self._known_marks()
        with self._transaction(write=False) as connection:
            self._catch_up(connection)
        self._check_marks(before)
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
            before = self._known_marks()
            self._catch_up(connection)
            self._check_marks(before)
            self.deciding_at = self._moment()
            entry = self._next(*choose(self.entries), self.deciding_at)
            self._insert(connection, entry)
        self.entries.append(entry)
        self._raise_marks(entry)
        return entry

    def _moment(self) -> datetime:
        """The time of the next entry: one reading of the clock, for the decision and for the entry."""
        at = self.now().astimezone(UTC)
        if self.entries and at < self.entries[-1].at:
            msg = "the clock is earlier than the last entry of the journal"
            raise BudgetError("P5", msg, hint="set the machine's clock right")
        return at

    def _next(self, actor: str, kind: str, body: Mapping[str, Any], at: datetime) -> Entry:
        last = self.entries[-1] if self.entries else None
        seq = 1 if last is None else last.seq + 1
        before = GENESIS if last is None else last.hash
        body = json.loads(_text(body))
        return Entry(seq, at, actor, kind, body, self._hash(before, seq, stamp(at), actor, kind, _text(body)))

    @staticmethod
    def _insert(connection: sa.Connection, entry: Entry) -> None:
        connection.execute(
            _journal.insert().values(
                seq=entry.seq, at=stamp(entry.at), actor=entry.actor, kind=entry.kind, body=_text(entry.body), hash=entry.hash
            )
        )

    def forget(self) -> None:
        """Forget what was verified, so that the next reading verifies the whole chain anew."""
        self.entries.clear()

    # -- recovery ------------------------------------------------------------------------------------------------------

    def recover(self, actor: str, body: Mapping[str, Any]) -> Entry:
        """Start again from what verifies, with a `recover` entry and fresh marks; the database as it was is set aside (P4).

        Entries of the verified chain whose time lies in the future are carried over after it, stamped now (`stamped` keeps their time).
        The caller books the worst in `body`.
        """
        with locked(self.home / "recover.lock"):
            self.forget()
            self._set_aside()
            with self._transaction(write=True) as connection:
                future = self._keep_verified(connection)
                acts = [(actor, "recover", body)] + [(e.actor, e.kind, {**e.body, "stamped": stamp(e.at)}) for e in future]
                at = self.now().astimezone(UTC)
                for act in acts:
                    entry = self._next(*act, at)
                    self._insert(connection, entry)
                    self.entries.append(entry)
            with locked(self.home / "mark.lock"):
                for path in self._marks():
                    self._write_mark(path, entry.seq, entry.hash)
            return entry

    def _keep_verified(self, connection: sa.Connection) -> list[Entry]:
        """Drop from the table what does not verify or lies in the future; returns the latter."""
        rows = connection.execute(sa.select(_journal).order_by(_journal.c.seq)).all()
        before = GENESIS
        for seq, row in enumerate(rows, 1):
            entry = self._verified(row, seq, before)
            if entry is None:
                break
            before = entry.hash
            self.entries.append(entry)
        now = self.now().astimezone(UTC)
        future = [e for e in self.entries if e.at > now]
        del self.entries[len(self.entries) - len(future) :]
        connection.execute(_journal.delete().where(_journal.c.seq > len(self.entries)))
        return future

    def _set_aside(self) -> None:
        """Keep a copy of the control database as it is; one that cannot be opened is moved away."""
        name = f"{self.now().astimezone(UTC):%Y%m%dT%H%M%S}"
        file = self._file()
        if file is None:
            with self._database().begin() as connection:
                connection.execute(sa.text(f"CREATE TABLE IF NOT EXISTS journal_aside_{name.lower()} AS SELECT * FROM journal"))
            return
        self.close()
        aside = [(f, f.with_name(f"{f.name}.aside-{name}")) for f in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm")))]
        for source, copy in aside:
            if source.exists():
                shutil.copyfile(source, copy)
        try:
            with self._transaction(write=True) as connection:
                connection.execute(sa.select(_journal)).all()
        except BudgetError:
            self.close()
            for source, _ in aside:
                source.unlink(missing_ok=True)

    def _file(self) -> Path | None:
        """The SQLite file; None on a server."""
        address = sa.make_url(self._address())
        return Path(address.database) if address.get_backend_name() == "sqlite" and address.database else None

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
        before = GENESIS if known is None else known.hash
        fresh: list[Entry] = []
        for row in rows:
            entry = self._verified(row, len(self.entries) + len(fresh) + 1, before)
            if entry is None:
                raise _broken("the journal's hash chain does not verify")
            before = entry.hash
            fresh.append(entry)
        self.entries.extend(fresh)

    def _verified(self, row: Any, seq: int, before: str) -> Entry | None:
        """The row as an entry, None where it is not the one that was appended at this place."""
        if row.seq != seq or not all(isinstance(text, str) for text in row[1:]):
            return None
        expected = self._hash(before, seq, row.at, row.actor, row.kind, row.body)
        if not hmac.compare_digest(expected, row.hash.encode("ascii", "replace").decode()):
            return None
        return Entry(seq, datetime.fromisoformat(row.at), row.actor, row.kind, json.loads(row.body), row.hash)

    # -- the high-water mark -------------------------------------------------------------------------------------------

    def _marks(self) -> tuple[Path, ...]:
        return (self.home / MARK, *self.anchors)

    def _known_marks(self) -> dict[Path, tuple[int, str]]:
        """The marks as they are before the journal is read: the journal is never behind them, whoever appends meanwhile."""
        if not (self.home / MARK).exists():
            with locked(self.home / "mark.lock"):
                self._first_mark()
        return {path: self._read_mark(path) for path in self._marks() if path.exists()}

    def _check_marks(self, marks: Mapping[Path, tuple[int, str]]) -> None:
        for seq, known in marks.values():
            if seq > len(self.entries):
                raise _broken("the journal is older than its high-water mark")
            if seq and self.entries[seq - 1].hash != known:
                raise _broken("the journal is not the one its high-water mark belongs to")

    def _first_mark(self) -> None:
        """A project's first use puts a mark at zero before the first entry, so that a crash never looks like a lost mark."""
        if (self.home / MARK).exists():
            return
        with self._transaction(write=False) as connection:
            used = connection.execute(sa.select(sa.func.count()).select_from(_journal)).scalar_one() > 0
        if used or any((self.home / "snapshots").glob("*.duckdb")):
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
        with _database_errors(), self._database().connect() as connection:
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

    def _address(self) -> str:
        return self.url or os.environ.get(URL_VARIABLE) or f"sqlite:///{self.home / 'control.sqlite'}"

    def _database(self) -> sa.Engine:
        if self._engine is None:
            url = self._address()
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


@contextlib.contextmanager
def _database_errors() -> Iterator[None]:
    """A database that is busy is our own failure; one that cannot be read cannot be trusted (P4)."""
    try:
        yield
    except sa.exc.OperationalError as error:
        if "locked" in str(error.orig):
            raise SegmenterError("the control database is busy", hint="try again") from None
        raise _broken("the control database cannot be reached or read") from None
    except sa.exc.DatabaseError:
        raise _broken("the control database cannot be read") from None


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
