"""Where the journal is kept: a SQLite file of the private folder, or a table of a server."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from segmenter.journal import failures
from segmenter.journal.high_water import locked

FILE = "control.sqlite"
WAIT = 60  # seconds that a process waits for another one's entry

JOURNAL = sa.Table(
    "journal",
    sa.MetaData(),
    sa.Column(
        "seq",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)


ROWS = sa.select(JOURNAL).order_by(JOURNAL.c.seq)
ID = "project.id"  # the private file that tells a project from others with the same key


@dataclass(slots=True)
class Database:
    """The database of one project. `url` is None for the one of the environment, or the file.

    On a server each project has a table of its own, named after its id by `named`. `is_ours(rows)`
    says whether the rows of the one table of earlier versions are this project's.
    """

    home: Path
    named: Callable[[str], str]
    is_ours: Callable[[Sequence[Any]], bool]
    url: str | None = None
    _table: sa.Table = field(default=JOURNAL, repr=False)
    _engine: sa.Engine | None = field(default=None, repr=False)
    _owner: int = field(default=0, repr=False)

    @contextlib.contextmanager
    def transaction(self, *, write: bool) -> Iterator[sa.Connection]:
        """One transaction, alone in the database if it writes.

        Raises `OutageError` if the disk is full or the server gone, `BudgetError` (P4) if the
        database cannot be read.
        """
        with failures.told(self.file()), self.engine().connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
            elif write:
                connection.exec_driver_sql(f"LOCK TABLE {self._table.name} IN EXCLUSIVE MODE")
            try:
                yield connection
            except BaseException:
                with contextlib.suppress(sa.exc.DBAPIError):  # a server that is gone rolls back
                    connection.rollback()
                raise
            connection.commit()

    def engine(self) -> sa.Engine:
        """The database, opened anew in a forked process."""
        if self._engine is not None and self._owner != os.getpid():
            self._engine.dispose(close=False)
            self._engine = None
        if self._engine is None:
            engine = self._connected()
            try:
                self._prepare(engine)
            except BaseException:
                engine.dispose()
                raise
            self._engine, self._owner = engine, os.getpid()
        return self._engine

    def _prepare(self, engine: sa.Engine) -> None:
        """Make the table if it is missing; refuse a SQLite file that holds anything else."""
        with locked(self.home / "schema.lock"):
            _keep_private(self.file())
            if engine.dialect.name != "sqlite":
                self._table = self._own_table(engine)
            self._table.create(engine, checkfirst=True)
        if engine.dialect.name == "sqlite" and strangers(engine):
            msg = "the control database holds a trigger, view or table that is not the journal's"
            raise failures.broken(msg, self.file())

    def _own_table(self, engine: sa.Engine) -> sa.Table:
        """This project's table of a server; a project of an earlier version stays in `journal`."""
        own = JOURNAL.to_metadata(sa.MetaData(), name=f"journal_{self.named(self._id())}")
        there = sa.inspect(engine)
        if not there.has_table(own.name) and there.has_table(JOURNAL.name):
            with engine.connect() as connection:
                if self.is_ours(connection.execute(ROWS).all()):
                    return JOURNAL
        return own

    def _id(self) -> str:
        """The project's id; empty for one of an earlier version."""
        file = self.home / ID
        try:
            return bytes.fromhex(file.read_text(encoding="ascii")).hex()
        except FileNotFoundError:
            return ""
        except ValueError:
            raise failures.broken("the project's id cannot be read", file) from None

    @property
    def table(self) -> sa.Table:
        """The table of the journal."""
        with failures.told(self.file()):
            self.engine()
        return self._table

    def others(self) -> bool:
        """Whether a server holds journals of other projects."""
        with failures.told(self.file()):
            names = sa.inspect(self.engine()).get_table_names()
        others = [name for name in names if name != self._table.name]
        return any(name.startswith("journal") for name in others)

    def _connected(self) -> sa.Engine:
        url = self._address()
        if not url.startswith("sqlite"):
            try:
                return sa.create_engine(url)
            except (sa.exc.ArgumentError, ModuleNotFoundError):
                raise failures.no_address() from None
        engine = sa.create_engine(url, connect_args={"timeout": WAIT, "isolation_level": None})
        sa.event.listen(engine, "connect", _durable)
        return engine

    def _address(self) -> str:
        usual = f"sqlite:///{self.home / FILE}"
        return self.url or os.environ.get(failures.URL_VARIABLE) or usual

    def file(self) -> Path | None:
        """The SQLite file; None on a server."""
        try:
            address = sa.make_url(self._address())
        except (sa.exc.ArgumentError, ValueError):
            raise failures.no_address() from None
        if address.get_backend_name() == "sqlite" and address.database:
            return Path(address.database)
        return None

    def close(self) -> None:
        """Let go of the database."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None


def strangers(engine: sa.Engine) -> list[tuple[str, str]]:
    """Kind and name of what a SQLite file holds besides the table of the journal."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT type, name FROM sqlite_master").all()
    found = []
    for row in rows:
        kind, name = str(row.type), str(row.name)
        is_own = name.startswith("sqlite_") or (kind, name) == ("table", JOURNAL.name)
        if not is_own:
            found.append((kind, name))
    return found


def drop_strangers(file: Path) -> None:
    """Take out of a SQLite file what is not the journal's. Only a recovery does this."""
    engine = sa.create_engine(f"sqlite:///{file}")
    try:
        for kind, name in strangers(engine):
            quoted = name.replace('"', '""')
            with engine.begin() as connection:
                connection.exec_driver_sql(f'DROP {kind} IF EXISTS "{quoted}"')
    except sa.exc.DBAPIError:
        return  # what cannot be read is set aside as a whole
    finally:
        engine.dispose()


def _keep_private(file: Path | None) -> None:
    """Let nobody but its owner read the database, nor its log beside it, which takes over its mode.

    An existing file is not opened for that: to close it again would let go of SQLite's locks on it
    in this process.
    """
    if file is None:
        return
    with contextlib.suppress(OSError):  # what cannot be made or opened, SQLite will say
        try:
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            file.chmod(0o600)


def _durable(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
