"""The query engine: the only package that imports duckdb.

`Engine` is what stages are typed against: it runs relations over tables, and hands out what it
makes as `Table`s. `DuckDBEngine` keeps the promises of the house: patient data lies in encrypted
files, spills are encrypted and go to the project's own folder, external access is off once
everything is attached, and no message of the engine is ever passed on.

`relations` finds and composes SQL files out of `tokens`; `protocol` says what an engine does;
`duckdb/` does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.engine.duckdb.connection import Limits
from segmenter.engine.duckdb.reading import LONGEST_LINE, CsvScan, FileReading, ParquetScan
from segmenter.engine.duckdb.running import Running
from segmenter.engine.protocol import Engine
from segmenter.engine.scope import Scope
from segmenter.tables import File, Table, Tables

__all__ = [
    "LONGEST_LINE",
    "CsvScan",
    "DuckDBEngine",
    "Engine",
    "File",
    "Limits",
    "ParquetScan",
    "Scope",
    "Table",
    "Tables",
]


class DuckDBEngine(Running, FileReading):
    """One in-memory DuckDB with encrypted files attached to it.

    Use as a context manager. `spill` is the folder under which the engine makes its own temporary
    folder, removed at the end. `file_key` is the text key of encrypted files; None means plain
    files (policy `encryption: off`).
    """

    __slots__ = ()


if TYPE_CHECKING:
    _: type[Engine] = DuckDBEngine
