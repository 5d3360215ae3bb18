"""Relations of `sql/`, composed and run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.engine import relations
from segmenter.engine.duckdb.errors import fixed_errors
from segmenter.engine.duckdb.tables import Filling
from segmenter.engine.quoting import in_sql, quoted
from segmenter.errors import EngineError
from segmenter.tables import Table, Tables

if TYPE_CHECKING:
    import polars as pl

    from segmenter.engine.relations import Structure

Reads = Mapping[str, Table]
Values = Mapping[str, object]
NOTHING = Tables()


class Running(Filling):
    """What an engine does with relations."""

    __slots__ = ()

    def make(
        self,
        relation: str,
        /,
        *,
        reads: Reads = NOTHING,
        values: Values | None = None,
        structure: Structure | None = None,
        into: Table | None = None,
    ) -> Table:
        """Compute a relation, as a table."""
        query, bound = self._composed(relation, values, structure, reads)
        message = f"relation {relation} failed"
        return self._new(relation, f"AS {query}", into, message, bound)

    def view(
        self,
        relation: str,
        /,
        *,
        reads: Reads = NOTHING,
        structure: Structure | None = None,
    ) -> Table:
        """A relation that is computed wherever it is read. It takes no values."""
        query, _ = self._composed(relation, None, structure, reads)
        message = f"relation {relation} failed"
        return self._new_view(relation, query, message)

    def add(
        self,
        table: Table,
        relation: str,
        /,
        *,
        reads: Reads = NOTHING,
        values: Values | None = None,
        structure: Structure | None = None,
    ) -> None:
        """Append a relation's rows to a table, by column name."""
        query, bound = self._composed(relation, values, structure, reads)
        statement = f"INSERT INTO {in_sql(table)} BY NAME {query}"
        self._run(statement, f"relation {relation} failed", bound)

    def rows(
        self,
        relation: str,
        /,
        *,
        reads: Reads = NOTHING,
        values: Values | None = None,
        structure: Structure | None = None,
    ) -> list[tuple[Any, ...]]:
        """All rows of a relation, as Python values. For small results."""
        query, bound = self._composed(relation, values, structure, reads)
        return self._fetched(query, f"relation {relation} failed", bound)

    def frame(
        self,
        relation: str,
        /,
        *,
        reads: Reads = NOTHING,
        values: Values | None = None,
        structure: Structure | None = None,
    ) -> pl.DataFrame:
        """A relation as a polars frame, handed over as Arrow columns."""
        import polars as pl

        query, bound = self._composed(relation, values, structure, reads)
        with fixed_errors(f"relation {relation} failed"):
            found = self.connection.sql(query, params=bound)
            return pl.DataFrame(found)

    def write_out(
        self,
        relation: str,
        path: Path,
        options: str,
        /,
        *,
        reads: Reads = NOTHING,
        values: Values | None = None,
        structure: Structure | None = None,
    ) -> None:
        """Write a relation's rows, in its own order, to a file or pipe with COPY.

        `options` is one of this program's own constants, never a user's text.
        """
        query, bound = self._composed(relation, values, structure, reads)
        statement = f"COPY ({query}) TO {quoted(str(path))} ({options})"
        self._run(statement, "cannot write a file", bound)

    def _composed(
        self,
        relation: str,
        values: Values | None,
        structure: Structure | None,
        reads: Reads,
    ) -> tuple[str, dict[str, object]]:
        """The text of a relation, and those of the values that it takes."""
        composed = relations.compose(relation, structure, reads)
        known = values or {}
        missing = sorted(composed.values - known.keys())
        if missing:
            names = ", ".join(missing)
            msg = f"relation {relation} lacks the values {names}"
            raise EngineError(msg)
        bound = {name: known[name] for name in composed.values}
        return composed.sql, bound
