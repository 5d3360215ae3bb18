"""The query engine: the only package that imports duckdb.

`Engine` is what the stages see: materialise a composed relation, fetch a small or a columnar
result, write a file. `DuckDBEngine` keeps the promises of the house: patient data lives in
encrypted files, spills are encrypted and go to the project's own folder, external access is off
once everything is attached, and no message of the engine is ever passed on.

`connection` opens, attaches and closes; `tables` names and fills; `composing` runs relations;
`reading` reads files for `sources`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from segmenter.engine.composing import Composing
from segmenter.engine.connection import Limits
from segmenter.engine.reading import LONGEST_LINE, CsvScan, ParquetScan, Reading

if TYPE_CHECKING:
    import polars as pl

    from segmenter.engine.relations import Structure

__all__ = ["LONGEST_LINE", "CsvScan", "DuckDBEngine", "Engine", "Limits", "ParquetScan"]


class Engine(Protocol):
    """What a stage may ask of an engine."""

    def make(
        self,
        table: str,
        relation: str,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
    ) -> None:
        """Materialise `relation` as `table` (`alias.table` for an attached file, a temporary table otherwise)."""

    def rows(
        self,
        relation: str,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
    ) -> list[tuple[Any, ...]]:
        """All rows of a small result."""

    def frame(
        self,
        relation: str,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
    ) -> pl.DataFrame:
        """A result as a polars frame."""


class DuckDBEngine(Composing, Reading):
    """One in-memory DuckDB with encrypted files attached to it.

    Use as a context manager. `spill` is the folder under which the engine makes its own temporary
    folder, removed at the end. `file_key` is the text key of encrypted files; None means plain
    files (policy `encryption: off`).
    """

    __slots__ = ()
