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
    from pathlib import Path

    import sqlalchemy as sa

    from segmenter.project.declared import Read


@dataclass(frozen=True, slots=True)
class DatabaseReader:
    """Reads one table. A row's line is its position in the answer, from 1."""

    url: sa.URL
    table: str
    header: tuple[str, ...]

    @property
    def file(self) -> SourceFile:
        """The table, as quarantine names it; never the URL, which may hold a password."""
        return SourceFile(f"database://{self.table}", self.table)

    def load(self, stage: Stage, columns: Sequence[int | None]) -> None:
        """Append the table, with one batch of rows in memory."""
        number = stage.begin(self.file, 0)
        line = 1
        for rows in self._batches():
            stage.add(number, range(line, line + len(rows)), rows, columns)
            line += len(rows)

    def _batches(self) -> Iterator[list[list[str]]]:
        import sqlalchemy as sa

        engine = sa.create_engine(self.url)
        try:
            with engine.connect() as connection:
                streaming = connection.execution_options(stream_results=True, yield_per=BATCH)
                answer = streaming.execute(sa.select(_reflected(engine, self.table)))
                for part in answer.partitions():
                    yield [_texts(row) for row in part]
        except sa.exc.SQLAlchemyError:
            raise _unreadable(self.table) from None
        finally:
            engine.dispose()


def open_database(read: Read, root: Path) -> DatabaseReader:
    """Look the columns up. A path in the URL is relative to `root`.

    Raises `SourceError` if database or table cannot be reached.
    """
    import sqlalchemy as sa

    table = str(read.table)
    try:
        url = _placed(sa.make_url(str(read.database)), root)
        engine = sa.create_engine(url)
    except (sa.exc.SQLAlchemyError, ImportError):
        raise _unreadable(table, read.line) from None
    try:
        columns = _reflected(engine, table).columns
    except sa.exc.SQLAlchemyError:
        raise _unreadable(table, read.line) from None
    finally:
        engine.dispose()
    return DatabaseReader(url, table, tuple(column.name for column in columns))


def _placed(url: sa.URL, root: Path) -> sa.URL:
    """The URL with the file of a database that is one under `root`. A missing file is not made."""
    import sqlalchemy as sa

    if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
        return url
    file = root / url.database
    if not file.is_file():
        raise sa.exc.ArgumentError
    return url.set(database=str(file))


def _reflected(engine: sa.Engine, table: str) -> sa.Table:
    import sqlalchemy as sa

    schema, _, name = table.rpartition(".")
    return sa.Table(name, sa.MetaData(), schema=schema or None, autoload_with=engine)


def _texts(row: Sequence[Any]) -> list[str]:
    return [as_text(value) for value in row]


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
    return SourceError(
        f"the database table {table} cannot be read",
        line=line,
        hint="check the URL, the driver and the table's name",
    )
