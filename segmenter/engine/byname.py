"""Tables by names that stages agree on: what stood before handles, until every stage hands them on.

A name is ready when relations may read it. The methods that handles have too are told apart by
their arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, overload

from segmenter.engine.duckdb.errors import fixed_errors
from segmenter.engine.duckdb.reading import FileReading, _column
from segmenter.engine.duckdb.running import Reads, Running, Values
from segmenter.engine.duckdb.tables import fields
from segmenter.engine.quoting import dotted, in_sql, named
from segmenter.errors import EngineError
from segmenter.tables import Table, Tables

if TYPE_CHECKING:
    import polars as pl

    from segmenter.engine.duckdb.reading import ParquetScan
    from segmenter.engine.relations import Structure


@dataclass(slots=True, repr=False)
class ByName(Running, FileReading):
    """What an engine does with names."""

    _ready: set[str] = field(default_factory=set)

    def __exit__(self, *raised: object) -> None:
        Running.__exit__(self, *raised)
        self._ready.clear()

    def _ready_names(self) -> frozenset[str]:
        return frozenset(self._ready)

    def _name(self, name: str, kind: str) -> None:
        """From now on relations may read `name`, which is a temporary `kind`."""
        self._ready.add(name)
        self._kinds[name] = kind

    # -- from names to handles ---------------------------------------------------------------------

    def table(self, name: str) -> Table:
        """The handle of a ready table."""
        if name not in self._ready:
            msg = f"there is no table {name}"
            raise EngineError(msg)
        return Table(name)

    def named(self) -> Tables:
        """The handles of all that is ready."""
        return Tables({name: Table(name) for name in sorted(self._ready)})

    def has(self, table: str) -> bool:
        """Whether a ready relation of this name exists."""
        return table in self._ready

    # -- relations ---------------------------------------------------------------------------------

    @overload
    def make(
        self,
        table: str,
        /,
        *,
        reads: Reads | None = None,
        values: Values | None = None,
        structure: Structure | None = None,
        into: Table | None = None,
    ) -> Table: ...

    @overload
    def make(
        self,
        table: str,
        relation: str,
        values: Values | None = None,
        structure: Structure | None = None,
    ) -> None: ...

    def make(
        self,
        table: str,
        relation: str | None = None,
        values: Values | None = None,
        structure: Structure | None = None,
        *,
        reads: Reads | None = None,
        into: Table | None = None,
    ) -> Table | None:
        """Compute a relation as `table`, over all that is ready."""
        if relation is None:
            return Running.make(
                self, table, reads=reads, values=values, structure=structure, into=into
            )
        query, bound = self._composed(relation, values, structure, None)
        self._create_as(table, f"AS {query}", f"relation {relation} failed", bound)
        return None

    @overload
    def view(
        self, name: str, /, *, reads: Reads | None = None, structure: Structure | None = None
    ) -> Table: ...

    @overload
    def view(self, name: str, relation: str, structure: Structure | None = None) -> None: ...

    def view(
        self,
        name: str,
        relation: str | None = None,
        structure: Structure | None = None,
        *,
        reads: Reads | None = None,
    ) -> Table | None:
        """Name a relation over all that is ready, without computing it."""
        if relation is None:
            return Running.view(self, name, reads=reads, structure=structure)
        query, _ = self._composed(relation, None, structure, None)
        self._view_as(name, query, f"relation {relation} failed")
        return None

    # -- tables ------------------------------------------------------------------------------------

    @overload
    def create(self, table: Mapping[str, str], /, *, into: Table | None = None) -> Table: ...

    @overload
    def create(self, table: str, columns: Mapping[str, str]) -> None: ...

    def create(
        self,
        table: str | Mapping[str, str],
        columns: Mapping[str, str] | None = None,
        *,
        into: Table | None = None,
    ) -> Table | None:
        """Make an empty table (temporary unless `alias.table`)."""
        if not isinstance(table, str):
            return Running.create(self, table, into=into)
        self._create_as(table, f"({fields(columns or {})})", "cannot make a table")
        return None

    @overload
    def load(self, table: pl.DataFrame, /, *, into: Table | None = None) -> Table: ...

    @overload
    def load(self, table: str, frame: pl.DataFrame) -> None: ...

    def load(
        self,
        table: str | pl.DataFrame,
        frame: pl.DataFrame | None = None,
        *,
        into: Table | None = None,
    ) -> Table | None:
        """Make a table (temporary unless `alias.table`) from a polars frame."""
        if not isinstance(table, str):
            return Running.load(self, table, into=into)
        assert frame is not None
        with self._framed(frame):
            self._create_as(table, "AS FROM _frame", "cannot load a frame")
        return None

    def _create_as(
        self,
        table: str,
        body: str,
        message: str,
        values: Mapping[str, object] | None = None,
    ) -> None:
        kind = "TABLE" if "." in table else "TEMP TABLE"
        with fixed_errors(message):
            self.connection.execute(f"CREATE OR REPLACE {kind} {dotted(table)} {body}", values)
        if "." not in table:
            self._name(table, "TABLE")

    def _view_as(self, name: str, query: str, message: str) -> None:
        with fixed_errors(message):
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {named(name)} AS {query}")
        self._name(name, "VIEW")

    def drop(self, table: str | Table, /) -> None:
        """Drop a table if it exists."""
        if isinstance(table, Table):
            Running.drop(self, table)
            self._ready.discard(table.name)
            return
        with fixed_errors("cannot drop a table"):
            self.connection.execute(f"DROP TABLE IF EXISTS {dotted(table)}")
        self._ready.discard(table)
        self._kinds.pop(table, None)

    def forget(self, names: Sequence[str]) -> None:
        """Drop temporary views and tables by their bare names, if they exist."""
        unknown = [name for name in names if name not in self._kinds]
        own = [(self._kinds[name], name) for name in names if name in self._kinds]
        with fixed_errors("cannot drop a table"):
            for kind, name in (*own, *self._there(unknown)):
                self.connection.execute(f"DROP {kind} IF EXISTS temp.{named(name)}")
                self._kinds.pop(name, None)
        self._ready.difference_update(names)

    def _there(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Kind and name of what was not named here, but is there."""
        if self._ready.isdisjoint(names):
            return []
        return self.connection.execute(
            "SELECT 'VIEW', view_name FROM duckdb_views()"
            " WHERE temporary AND list_contains($names, view_name)"
            " UNION ALL SELECT 'TABLE', table_name FROM duckdb_tables()"
            " WHERE temporary AND list_contains($names, table_name)",
            {"names": list(names)},
        ).fetchall()

    def alias(self, name: str, table: str | Table) -> None:
        """Let relations read a table under another name (a view)."""
        self._view_as(name, f"FROM {in_sql(table)}", "cannot name a table")

    def adopt(self, name: str, table: Table) -> None:
        """Let relations read a temporary table of a handle by this name from now on."""
        self.forget([name])
        with fixed_errors("cannot name a table"):
            self.connection.execute(f"ALTER TABLE {in_sql(table)} RENAME TO {named(name)}")
        self._kinds.pop(table.name, None)
        self._name(name, "TABLE")

    def place(
        self,
        view: str,
        table: str,
        files: str,
        columns: Mapping[str, str],
        scans: Sequence[ParquetScan] = (),
        cut: Mapping[str, str] | None = None,
    ) -> None:
        """`placed`, as `view`."""
        query = self._placed(table, files, columns, scans, cut)
        self._view_as(view, query, "cannot read a table")

    def place_column(self, view: str, table: str, column: str) -> None:
        """`column`, as `view`."""
        self._view_as(view, _column(table, column), "cannot read a table")

    # -- files -------------------------------------------------------------------------------------

    @overload
    def attach(self, alias: Path, /) -> Tables: ...

    @overload
    def attach(
        self, alias: str, path: Path, *, write: bool = False, logged: bool = True
    ) -> None: ...

    def attach(
        self,
        alias: str | Path,
        path: Path | None = None,
        *,
        write: bool = False,
        logged: bool = True,
    ) -> Tables | None:
        """Attach a file under `alias`, read-only unless `write`."""
        if not isinstance(alias, str):
            return Running.attach(self, alias)
        assert path is not None
        self._attach(alias, path, write=write, logged=logged)
        return None

    def detach(self, alias: str) -> None:
        """Detach a file; what was written is checkpointed and complete on disk."""
        self._detach(alias)

    def tables(self, alias: str) -> list[str]:
        """The tables of an attached file."""
        return list(self._tables_of(alias))

    def expose(self, alias: str, names: Sequence[str] | None = None, prefix: str = "") -> None:
        """Make tables of an attached file readable by their bare names (views)."""
        for table in names if names is not None else self.tables(alias):
            query = f"FROM {named(alias)}.{named(table)}"
            self._view_as(prefix + table, query, "cannot read a file")

    def narrow(self, alias: str, names: Mapping[str, Sequence[str] | None], keys: str) -> None:
        """Make bare names mean only the rows of the patients in `keys`; `widen` undoes it.

        `names` gives the columns of each table that are kept, None for all.
        """
        self.forget(list(names))
        for name, kept in names.items():
            columns = "*" if kept is None else ", ".join(named(column) for column in kept)
            query = (
                f"SELECT {columns} FROM {named(alias)}.{named(name)}"
                f" JOIN (SELECT DISTINCT patient FROM {named(keys)}) USING (patient)"
            )
            self._create_as(name, f"AS {query}", "cannot read a file")

    def widen(self, alias: str, names: Sequence[str]) -> None:
        """Undo `narrow`: the bare names mean whole tables again."""
        self.forget(names)
        self.expose(alias, names)
