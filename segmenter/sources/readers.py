"""Choose the reader of a file, and bring declared files into staging tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from segmenter.errors import SourceError
from segmenter.sources.column_names import Headed
from segmenter.sources.csv import open_csv
from segmenter.sources.database import open_database
from segmenter.sources.excel import open_excel
from segmenter.sources.files import SourceFile, find
from segmenter.sources.jsonl import open_json
from segmenter.sources.parquet import open_parquet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.project.declared import Read
    from segmenter.sources.stage import Stage

FORMATS = {
    "csv": "csv",
    "parquet": "parquet",
    "json": "json",
    "jsonl": "json",
    "ndjson": "json",
    "excel": "excel",
}  # as it is declared -> what it is


class Reader(Headed, Protocol):
    """One file whose header is known, and which can be loaded."""

    def load(self, stage: Stage, columns: Sequence[int | None]) -> None:
        """Append its rows to a staging table.

        `columns` gives, for each column of the stage, the file's, or None.
        """


def reader(
    engine: DuckDBEngine, file: SourceFile, form: str | None, read: Read | None = None
) -> Reader:
    """The reader of one file: by its declared format, else by its name.

    `read` says how delimited text is written; it is refused for any other format.
    """
    if form is not None and form not in FORMATS:
        raise SourceError(f"unknown format {form}", hint=f"one of {', '.join(FORMATS)}")
    kind = file.kind if form is None else FORMATS[form]
    if kind == "csv":
        return open_csv(engine, file, read)
    if read is not None and (read.encoding or read.delimiter):
        message = f"`encoding` and `delimiter` are for delimited text: {file.origin} is {kind}"
        raise SourceError(message, line=read.line)
    if kind == "parquet":
        return open_parquet(engine, file)
    if kind == "excel":
        return open_excel(file)
    return open_json(file)


def readers(engine: DuckDBEngine, root: Path, read: Read) -> list[Reader]:
    """A reader for each file of a declaration; none if nothing is there."""
    if read.database is not None:
        return [open_database(read, root)]
    return [reader(engine, file, read.format, read) for file in find(root, read, engine)]
