"""Where the journal is kept: a SQLite file of the private folder, or a table of a server."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from segmenter.journal import failures
from segmenter.journal.high_water import locked

FILE = "control.sqlite"
WAIT = 60  # seconds that a process waits for another one's entry

_metadata = sa.MetaData()
JOURNAL = sa.Table(
    "journal",
    _metadata,
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


@dataclass(slots=True)
class Database:
    """The database of one project. `url` is None for the one of the environment, or the file."""

    home: Path
    url: str | None = None
    _engine: sa.Engine | None = field(default=None, repr=False)
    _owner: int = field(default=0, repr=False)

    @contextlib.contextmanager
    def transaction(self, *, write: bool) -> Iterator[sa.Connection]:
        """One transaction, alone in the database if it writes.

        Raises `OutageError` if the disk is full or the server gone, `BudgetError` (P4) if the
        database cannot be read.
        """
        with failures.told(self.file()), self._database().connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
            elif write:
                connection.exec_driver_sql("LOCK TABLE journal IN EXCLUSIVE MODE")
            try:
                yield connection
            except BaseException:
                with contextlib.suppress(sa.exc.DBAPIError):  # a server that is gone rolls back
                    connection.rollback()
                raise
            connection.commit()

    def _database(self) -> sa.Engine:
        """The database, opened anew in a forked process."""
        if self._engine is not None and self._owner != os.getpid():
            self._engine.dispose(close=False)
            self._engine = None
        if self._engine is None:
            engine = self._connected()
            with locked(self.home / "schema.lock"):
                _keep_private(self.file())
                _metadata.create_all(engine)
            self._engine, self._owner = engine, os.getpid()
        return self._engine

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
        is_file = address.get_backend_name() == "sqlite" and address.database
        return Path(str(address.database)) if is_file else None

    def close(self) -> None:
        """Let go of the database."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None


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
