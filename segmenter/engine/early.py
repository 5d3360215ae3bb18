"""A connection that is started on another thread, while a verb still reads its project and pays.

Most of what an engine costs to start is checking the signature of the encryption library.
"""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import duckdb

from segmenter.engine.quoting import quoted

BARE = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "temp_file_encryption": True,
}


@dataclass(slots=True)
class Early:
    """One connection under way. What fails on its thread is left to the engine, which tries again and says so."""

    encrypted: bool
    process: int = field(default_factory=os.getpid)
    connection: duckdb.DuckDBPyConnection | None = None
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._start)
        self.thread.start()

    def _start(self) -> None:
        with contextlib.suppress(duckdb.Error):
            self.connection = bare(encrypted=self.encrypted)

    def taken(self, *, encrypted: bool) -> duckdb.DuckDBPyConnection | None:
        """The connection, once it stands; None where it is of another kind, or of the process that forked this one."""
        if self.process != os.getpid():
            return None
        self.thread.join()
        if self.encrypted != encrypted:
            return None
        return self.connection


_waiting: list[Early] = []


def begin(*, encrypted: bool) -> None:
    """Start a connection that the next engine of this kind takes. One at a time waits."""
    if not _waiting:
        _waiting.append(Early(encrypted))


def connected(*, encrypted: bool) -> duckdb.DuckDBPyConnection:
    """A bare connection: the one that waits, else a new one. Raises `duckdb.Error` where files cannot be encrypted."""
    waiting = _waiting.pop().taken(encrypted=encrypted) if _waiting else None
    return waiting or bare(encrypted=encrypted)


def bare(*, encrypted: bool) -> duckdb.DuckDBPyConnection:
    """A connection with nothing of a project's in it, able to open encrypted files where `encrypted`."""
    connection = duckdb.connect(config=dict(BARE))
    connection.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
    with contextlib.suppress(
        duckdb.InvalidInputException
    ):  # a notebook without widgets has none to switch off
        connection.execute("SET enable_progress_bar = false")  # it would write to standard output
    if encrypted:
        extension = _extension_file()
        if extension is None:
            connection.execute("INSTALL httpfs")
        connection.execute("LOAD httpfs" if extension is None else f"LOAD {quoted(str(extension))}")
    return connection


def _extension_file() -> Path | None:
    """The signed extension file of the wheel `duckdb-extension-httpfs` of the same version, if installed."""
    spec = find_spec("duckdb_extension_httpfs")
    if spec is None or spec.origin is None:
        return None
    file = (
        Path(spec.origin).parent
        / "extensions"
        / f"v{duckdb.__version__}"
        / "httpfs.duckdb_extension"
    )
    return file if file.is_file() else None
