"""What stages may ask of an engine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from segmenter.tables import Columns, File, Table, Tables

if TYPE_CHECKING:
    import polars as pl

    from segmenter.engine.duckdb.connection import Limits
    from segmenter.engine.relations import Structure
    from segmenter.engine.scope import Scope

NOTHING = Tables()


class Engine(Protocol):
    """Runs relations over tables, and gives handles of what it makes.

    A relation's inputs are bound to the tables `reads`, by the names that its SQL reads them by. An
    input that is not among them is the relation of that name, composed in place; if there is none,
    that is an `EngineError`. `values` fill `$as_of`, `structure` fills `__dimensions__`. Every
    table is temporary unless it is made `into` a file. No message of the engine is passed on:
    whatever fails is an `EngineError` with a text of ours.
    """

    @property
    def limits(self) -> Limits:
        """How much memory and how many threads it may use."""

    # -- relations ---------------------------------------------------------------------------------

    def make(
        self,
        relation: str,
        /,
        *,
        reads: Mapping[str, Table] = NOTHING,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
        into: Table | None = None,
    ) -> Table:
        """Compute a relation, as a table."""

    def view(
        self,
        relation: str,
        /,
        *,
        reads: Mapping[str, Table] = NOTHING,
        structure: Structure | None = None,
    ) -> Table:
        """A relation that is computed wherever it is read. It takes no values."""

    def add(
        self,
        table: Table,
        relation: str,
        /,
        *,
        reads: Mapping[str, Table] = NOTHING,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
    ) -> None:
        """Append a relation's rows to a table, by column name."""

    def rows(
        self,
        relation: str,
        /,
        *,
        reads: Mapping[str, Table] = NOTHING,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
    ) -> list[tuple[Any, ...]]:
        """All rows of a relation, as Python values. For small results."""

    def frame(
        self,
        relation: str,
        /,
        *,
        reads: Mapping[str, Table] = NOTHING,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
    ) -> pl.DataFrame:
        """A relation as a polars frame."""

    def write_out(
        self,
        relation: str,
        path: Path,
        options: str,
        /,
        *,
        reads: Mapping[str, Table] = NOTHING,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
    ) -> None:
        """Write a relation's rows, in its own order, to a file or pipe.

        `options` is one of this program's own constants.
        """

    def copy_out(self, table: Table, path: Path, options: str, /) -> None:
        """Write a table's rows to a file.

        `options` is one of this program's own constants.
        """

    # -- tables ------------------------------------------------------------------------------------

    def create(self, columns: Mapping[str, str], /, *, into: Table | None = None) -> Table:
        """A table without rows; `columns` maps a name to its type."""

    def empty(self, like: Table, /, *, into: Table | None = None) -> Table:
        """A table of another's columns, without rows."""

    def copy(self, table: Table, /, *, into: Table | None = None) -> Table:
        """A table of another's rows."""

    def load(self, frame: pl.DataFrame, /, *, into: Table | None = None) -> Table:
        """A table of a polars frame's rows."""

    def append(self, table: Table, frame: pl.DataFrame, /) -> None:
        """Append a polars frame's rows to a table, by column name."""

    def append_table(self, table: Table, other: Table, /) -> None:
        """Append another table's rows to a table, by column name."""

    def narrowed(self, tables: Mapping[str, Table], columns: Columns, keys: Table, /) -> Tables:
        """The tables that `columns` names, with the rows of the patients in `keys` alone.

        Of each the columns that are kept, None for all.
        """

    def replace(self, table: Table, column: str, keys: Table, other: Table, /) -> None:
        """Put the rows of `other` in place of those whose `column` is a patient of `keys`."""

    def delete(self, table: Table, column: str, value: str, /) -> None:
        """Delete a table's rows that have this value."""

    def count(self, table: Table, /) -> int:
        """How many rows a table has."""

    def columns(self, table: Table, /) -> list[str]:
        """A table's column names."""

    def kinds(self, table: Table, /) -> dict[str, str]:
        """A table's column names, with their types."""

    def drop(self, table: Table, /) -> None:
        """Drop a table or view, if it is still there."""

    def scope(self) -> AbstractContextManager[Scope]:
        """A stretch of work: tables made and files attached meanwhile go at its end.

        `scope.keep(table)` lets one outlive it.
        """

    # -- files -------------------------------------------------------------------------------------

    def attach(self, path: Path, /) -> Tables:
        """The tables of an encrypted file, to be read until the scope around it ends."""

    def writing(self, path: Path, /, *, logged: bool = True) -> AbstractContextManager[File]:
        """A file to make tables `into`, complete on disk at the end and for its owner alone.

        A file that is of no use before it is complete need not be `logged`.
        """

    def at_once(self) -> AbstractContextManager[None]:
        """All or nothing of what is written meanwhile, committed once."""

    def as_written(self) -> AbstractContextManager[None]:
        """Join in the order that relations are written in."""

    def lock_down(self) -> None:
        """From here on only what is attached can be reached."""
