"""Tables of an engine: made, filled, copied, narrowed, dropped."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, overload

from segmenter.engine.connection import Connection, fixed_errors
from segmenter.engine.quoting import dotted, named, quoted
from segmenter.errors import EngineError
from segmenter.tables import Table, Tables

if TYPE_CHECKING:
    import polars as pl


class Filling(Connection):
    """What an engine does with tables that exist. A name is ready when relations may read it."""

    __slots__ = ()

    def _name(self, name: str, kind: str) -> None:
        """From now on relations may read `name`, which is a temporary `kind`."""
        self._ready.add(name)
        self._kinds[name] = kind

    def has(self, table: str) -> bool:
        """Whether a ready relation of this name exists."""
        return table in self._ready

    def table(self, name: str) -> Table:
        """By names: the handle of a ready table."""
        if name not in self._ready:
            msg = f"there is no table {name}"
            raise EngineError(msg)
        return Table(name)

    def named(self) -> Tables:
        """By names: the handles of all that is ready."""
        return Tables({name: Table(name) for name in sorted(self._ready)})

    def columns(self, table: str | Table) -> list[str]:
        """The column names of a table."""
        return list(self.kinds(table))

    def kinds(self, table: str | Table) -> dict[str, str]:
        """The column names of a table, with their types."""
        with fixed_errors("cannot read a table"):
            described = self.connection.execute(f"DESCRIBE {in_sql(table)}").fetchall()
        return {row[0]: row[1] for row in described}

    def count(self, table: str | Table) -> int:
        """How many rows a table has."""
        with fixed_errors("cannot read a table"):
            rows = self.connection.execute(f"SELECT count(*) FROM {in_sql(table)}").fetchall()
        return int(rows[0][0])

    @overload
    def create(self, table: Mapping[str, str], *, into: Table | None = None) -> Table: ...

    @overload
    def create(self, table: str, columns: Mapping[str, str]) -> None: ...

    def create(
        self,
        table: str | Mapping[str, str],
        columns: Mapping[str, str] | None = None,
        *,
        into: Table | None = None,
    ) -> Table | None:
        """Make an empty table of columns: each name with its type.

        By names: make it as `table` (temporary unless `alias.table`).
        """
        if isinstance(table, str):
            self._create(table, columns or {})
            return None
        return self._new("empty", f"({_fields(table)})", None, "cannot make a table", into)

    def _create(self, table: str, columns: Mapping[str, str]) -> None:
        kind = "TABLE" if "." in table else "TEMP TABLE"
        with fixed_errors("cannot make a table"):
            self.connection.execute(
                f"CREATE OR REPLACE {kind} {dotted(table)} ({_fields(columns)})"
            )
        if "." not in table:
            self._name(table, "TABLE")

    def empty(self, like: Table, *, into: Table | None = None) -> Table:
        """A table of another's columns, without rows."""
        return self._new(
            "empty", f"AS FROM {in_sql(like)} LIMIT 0", None, "cannot make a table", into
        )

    def copy(self, table: Table, *, into: Table | None = None) -> Table:
        """A table of another's rows."""
        return self._new("copy", f"AS FROM {in_sql(table)}", None, "cannot copy a table", into)

    def _new(
        self,
        stem: str,
        body: str,
        values: Mapping[str, object] | None,
        message: str,
        into: Table | None,
    ) -> Table:
        """Make a table of what follows CREATE TABLE: `into`, else a temporary one of a fresh name."""
        made = into or Table(self._fresh(stem))
        kind = "TEMP TABLE" if into is None else "OR REPLACE TABLE"
        with fixed_errors(message):
            self.connection.execute(f"CREATE {kind} {in_sql(made)} {body}", values)
        return self._made(made.name, "TABLE") if into is None else made

    def _new_view(self, stem: str, query: str, message: str = "cannot read a table") -> Table:
        name = self._fresh(stem)
        with fixed_errors(message):
            self.connection.execute(f"CREATE TEMP VIEW {named(name)} AS {query}")
        return self._made(name, "VIEW")

    @overload
    def load(self, table: pl.DataFrame, *, into: Table | None = None) -> Table: ...

    @overload
    def load(self, table: str, frame: pl.DataFrame) -> None: ...

    def load(
        self,
        table: str | pl.DataFrame,
        frame: pl.DataFrame | None = None,
        *,
        into: Table | None = None,
    ) -> Table | None:
        """Make a table from a polars frame.

        By names: make it as `table` (temporary unless `alias.table`).
        """
        if isinstance(table, str):
            assert frame is not None
            self._load(table, frame)
            return None
        with self._framed(table):
            return self._new("frame", "AS FROM _frame", None, "cannot load a frame", into)

    def _load(self, table: str, frame: pl.DataFrame) -> None:
        kind = "TABLE" if "." in table else "TEMP TABLE"
        with self._framed(frame), fixed_errors("cannot load a frame"):
            self.connection.execute(f"CREATE OR REPLACE {kind} {dotted(table)} AS FROM _frame")
        if "." not in table:
            self._name(table, "TABLE")

    def append(self, table: str | Table, frame: pl.DataFrame) -> None:
        """Append a polars frame's rows to a table, by column name."""
        with self._framed(frame), fixed_errors("cannot load a frame"):
            self.connection.execute(f"INSERT INTO {in_sql(table)} BY NAME FROM _frame")

    @contextlib.contextmanager
    def _framed(self, frame: pl.DataFrame) -> Iterator[None]:
        """A polars frame as the table `_frame`."""
        with fixed_errors("cannot load a frame"):
            self.connection.register("_frame", _ArrowStream(frame))
        try:
            yield
        finally:
            self.connection.unregister("_frame")

    def append_table(self, table: str | Table, other: str | Table) -> None:
        """Append one table's rows to another, by column name."""
        with fixed_errors("cannot copy a table"):
            self.connection.execute(f"INSERT INTO {in_sql(table)} BY NAME FROM {in_sql(other)}")

    def delete(self, table: str | Table, column: str, value: str) -> None:
        """Delete a table's rows that have this value."""
        with fixed_errors("cannot change a table"):
            self.connection.execute(
                f"DELETE FROM {in_sql(table)} WHERE {named(column)} = $value", {"value": value}
            )

    def drop(self, table: str | Table) -> None:
        """Drop a table or view if it exists."""
        name = table.name if isinstance(table, Table) else table
        kind = self._kinds.pop(name, "TABLE") if isinstance(table, Table) else "TABLE"
        with fixed_errors("cannot drop a table"):
            self.connection.execute(f"DROP {kind} IF EXISTS {dotted(name)}")
        self._ready.discard(name)
        self._kinds.pop(name, None)

    def forget(self, names: Sequence[str]) -> None:
        """Drop temporary views and tables by their bare names, where they exist."""
        with fixed_errors("cannot drop a table"):
            for kind, name in (
                *self._own(names),
                *self._found([name for name in names if name not in self._kinds]),
            ):
                self.connection.execute(f"DROP {kind} IF EXISTS temp.{named(name)}")
                self._kinds.pop(name, None)
        self._ready.difference_update(names)

    def _own(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Kind and name of what this engine named."""
        return [(self._kinds[name], name) for name in names if name in self._kinds]

    def _found(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Kind and name of what is there otherwise."""
        if self._ready.isdisjoint(names):
            return []
        return self.connection.execute(
            "SELECT 'VIEW', view_name FROM duckdb_views() WHERE temporary AND list_contains($names, view_name)"
            " UNION ALL SELECT 'TABLE', table_name FROM duckdb_tables() WHERE temporary AND list_contains($names, table_name)",
            {"names": list(names)},
        ).fetchall()

    def alias(self, name: str, table: str | Table) -> None:
        """By names: let relations read a table under another name (a view)."""
        with fixed_errors("cannot name a table"):
            self.connection.execute(
                f"CREATE OR REPLACE TEMP VIEW {named(name)} AS FROM {in_sql(table)}"
            )
        self._name(name, "VIEW")

    def expose(self, alias: str, names: Sequence[str] | None = None, prefix: str = "") -> None:
        """Make the tables of an attached file readable by their bare names (views), so that relations can name them."""
        for table in names if names is not None else self.tables(alias):
            with fixed_errors("cannot read a file"):
                self.connection.execute(
                    f"CREATE OR REPLACE TEMP VIEW {named(prefix + table)} AS FROM {named(alias)}.{named(table)}"
                )
            self._name(prefix + table, "VIEW")

    def narrow(self, alias: str, names: Mapping[str, Sequence[str] | None], keys: str) -> None:
        """Make the bare names of an attached file's tables mean only the rows of the patients in the table `keys`; `widen` undoes it.

        `names` gives the columns of each table that are kept, None for all: a column that nobody
        reads need not be unpacked.
        """
        self.forget(list(names))
        for name, kept in names.items():
            columns = "*" if kept is None else ", ".join(named(column) for column in kept)
            with fixed_errors("cannot read a file"):
                self.connection.execute(
                    f"CREATE TEMP TABLE {named(name)} AS SELECT {columns} FROM {named(alias)}.{named(name)}"
                    f" JOIN (SELECT DISTINCT patient FROM {named(keys)}) USING (patient)"
                )
            self._name(name, "TABLE")

    def widen(self, alias: str, names: Sequence[str]) -> None:
        """Undo `narrow`: the bare names mean whole tables again."""
        self.forget(names)
        self.expose(alias, names)

    def narrowed(
        self, tables: Mapping[str, Table], columns: Mapping[str, Sequence[str] | None], keys: Table
    ) -> Tables:
        """The tables that `columns` names, with the rows of the patients in `keys` alone.

        Of each the columns that are kept, None for all: a column that nobody reads need not be
        unpacked.
        """
        few = {}
        for name, kept in columns.items():
            chosen = "*" if kept is None else ", ".join(named(column) for column in kept)
            query = (
                f"AS SELECT {chosen} FROM {in_sql(tables[name])}"
                f" JOIN (SELECT DISTINCT patient FROM {in_sql(keys)}) USING (patient)"
            )
            few[name] = self._new(name, query, None, "cannot read a file", None)
        return Tables(few)

    def replace(
        self, table: str | Table, column: str, keys: str | Table, other: str | Table
    ) -> None:
        """Put the rows of the table `other` in place of those whose `column` is a patient of the table `keys`, by column name."""
        with fixed_errors("cannot change a table"):
            self.connection.execute(
                f"DELETE FROM {in_sql(table)} AS old USING {in_sql(keys)} AS key"
                f" WHERE old.{named(column)} = key.patient"
            )
        self.append_table(table, other)

    def copy_out(self, table: str | Table, path: Path, options: str) -> None:
        """Write a table's rows to a file with COPY. `options` is one of this program's own constants, never a user's text."""
        with fixed_errors("cannot write a file"):
            self.connection.execute(
                f"COPY (FROM {in_sql(table)}) TO {quoted(str(path))} ({options})"
            )


def in_sql(table: str | Table) -> str:
    """A table's place in SQL."""
    return dotted(table.name if isinstance(table, Table) else table)


def _fields(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{named(name)} {kind}" for name, kind in columns.items())


@dataclass(frozen=True, slots=True)
class _ArrowStream:
    """A polars frame as a bare Arrow stream, which DuckDB reads without pyarrow."""

    frame: pl.DataFrame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)
