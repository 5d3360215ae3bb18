"""Choose the reader of a file, and bring declared files into staging tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from segmenter.errors import SourceError
from segmenter.sources import files
from segmenter.sources.csv import open_csv
from segmenter.sources.database import open_database
from segmenter.sources.excel import open_excel
from segmenter.sources.jsonl import open_json
from segmenter.sources.parquet import open_parquet
from segmenter.sources.stage import Stage, lacks, misspelt

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine
    from segmenter.project.declared import Read

FORMATS = ("csv", "parquet", "json", "jsonl", "ndjson", "excel")


class Reader(Protocol):
    """One file whose header is known."""

    @property
    def file(self) -> files.SourceFile:
        """Which file."""

    @property
    def header(self) -> tuple[str, ...]:
        """Its column names."""

    def load(self, stage: Stage, columns: Sequence[int | None]) -> None:
        """Append its rows to a staging table."""


def reader(engine: DuckDBEngine, file: files.SourceFile, form: str | None) -> Reader:
    """The reader of one file: by the declared format, else by its name."""
    match {"jsonl": "json", "ndjson": "json"}.get(form or "", form) or file.kind:
        case "parquet":
            return open_parquet(engine, file)
        case "excel":
            return open_excel(file)
        case "json":
            return open_json(file)
        case "csv":
            return open_csv(engine, file)
    msg = f"unknown format {form}"
    raise SourceError(msg, hint=f"one of {', '.join(FORMATS)}")


def readers(engine: DuckDBEngine, root: Path, read: Read) -> list[Reader]:
    """A reader for each file of a declaration; none where nothing is there."""
    if read.database is not None:
        return [open_database(read, root)]
    return [reader(engine, file, read.format) for file in files.find(root, read, engine)]


def positions(found: Reader, names: Sequence[str], rename: Mapping[str, str]) -> list[int | None]:
    """Where each of our columns stands in a file: under its own name, or the one that `rename` gives it; None where it is not there.

    A column that stands there twice is refused: which one speaks cannot be said.
    """
    places: list[int | None] = []
    for name in names:
        theirs = rename.get(name, name)
        where = [i for i, column in enumerate(found.header) if column == theirs]
        if len(where) > 1:
            msg = f"{found.file.origin} has the column {theirs} more than once"
            raise SourceError(msg, file=None if found.file.remote else Path(found.file.path))
        places.append(where[0] if where else None)
    return places


def require(
    source: str, found: Reader, names: Sequence[str], rename: Mapping[str, str], line: int | None
) -> None:
    """Refuse a file without one of the columns it must have, naming the columns seen and the nearest."""
    for name in names:
        theirs = rename.get(name, name)
        if theirs not in found.header:
            raise lacks(source, theirs, found.header, found.file.origin, line)


def declared_columns(
    source: str, found: Sequence[Reader], read: Read, tags: Mapping[str, str] | None = None
) -> None:
    """Refuse a `rename` from a column that no file has, and a tag that misspells one: what it is to hold or to guard would be lost."""
    seen = list(dict.fromkeys(name for reader in found for name in reader.header))
    theirs = {tag: read.rename.get(tag, tag) for tag in tags or {}}
    wrong = [name for name in read.rename.values() if name not in seen]
    wrong += [
        name
        for name in theirs.values()
        if name not in seen and misspelt(name, [n for n in seen if n not in theirs.values()])
    ]
    if found and wrong:
        raise lacks(source, wrong[0], seen, found[0].file.origin, read.line)
