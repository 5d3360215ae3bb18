"""How a file is written: the engine writes into a pipe, a second thread encrypts and hashes.

No plain text of it touches the disk on the way.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter import outages
from segmenter.errors import EngineError, UsageError
from segmenter.private.files import create, new_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from segmenter.engine import Engine, Tables
    from segmenter.engine.relations import Structure

PIPE_SIZE = 1 << 20  # bytes that a pipe holds, if the system lets it
BLOCK = 1 << 20  # bytes passed on at a time
COPY_OPTIONS = {  # by format; the engine writes into a pipe, so it cannot rename a finished file
    "csv": "FORMAT csv, HEADER, USE_TMP_FILE false",
    "parquet": "FORMAT parquet, USE_TMP_FILE false",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a file goes: its path, format and `age` recipient (None: plain), a folder for pipes."""

    path: Path
    format: str
    recipient: Any
    spill: Path


def write(
    engine: Engine, target: Target, relation: str, reads: Tables, structure: Structure
) -> str:
    """Write a relation's rows to a new file, and give its SHA-256; see `writing`."""
    with writing(engine, target, relation, reads, structure) as digest:
        return digest()


@contextlib.contextmanager
def writing(
    engine: Engine, target: Target, relation: str, reads: Tables, structure: Structure
) -> Iterator[Callable[[], str]]:
    """Write a relation's rows to a new file.

    Gives a function that waits until the file is on disk, and tells its SHA-256. Encrypting the
    rest after the last row goes on beside the caller's work. Raises `EngineError`; the function
    raises `UsageError`.
    """
    sink = _Sink(target.path)
    with _pipe(target.spill) as pipe:
        thread = threading.Thread(
            target=sink.drain, args=(pipe.reader, target.recipient), daemon=True
        )
        thread.start()
        try:
            try:
                options = COPY_OPTIONS[target.format]
                engine.write_out(relation, pipe.path, options, reads=reads, structure=structure)
            finally:
                os.close(pipe.holder)
            yield lambda: sink.digest_when_done(thread)
        except EngineError:
            thread.join()
            sink.require_written()  # what could not be written stopped the engine
            raise
        finally:
            thread.join()


@dataclass(slots=True)
class _Sink:
    """A private file that hashes what is written into it."""

    path: Path
    digest: Any = field(default_factory=hashlib.sha256)
    failure: BaseException | None = None
    file: Any = None

    def drain(self, reader: int, recipient: Any) -> None:
        """Write everything from a pipe, encrypted to the recipient. Runs in a thread of its own."""
        try:
            with (
                os.fdopen(reader, "rb", buffering=BLOCK) as source,
                new_file(self.path) as part,
                create(part) as self.file,
            ):
                if recipient is None:
                    shutil.copyfileobj(source, self, BLOCK)
                else:
                    import pyrage

                    pyrage.encrypt_io(source, self, [recipient])
        except BaseException as error:  # noqa: BLE001  raised by the thread that waits
            self.failure = self.failure or error

    def digest_when_done(self, thread: threading.Thread) -> str:
        """The SHA-256 of the whole file, once it is on disk.

        Raises `OutageError` if the disk is full, `UsageError` if it could not be written at all.
        """
        thread.join()
        self.require_written()
        return str(self.digest.hexdigest())

    def require_written(self) -> None:
        """Tell why the file could not be written, if it could not."""
        if self.failure is None:
            return
        told = outages.of_system(self.failure) if isinstance(self.failure, OSError) else None
        msg = "the file of the export could not be written"
        raise told or UsageError(msg, hint="check space and permissions") from self.failure

    def write(self, block: bytes) -> int:
        """Write and hash."""
        self.digest.update(block)
        try:
            return int(self.file.write(block))
        except OSError as error:  # what encrypts would tell it as a failure of its own
            self.failure = error
            raise

    def flush(self) -> None:
        """Flush the file."""
        self.file.flush()


@dataclass(frozen=True, slots=True)
class _Pipe:
    """A named pipe with both ends held open: neither side waits, or sees an early end."""

    path: Path
    reader: int
    holder: int


@contextlib.contextmanager
def _pipe(folder: Path) -> Iterator[_Pipe]:
    path = folder / f"pipe-{secrets.token_hex(8)}"
    os.mkfifo(path, 0o600)
    try:
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        holder = os.open(path, os.O_WRONLY)
        fcntl.fcntl(reader, fcntl.F_SETFL, fcntl.fcntl(reader, fcntl.F_GETFL) & ~os.O_NONBLOCK)
        if hasattr(fcntl, "F_SETPIPE_SZ"):  # fewer turns between the two threads
            with contextlib.suppress(OSError):
                fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        yield _Pipe(path, reader, holder)
    finally:
        path.unlink(missing_ok=True)
