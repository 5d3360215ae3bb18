"""DuckDB's failures, told in our words: its own messages hold values of rows."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb

from segmenter import outages
from segmenter.errors import Cancelled, EngineError, SegmenterError


@contextlib.contextmanager
def fixed_errors(message: str, file: Path | None = None) -> Iterator[None]:
    """Turn DuckDB's errors into an `EngineError` with this message, or into `Cancelled`.

    A full disk, and a file that this account may not use, are told as such; `file` is named.
    """
    try:
        yield
    except duckdb.InterruptException:
        raise Cancelled("cancelled") from None
    except (duckdb.Error, OSError) as error:
        raise outage(error, file) or _fixed(error, message) from None


def outage(error: duckdb.Error | OSError, file: Path | None = None) -> SegmenterError | None:
    """What the operating system refused, if that is what the error tells."""
    if isinstance(error, OSError):
        return outages.of_system(error)
    told = str(error)
    for number in (*outages.FULL, *outages.DENIED, errno.EIO):
        if os.strerror(number) in told:
            return outages.of_system(OSError(number, "", None if file is None else str(file)))
    return None


def _fixed(error: duckdb.Error | OSError, message: str) -> EngineError:
    if isinstance(error, duckdb.OutOfMemoryException):
        hint = "free space, or set SEGMENTER_MEMORY"
        return EngineError(f"{message}: out of memory or disk", hint=hint)
    if isinstance(error, (duckdb.IOException, OSError)):
        return EngineError(f"{message}: the disk could not be read or written")
    return EngineError(message)
