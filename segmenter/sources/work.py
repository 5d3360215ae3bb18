"""What one ingest works with, and the small steps that every source shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter import relations
from segmenter.sources.readers import Reader, positions
from segmenter.sources.stage import Broken, Stage

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlglot import exp

    from segmenter.declared import Sources
    from segmenter.engine import DuckDBEngine
    from segmenter.keys import Keys
    from segmenter.policy import Policy

SNAP, OLD = "snap", "old"
QUARANTINE = {"source": "VARCHAR", "origin": "VARCHAR", "line": "BIGINT", "rule": "VARCHAR", "reason": "VARCHAR", "content": "VARCHAR"}


@dataclass(frozen=True, slots=True)
class TableCount:
    """Rows of one source: all read ones are either kept or quarantined. For officers and operators (P17)."""

    read: int
    kept: int
    quarantined: int


@dataclass(slots=True)
class Work:
    """One ingest under way: the engine with the new snapshot attached as `snap` (and the previous as `old`), and what was counted so far."""

    engine: DuckDBEngine
    root: Path
    policy: Policy
    sources: Sources
    keys: Keys
    now: datetime
    progress: Callable[[str, float | None], None]
    previous: bool
    counts: dict[str, TableCount] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)

    def table(self, name: str) -> str:
        """A table of the new snapshot."""
        return f"{SNAP}.{name}"

    def keep(self, name: str, relation: str, values: Mapping[str, object] | None = None, structure: relations.Structure | None = None) -> None:
        """Write a table of the new snapshot and make it readable by its name."""
        self.engine.make(self.table(name), relation, values, structure)
        self.engine.expose(SNAP, [name])

    def identify(self, view: str, column: str) -> None:
        """Give a number to every patient id of a staged column that has none yet."""
        self.engine.place_column("seen", view, column)
        self.engine.add(self.table("identity"), "identity_new")

    def stage(self, source: str, found: Sequence[Reader], names: Sequence[str], rename: Mapping[str, str], into: Stage | None = None) -> Stage:
        """Read files into one staging table with the columns `names`."""
        staged = into or Stage.make(self.engine, source, f"staged_{source}", names)
        for reader in found:
            reader.load(staged, positions(reader, names, rename))
        return staged

    def quarantine_broken(self, stage: Stage) -> None:
        """Put the lines that could not be read into quarantine."""
        import polars as pl

        if not stage.broken:
            return
        rows = [(stage.source, b.origin, b.line, b.rule, b.reason, b.content) for b in stage.broken]
        schema = {name: pl.Int64 if name == "line" else pl.String for name in QUARANTINE}
        self.engine.append(self.table("quarantine"), pl.DataFrame(rows, schema=schema, orient="row"))

    def settle(self, stage: Stage, relation: str | None = None, values: Mapping[str, object] | None = None,
               structure: relations.Structure | None = None) -> None:  # fmt: skip
        """Write a source's quarantine and count its rows; then let the staged rows go."""
        before = self.engine.count(self.table("quarantine"))
        self.quarantine_broken(stage)
        if relation is not None:
            self.engine.add(self.table("quarantine"), relation, values, structure)
        refused = self.engine.count(self.table("quarantine")) - before
        read = stage.read()
        self.counts[stage.source] = TableCount(read, read - refused, refused)
        self.engine.drop(stage.table)


def broken(stage: Stage, origin: str, line: int, rule: str, reason: str, content: str) -> None:
    """Note a row that a reader could take apart but not use."""
    stage.refuse(Broken(origin, line, rule, reason, content))


def column(name: str, table: str | None = None) -> exp.Column:
    """A column by any name."""
    from sqlglot import exp

    return exp.column(exp.to_identifier(name, quoted=True), table=table)


def instant(name: str, table: str | None = None) -> exp.Expression:
    """The expression of relation `instant` over a text column: the moment the text means, NULL where it is unreadable."""
    from sqlglot import exp

    query = relations.tree("instant").copy()
    found = next(e for e in query.expressions if e.alias == "at").this
    for text in list(found.find_all(exp.Column)):
        text.replace(column(name, table))
    return found


def content(names: Sequence[str], table: str | None = None) -> exp.Expression:
    """A row's content for the officer: its texts, joined."""
    from sqlglot import exp

    return exp.func("concat_ws", exp.Literal.string(", "), *[column(name, table) for name in names], dialect="duckdb")


def unique(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Names that differ from each other and from `taken`, also in lower case: a repeated one gets a number.

    >>> unique(["a", "A", "line"], ["line"])
    ['a', 'A_2', 'line_2']
    """
    used = {name.lower() for name in taken}
    made = []
    for name in names:
        candidate, number = name, 1
        while candidate.lower() in used:
            number += 1
            candidate = f"{name}_{number}"
        used.add(candidate.lower())
        made.append(candidate)
    return made
