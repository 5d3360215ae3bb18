"""Relations of `sql/`, composed and run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.engine import relations
from segmenter.engine.connection import fixed_errors
from segmenter.engine.quoting import dotted, named, quoted
from segmenter.engine.tables import Tables
from segmenter.errors import EngineError

if TYPE_CHECKING:
    import polars as pl

    from segmenter.engine.relations import Structure


class Composing(Tables):
    """What an engine does with relations."""

    __slots__ = ()

    def make(
        self,
        table: str,
        relation: str,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
    ) -> None:
        """Materialise a relation as a table; a temporary one unless `table` is `alias.name`."""
        composed, bound = self._composed(relation, values, structure)
        kind = "TABLE" if "." in table else "TEMP TABLE"
        with fixed_errors(f"relation {relation} failed"):
            self.connection.execute(
                f"CREATE OR REPLACE {kind} {dotted(table)} AS {composed.sql}", bound
            )
        if "." not in table:
            self._name(table, "TABLE")

    def view(self, name: str, relation: str, structure: Structure | None = None) -> None:
        """Name a relation without computing it; it takes no bound values, constants come in through `structure`."""
        composed, _ = self._composed(relation, None, structure)
        with fixed_errors(f"relation {relation} failed"):
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {named(name)} AS {composed.sql}")
        self._name(name, "VIEW")

    def add(
        self,
        table: str,
        relation: str,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
    ) -> None:
        """Append a relation's rows to an existing table, by column name."""
        composed, bound = self._composed(relation, values, structure)
        with fixed_errors(f"relation {relation} failed"):
            self.connection.execute(f"INSERT INTO {dotted(table)} BY NAME {composed.sql}", bound)

    def rows(
        self,
        relation: str,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
    ) -> list[tuple[Any, ...]]:
        """All rows of a relation, as Python values. For small results."""
        composed, bound = self._composed(relation, values, structure)
        with fixed_errors(f"relation {relation} failed"):
            return self.connection.execute(composed.sql, bound).fetchall()

    def frame(
        self,
        relation: str,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
    ) -> pl.DataFrame:
        """A relation as a polars frame, handed over as Arrow columns."""
        import polars as pl

        composed, bound = self._composed(relation, values, structure)
        with fixed_errors(f"relation {relation} failed"):
            return pl.DataFrame(self.connection.sql(composed.sql, params=bound))

    def write_out(
        self,
        relation: str,
        path: Path,
        options: str,
        values: Mapping[str, object] | None = None,
        structure: Structure | None = None,
    ) -> None:
        """Write a relation's rows, in its own order, to a file or pipe with COPY. `options` is one of this program's own constants."""
        composed, bound = self._composed(relation, values, structure)
        with fixed_errors("cannot write a file"):
            self.connection.execute(
                f"COPY ({composed.sql}) TO {quoted(str(path))} ({options})", bound
            )

    def _composed(
        self, relation: str, values: Mapping[str, object] | None, structure: Structure | None
    ) -> tuple[relations.Relation, dict[str, object]]:
        composed = relations.compose(relation, structure, frozenset(self._ready))
        given = dict(values or {})
        missing = composed.values - given.keys()
        if missing:
            msg = f"relation {relation} lacks the values {', '.join(sorted(missing))}"
            raise EngineError(msg)
        return composed, {name: given[name] for name in composed.values}
