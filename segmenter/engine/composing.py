"""Relations of `sql/`, composed and run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from segmenter.engine import relations
from segmenter.engine.connection import fixed_errors
from segmenter.engine.quoting import dotted, named, quoted
from segmenter.engine.tables import Filling, in_sql
from segmenter.errors import EngineError
from segmenter.tables import Table

if TYPE_CHECKING:
    import polars as pl

    from segmenter.engine.relations import Structure


Reads = Mapping[str, Table]
Values = Mapping[str, object] | None


class Composing(Filling):
    """What an engine does with relations."""

    __slots__ = ()

    @overload
    def make(
        self,
        table: str,
        /,
        *,
        reads: Reads = ...,
        values: Values = None,
        structure: Structure | None = None,
        into: Table | None = None,
    ) -> Table: ...

    @overload
    def make(
        self,
        table: str,
        relation: str,
        values: Values = None,
        structure: Structure | None = None,
    ) -> None: ...

    def make(
        self,
        table: str,
        relation: str | None = None,
        values: Values = None,
        structure: Structure | None = None,
        *,
        reads: Reads | None = None,
        into: Table | None = None,
    ) -> Table | None:
        """Materialise a relation over the tables it `reads`: `into`, else as a temporary table.

        By names: materialise it as `table`, over all that is ready.
        """
        if relation is None:
            composed, bound = self._composed(table, values, structure, reads or {})
            message = f"relation {table} failed"
            return self._new(table, f"AS {composed.sql}", bound, message, into)
        composed, bound = self._composed(relation, values, structure, None)
        kind = "TABLE" if "." in table else "TEMP TABLE"
        with fixed_errors(f"relation {relation} failed"):
            self.connection.execute(
                f"CREATE OR REPLACE {kind} {dotted(table)} AS {composed.sql}", bound
            )
        if "." not in table:
            self._name(table, "TABLE")
        return None

    @overload
    def view(
        self, name: str, /, *, reads: Reads = ..., structure: Structure | None = None
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
        """A relation over the tables it `reads`, not computed yet.

        It takes no values: constants come in through `structure`. By names: as the view `name`.
        """
        if relation is None:
            composed, _ = self._composed(name, None, structure, reads or {})
            return self._new_view(name, composed.sql, f"relation {name} failed")
        composed, _ = self._composed(relation, None, structure, None)
        with fixed_errors(f"relation {relation} failed"):
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {named(name)} AS {composed.sql}")
        self._name(name, "VIEW")
        return None

    def add(
        self,
        table: str | Table,
        relation: str,
        values: Values = None,
        structure: Structure | None = None,
        *,
        reads: Reads | None = None,
    ) -> None:
        """Append a relation's rows to an existing table, by column name."""
        composed, bound = self._composed(relation, values, structure, reads)
        with fixed_errors(f"relation {relation} failed"):
            self.connection.execute(f"INSERT INTO {in_sql(table)} BY NAME {composed.sql}", bound)

    def rows(
        self,
        relation: str,
        values: Values = None,
        structure: Structure | None = None,
        *,
        reads: Reads | None = None,
    ) -> list[tuple[Any, ...]]:
        """All rows of a relation, as Python values. For small results."""
        composed, bound = self._composed(relation, values, structure, reads)
        with fixed_errors(f"relation {relation} failed"):
            return self.connection.execute(composed.sql, bound).fetchall()

    def frame(
        self,
        relation: str,
        values: Values = None,
        structure: Structure | None = None,
        *,
        reads: Reads | None = None,
    ) -> pl.DataFrame:
        """A relation as a polars frame, handed over as Arrow columns."""
        import polars as pl

        composed, bound = self._composed(relation, values, structure, reads)
        with fixed_errors(f"relation {relation} failed"):
            return pl.DataFrame(self.connection.sql(composed.sql, params=bound))

    def write_out(
        self,
        relation: str,
        path: Path,
        options: str,
        values: Values = None,
        structure: Structure | None = None,
        *,
        reads: Reads | None = None,
    ) -> None:
        """Write a relation's rows, in its own order, to a file or pipe with COPY. `options` is one of this program's own constants."""
        composed, bound = self._composed(relation, values, structure, reads)
        with fixed_errors("cannot write a file"):
            self.connection.execute(
                f"COPY ({composed.sql}) TO {quoted(str(path))} ({options})", bound
            )

    def _composed(
        self, relation: str, values: Values, structure: Structure | None, reads: Reads | None
    ) -> tuple[relations.Relation, dict[str, object]]:
        composed = relations.compose(relation, structure, frozenset(self._ready), reads)
        given = dict(values or {})
        missing = composed.values - given.keys()
        if missing:
            msg = f"relation {relation} lacks the values {', '.join(sorted(missing))}"
            raise EngineError(msg)
        return composed, {name: given[name] for name in composed.values}
