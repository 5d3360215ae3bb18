"""DuckDB's failures, told in our words: its own messages hold values of rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import duckdb

from segmenter.errors import Cancelled, EngineError


@contextlib.contextmanager
def fixed_errors(message: str) -> Iterator[None]:
    """Turn DuckDB's errors into an `EngineError` with this message, or into `Cancelled`."""
    try:
        yield
    except duckdb.InterruptException:
        raise Cancelled("cancelled") from None
    except duckdb.OutOfMemoryException:
        hint = "free space, or set SEGMENTER_MEMORY"
        raise EngineError(f"{message}: out of memory or disk", hint=hint) from None
    except (duckdb.IOException, OSError):
        raise EngineError(f"{message}: the disk could not be read or written") from None
    except duckdb.Error as error:
        raise EngineError(f"{message} ({type(error).__name__})") from None
