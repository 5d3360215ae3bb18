"""Tables of an engine by their names: made, filled, named otherwise, narrowed, dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.engine.connection import Connection, fixed_errors
from segmenter.engine.quoting import dotted, named, quoted

if TYPE_CHECKING:
    import polars as pl


class Tables(Connection):
    """What an engine does with tables that exist. A name is ready when relations may read it."""

    __slots__ = ()

    def _name(self, name: str, kind: str) -> None:
        """From now on relations may read `name`, which is a temporary `kind`."""
        self._ready.add(name)
        self._kinds[name] = kind

    def has(self, table: str) -> bool:
        """Whether a ready relation of this name exists."""
        return table in self._ready

    def tables(self, alias: str) -> list[str]:
        """The tables of an attached file."""
        with fixed_errors("cannot read a file"):
            found = self.connection.execute(f"SHOW TABLES FROM {named(alias)}").fetchall()
        return sorted(name for (name,) in found)

    def columns(self, table: str) -> list[str]:
        """The column names of a ready table."""
        with fixed_errors("cannot read a table"):
            return [
                row[0] for row in self.connection.execute(f"DESCRIBE {dotted(table)}").fetchall()
            ]

    def kinds(self, table: str) -> dict[str, str]:
        """The column names of a ready table, with their types."""
        with fixed_errors("cannot read a table"):
            return {
                row[0]: row[1]
                for row in self.connection.execute(f"DESCRIBE {dotted(table)}").fetchall()
            }

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with fixed_errors("cannot read a table"):
            rows = self.connection.execute(f"SELECT count(*) FROM {dotted(table)}").fetchall()
        return int(rows[0][0])

    def create(self, table: str, columns: Mapping[str, str]) -> None:
        """Make an empty table (temporary unless `alias.table`); `columns` maps a name to its type."""
        kind = "TABLE" if "." in table else "TEMP TABLE"
        fields = ", ".join(f"{named(name)} {sort}" for name, sort in columns.items())
        with fixed_errors("cannot make a table"):
            self.connection.execute(f"CREATE OR REPLACE {kind} {dotted(table)} ({fields})")
        if "." not in table:
            self._name(table, "TABLE")

    def load(self, table: str, frame: pl.DataFrame) -> None:
        """Make a temporary table (or `alias.table`) from a polars frame."""
        kind = "TABLE" if "." in table else "TEMP TABLE"
        self._with_frame(frame, f"CREATE OR REPLACE {kind} {dotted(table)} AS FROM _frame")
        if "." not in table:
            self._name(table, "TABLE")

    def append(self, table: str, frame: pl.DataFrame) -> None:
        """Append a polars frame's rows to a table, by column name."""
        self._with_frame(frame, f"INSERT INTO {dotted(table)} BY NAME FROM _frame")

    def _with_frame(self, frame: pl.DataFrame, statement: str) -> None:
        with fixed_errors("cannot load a frame"):
            self.connection.register("_frame", _ArrowStream(frame))
            try:
                self.connection.execute(statement)
            finally:
                self.connection.unregister("_frame")

    def append_table(self, table: str, other: str) -> None:
        """Append one table's rows to another, by column name."""
        with fixed_errors("cannot copy a table"):
            self.connection.execute(f"INSERT INTO {dotted(table)} BY NAME FROM {dotted(other)}")

    def delete(self, table: str, column: str, value: str) -> None:
        """Delete a table's rows that have this value."""
        with fixed_errors("cannot change a table"):
            self.connection.execute(
                f"DELETE FROM {dotted(table)} WHERE {named(column)} = $value", {"value": value}
            )

    def drop(self, table: str) -> None:
        """Drop a table if it exists."""
        with fixed_errors("cannot drop a table"):
            self.connection.execute(f"DROP TABLE IF EXISTS {dotted(table)}")
        self._ready.discard(table)
        self._kinds.pop(table, None)

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

    def alias(self, name: str, table: str) -> None:
        """Let relations read a table under another name (a view)."""
        with fixed_errors("cannot name a table"):
            self.connection.execute(
                f"CREATE OR REPLACE TEMP VIEW {named(name)} AS FROM {dotted(table)}"
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

    def replace(self, table: str, column: str, keys: str, other: str) -> None:
        """Put the rows of the table `other` in place of those whose `column` is a patient of the table `keys`, by column name."""
        with fixed_errors("cannot change a table"):
            self.connection.execute(
                f"DELETE FROM {dotted(table)} AS old USING {named(keys)} AS key"
                f" WHERE old.{named(column)} = key.patient"
            )
        self.append_table(table, other)

    def copy_out(self, table: str, path: Path, options: str) -> None:
        """Write a table's rows to a file with COPY. `options` is one of this program's own constants, never a user's text."""
        with fixed_errors("cannot write a file"):
            self.connection.execute(
                f"COPY (FROM {dotted(table)}) TO {quoted(str(path))} ({options})"
            )


@dataclass(frozen=True, slots=True)
class _ArrowStream:
    """A polars frame as a bare Arrow stream, which DuckDB reads without pyarrow."""

    frame: pl.DataFrame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)
