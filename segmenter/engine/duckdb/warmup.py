"""A connection that is started on another thread, while a command still reads its project and pays.

Most of what an engine costs to start is checking the signature of the encryption library.
"""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass, field

import duckdb

from segmenter.engine.duckdb import extension
from segmenter.errors import UsageError

BARE = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "temp_file_encryption": True,
}


@dataclass(slots=True)
class Warmup:
    """One connection under way.

    If its thread fails, the engine tries again and reports the failure.
    """

    encrypted: bool
    process: int = field(default_factory=os.getpid)
    connection: duckdb.DuckDBPyConnection | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._start)
        self.thread.start()

    def _start(self) -> None:
        with contextlib.suppress(duckdb.Error, UsageError):
            self.connection = bare(encrypted=self.encrypted)

    def taken(self, *, encrypted: bool) -> duckdb.DuckDBPyConnection | None:
        """The connection, once it is made.

        None if it is of another kind, or if the process that forked this one made it.
        """
        if self.process != os.getpid():
            return None
        self.thread.join()
        if self.encrypted != encrypted:
            return None
        return self.connection


_waiting: list[Warmup] = []


def begin(*, encrypted: bool) -> None:
    """Start a connection that the next engine of this kind takes. One at a time waits."""
    if not _waiting:
        _waiting.append(Warmup(encrypted))


def connected(*, encrypted: bool) -> duckdb.DuckDBPyConnection:
    """A bare connection: the one that waits, else a new one.

    Raises `duckdb.Error` if files cannot be encrypted, `UsageError` if that is because of the file
    that the operator names.
    """
    if _waiting:
        connection = _waiting.pop().taken(encrypted=encrypted)
        if connection is not None:
            return connection
    return bare(encrypted=encrypted)


def bare(*, encrypted: bool) -> duckdb.DuckDBPyConnection:
    """A connection with nothing of a project in it; if `encrypted`, it can open encrypted files."""
    connection = duckdb.connect(config=dict(BARE))
    connection.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
    # The bar would write to standard output. A notebook without widgets has none to switch off.
    with contextlib.suppress(duckdb.InvalidInputException):
        connection.execute("SET enable_progress_bar = false")
    if encrypted:
        extension.load(connection)
    return connection
