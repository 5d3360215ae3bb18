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
        body = f"({fields(columns)})"
        return self._new("empty", body, into, "cannot make a table")

    def empty(self, like: Table, /, *, into: Table | None = None) -> Table:
        """A table of another's columns, without rows."""
        body = f"AS FROM {in_sql(like)} LIMIT 0"
        return self._new("empty", body, into, "cannot make a table")

    def copy(self, table: Table, /, *, into: Table | None = None) -> Table:
        """A table of another's rows."""
        body = f"AS FROM {in_sql(table)}"
        return self._new("copy", body, into, "cannot copy a table")

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
            query = _narrowed(tables[name], kept, keys)
            few[name] = self._new(name, f"AS {query}", None, "cannot read a file")
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
        statement = f"CREATE {kind} {in_sql(table)} {body}"
        self._run(statement, message, values)
        if into is not None:
            return table
        return self._made(table.name, "TABLE")

    def _new_view(self, stem: str, query: str, message: str = "cannot read a table") -> Table:
        """Name a query under a fresh name."""
        name = self._fresh(stem)
        statement = f"CREATE TEMP VIEW {named(name)} AS {query}"
        self._run(statement, message)
        return self._made(name, "VIEW")

    # -- changing ----------------------------------------------------------------------------------

    def append(self, table: Table, frame: pl.DataFrame, /) -> None:
        """Append a polars frame's rows to a table, by column name."""
        statement = f"INSERT INTO {in_sql(table)} BY NAME FROM _frame"
        with self._framed(frame):
            self._run(statement, "cannot load a frame")

    def append_table(self, table: Table, other: Table, /) -> None:
        """Append one table's rows to another, by column name."""
        statement = f"INSERT INTO {in_sql(table)} BY NAME FROM {in_sql(other)}"
        self._run(statement, "cannot copy a table")

    def replace(self, table: Table, column: str, keys: Table, other: Table, /) -> None:
        """Put the rows of `other` in place of those whose `column` is a patient of `keys`."""
        statement = (
            f"DELETE FROM {in_sql(table)} AS old USING {in_sql(keys)} AS key"
            f" WHERE old.{named(column)} = key.patient"
        )
        self._run(statement, "cannot change a table")
        self.append_table(table, other)

    def delete(self, table: Table, column: str, value: str, /) -> None:
        """Delete a table's rows that have this value."""
        statement = f"DELETE FROM {in_sql(table)} WHERE {named(column)} = $value"
        self._run(statement, "cannot change a table", {"value": value})

    def drop(self, table: Table, /) -> None:
        """Drop a table or view, if it is still there."""
        kind = self._kinds.pop(table.name, "TABLE")
        self._run(f"DROP {kind} IF EXISTS {in_sql(table)}", "cannot drop a table")

    # -- asking ------------------------------------------------------------------------------------

    def columns(self, table: Table, /) -> list[str]:
        """A table's column names."""
        kinds = self.kinds(table)
        return list(kinds)

    def kinds(self, table: Table, /) -> dict[str, str]:
        """A table's column names, with their types."""
        rows = self._fetched(f"DESCRIBE {in_sql(table)}", "cannot read a table")
        return {name: kind for name, kind, *_ in rows}

    def count(self, table: Table, /) -> int:
        """How many rows a table has."""
        query = f"SELECT count(*) FROM {in_sql(table)}"
        ((rows,),) = self._fetched(query, "cannot read a table")
        return int(rows)

    def copy_out(self, table: Table, path: Path, options: str, /) -> None:
        """Write a table's rows to a file with COPY.

        `options` is one of this program's own constants, never a user's text.
        """
        file = quoted(str(path))
        statement = f"COPY (FROM {in_sql(table)}) TO {file} ({options})"
        self._run(statement, "cannot write a file")

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
    told = [f"{named(name)} {kind}" for name, kind in columns.items()]
    return ", ".join(told)


def _narrowed(table: Table, columns: Sequence[str] | None, keys: Table) -> str:
    chosen = "*"
    if columns is not None:
        chosen = ", ".join(map(named, columns))
    patients = f"SELECT DISTINCT patient FROM {in_sql(keys)}"
    rows = in_sql(table)
    return f"SELECT {chosen} FROM {rows} JOIN ({patients}) USING (patient)"


@dataclass(frozen=True, slots=True)
class _ArrowStream:
    """A polars frame as a bare Arrow stream, which DuckDB reads without pyarrow."""

    frame: pl.DataFrame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)
