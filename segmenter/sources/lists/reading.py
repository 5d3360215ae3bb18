"""The files of a list -> `Listed`: a table or JSON documents, as the first bytes say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.sources.column_names import lacks
from segmenter.sources.files import SourceFile, head
from segmenter.sources.lists import documents, written
from segmenter.sources.lists.tables import read_table
from segmenter.sources.lists.written import Listed, Reading

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine, Engine


def read(
    engine: DuckDBEngine, files: Sequence[SourceFile], source: str, how: Reading | None = None
) -> Listed:
    """Read the entries of all files into one table.

    Raises `SourceError` for a file that cannot be read, whose layout is nobody's or more than
    one's, or that has an opt-out column that nothing reads (R1); and for a column to rename or to
    ignore that no file has.
    """
    how = Reading() if how is None else how
    listed = Listed(source, written.create(engine))
    for file in files:
        start = head(file, 4096).removeprefix(b"\xef\xbb\xbf").lstrip()
        if documents.holds(file, start):
            documents.read_documents(engine, file, listed, how)
        elif start:
            read_table(engine, file, listed, how)
    _require_all_used(files, listed, how)
    listed.entries = engine.count(listed.table)
    return listed


def _require_all_used(files: Sequence[SourceFile], listed: Listed, how: Reading) -> None:
    """Refuse a column that is to be renamed or ignored and that no file has."""
    for name in (*how.rename.values(), *how.ignored):
        if listed.seen and name not in listed.seen:
            seen = sorted(listed.seen)
            raise lacks(f"suppression {listed.source}", name, seen, files[0].origin)


def silent(engine: Engine, listed: Listed) -> int:
    """How many of the rows that were read say nothing of anybody: subscribed, delivered, opened.

    Before `hashed`.
    """
    with engine.scope():
        broken = written.broken_places(engine, listed)
        reads = {"list_written": listed.table, "list_broken": broken}
        ((telling,),) = engine.rows("list_telling", reads=reads)
    return max(listed.read - int(telling), 0)


def of_path(path: Path) -> SourceFile:
    """A file given on the command line."""
    return SourceFile(str(path.absolute()), path.name)
