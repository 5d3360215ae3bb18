"""A table of a database by SQLAlchemy URL, streamed in batches, every value as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from segmenter.errors import SourceError
from segmenter.sources.files import SourceFile
from segmenter.sources.stage import BATCH, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import sqlalchemy as sa

    from segmenter.project.declared import Read


@dataclass(frozen=True, slots=True)
class DatabaseReader:
    """Reads one table. A row's line is its position in the answer, from 1."""

    url: str
    table: str
    header: tuple[str, ...]

    @property
    def file(self) -> SourceFile:
        """The table, as quarantine names it; never the URL, which may hold a password."""
        return SourceFile(f"database://{self.table}", self.table)

    def load(self, stage: Stage, columns: Sequence[int | None]) -> None:
        """Append the table, holding one batch of rows in memory."""
        number, line = stage.begin(self.file, 0), 1
        for rows in self._batches():
            stage.add(number, range(line, line + len(rows)), rows, columns)
            line += len(rows)

    def _batches(self) -> Iterator[list[list[str]]]:
        import sqlalchemy as sa

        engine = sa.create_engine(self.url)
        try:
            with engine.connect() as connection:
                streaming = connection.execution_options(stream_results=True, yield_per=BATCH)
                found = streaming.execute(sa.select(_reflected(engine, self.table)))
                for part in found.partitions():
                    yield [[as_text(value) for value in row] for row in part]
        except sa.exc.SQLAlchemyError:
            raise _unreadable(self.table) from None
        finally:
            engine.dispose()


def open_database(read: Read) -> DatabaseReader:
    """Look the columns up. Raises `SourceError` where the database or the table cannot be reached."""
    import sqlalchemy as sa

    url, table = str(read.database), str(read.table)
    try:
        engine = sa.create_engine(url)
    except (sa.exc.SQLAlchemyError, ImportError):
        raise _unreadable(table, read.line) from None
    try:
        header = tuple(column.name for column in _reflected(engine, table).columns)
    except sa.exc.SQLAlchemyError:
        raise _unreadable(table, read.line) from None
    finally:
        engine.dispose()
    return DatabaseReader(url, table, header)


def _reflected(engine: sa.Engine, table: str) -> sa.Table:
    import sqlalchemy as sa

    schema, _, name = table.rpartition(".")
    return sa.Table(name, sa.MetaData(), schema=schema or None, autoload_with=engine)


def as_text(value: Any) -> str:
    """A database value as text; null is empty, times are ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return str(value)


def _unreadable(table: str, line: int | None = None) -> SourceError:
    return SourceError(f"the database table {table} cannot be read", line=line, hint="check the URL, the driver and the table's name")
