"""Tables of an engine: made, filled, copied, narrowed, counted, dropped."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.engine.duckdb.errors import fixed_errors
from segmenter.engine.duckdb.files import Files
from segmenter.engine.quoting import in_sql, named, quoted
from segmenter.tables import Columns, Table, Tables

if TYPE_CHECKING:
    import polars as pl


class Filling(Files):
    """What an engine does with tables."""

    __slots__ = ()

    # -- making ------------------------------------------------------------------------------------

    def create(self, columns: Mapping[str, str], /, *, into: Table | None = None) -> Table:
        """A table without rows; `columns` maps a name to its type."""
        return self._new("empty", f"({fields(columns)})", into, "cannot make a table")

    def empty(self, like: Table, /, *, into: Table | None = None) -> Table:
        """A table of another's columns, without rows."""
        return self._new("empty", f"AS FROM {in_sql(like)} LIMIT 0", into, "cannot make a table")

    def copy(self, table: Table, /, *, into: Table | None = None) -> Table:
        """A table of another's rows."""
        return self._new("copy", f"AS FROM {in_sql(table)}", into, "cannot copy a table")

    def load(self, frame: pl.DataFrame, /, *, into: Table | None = None) -> Table:
        """A table of a polars frame's rows."""
        with self._framed(frame):
            return self._new("frame", "AS FROM _frame", into, "cannot load a frame")

    def narrowed(self, tables: Mapping[str, Table], columns: Columns, keys: Table, /) -> Tables:
        """The tables that `columns` names, with the rows of the patients in `keys` alone.

        Of each the columns that are kept, None for all: a column that nobody reads need not be
        unpacked.
        """
        few = {}
        for name, kept in columns.items():
            body = f"AS {_narrowed(tables[name], kept, keys)}"
            few[name] = self._new(name, body, None, "cannot read a file")
        return Tables(few)

    def _new(
        self,
        stem: str,
        body: str,
        into: Table | None,
        message: str,
        values: Mapping[str, object] | None = None,
    ) -> Table:
        """Make a table of what follows CREATE TABLE: `into`, else a temporary one."""
        table = into or Table(self._fresh(stem))
        kind = "TEMP TABLE" if into is None else "OR REPLACE TABLE"
        with fixed_errors(message):
            self.connection.execute(f"CREATE {kind} {in_sql(table)} {body}", values)
        return table if into is not None else self._made(table.name, "TABLE")

    def _new_view(self, stem: str, query: str, message: str = "cannot read a table") -> Table:
        """Name a query under a fresh name."""
        name = self._fresh(stem)
        with fixed_errors(message):
            self.connection.execute(f"CREATE TEMP VIEW {named(name)} AS {query}")
        return self._made(name, "VIEW")

    # -- changing ----------------------------------------------------------------------------------

    def append(self, table: Table, frame: pl.DataFrame, /) -> None:
        """Append a polars frame's rows to a table, by column name."""
        with self._framed(frame), fixed_errors("cannot load a frame"):
            self.connection.execute(f"INSERT INTO {in_sql(table)} BY NAME FROM _frame")

    def append_table(self, table: Table, other: Table, /) -> None:
        """Append one table's rows to another, by column name."""
        with fixed_errors("cannot copy a table"):
            self.connection.execute(f"INSERT INTO {in_sql(table)} BY NAME FROM {in_sql(other)}")

    def replace(self, table: Table, column: str, keys: Table, other: Table, /) -> None:
        """Put the rows of `other` in place of those whose `column` is a patient of `keys`."""
        with fixed_errors("cannot change a table"):
            self.connection.execute(
                f"DELETE FROM {in_sql(table)} AS old USING {in_sql(keys)} AS key"
                f" WHERE old.{named(column)} = key.patient"
            )
        self.append_table(table, other)

    def delete(self, table: Table, column: str, value: str, /) -> None:
        """Delete a table's rows that have this value."""
        with fixed_errors("cannot change a table"):
            self.connection.execute(
                f"DELETE FROM {in_sql(table)} WHERE {named(column)} = $value", {"value": value}
            )

    def drop(self, table: Table, /) -> None:
        """Drop a table or view, if it is still there."""
        kind = self._kinds.pop(table.name, "TABLE")
        with fixed_errors("cannot drop a table"):
            self.connection.execute(f"DROP {kind} IF EXISTS {in_sql(table)}")

    # -- asking ------------------------------------------------------------------------------------

    def columns(self, table: Table, /) -> list[str]:
        """A table's column names."""
        return list(self.kinds(table))

    def kinds(self, table: Table, /) -> dict[str, str]:
        """A table's column names, with their types."""
        with fixed_errors("cannot read a table"):
            rows = self.connection.execute(f"DESCRIBE {in_sql(table)}").fetchall()
        return {row[0]: row[1] for row in rows}

    def count(self, table: Table, /) -> int:
        """How many rows a table has."""
        with fixed_errors("cannot read a table"):
            rows = self.connection.execute(f"SELECT count(*) FROM {in_sql(table)}").fetchall()
        return int(rows[0][0])

    def copy_out(self, table: Table, path: Path, options: str, /) -> None:
        """Write a table's rows to a file with COPY.

        `options` is one of this program's own constants, never a user's text.
        """
        statement = f"COPY (FROM {in_sql(table)}) TO {quoted(str(path))} ({options})"
        with fixed_errors("cannot write a file"):
            self.connection.execute(statement)

    @contextlib.contextmanager
    def _framed(self, frame: pl.DataFrame) -> Iterator[None]:
        """A polars frame as the table `_frame`."""
        with fixed_errors("cannot load a frame"):
            self.connection.register("_frame", _ArrowStream(frame))
        try:
            yield
        finally:
            self.connection.unregister("_frame")


def fields(columns: Mapping[str, str]) -> str:
    """Columns as CREATE TABLE takes them.

    >>> fields({"patient": "BIGINT"})
    '"patient" BIGINT'
    """
    return ", ".join(f"{named(name)} {kind}" for name, kind in columns.items())


def _narrowed(table: Table, columns: Sequence[str] | None, keys: Table) -> str:
    chosen = "*" if columns is None else ", ".join(named(column) for column in columns)
    patients = f"SELECT DISTINCT patient FROM {in_sql(keys)}"
    return f"SELECT {chosen} FROM {in_sql(table)} JOIN ({patients}) USING (patient)"


@dataclass(frozen=True, slots=True)
class _ArrowStream:
    """A polars frame as a bare Arrow stream, which DuckDB reads without pyarrow."""

    frame: pl.DataFrame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)
