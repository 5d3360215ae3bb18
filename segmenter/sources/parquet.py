"""Parquet, through the engine: every value as text. Times without a zone stay without one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.sources.files import SourceFile, unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmenter.engine import DuckDBEngine
    from segmenter.sources.stage import Stage

DAMAGED = "is not a Parquet file that can be read"


@dataclass(frozen=True, slots=True)
class ParquetReader:
    """Reads one Parquet file. A row's line is its position, from 1."""

    engine: DuckDBEngine
    file: SourceFile
    header: tuple[str, ...]

    def load(self, stage: Stage, columns: Sequence[int | None]) -> None:
        """Append the file, or leave it to be read in place."""
        names = [None if place is None else self.header[place] for place in columns]
        if stage.scan(self.file, names):
            return
        number = stage.begin(self.file, 0)
        if not self.engine.append_parquet(stage.table, self.file.path, number, names):
            raise unreadable(self.file, DAMAGED)


def open_parquet(engine: DuckDBEngine, file: SourceFile) -> ParquetReader:
    """Read the column names. Raises `SourceError` if it is not Parquet."""
    header = engine.parquet_columns(file.path)
    if header is None:
        raise unreadable(file, DAMAGED)
    return ParquetReader(engine, file, tuple(header))
