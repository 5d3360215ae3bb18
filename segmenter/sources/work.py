"""What one ingest works with, and the small steps that every source shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter.engine import relations
from segmenter.sources.database import open_database
from segmenter.sources.plan import Change, Standing
from segmenter.sources.readers import Reader, positions, reader
from segmenter.sources.stage import Broken, Stage
from segmenter.sqlexpr.columns import column

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.project.declared import Sources
    from segmenter.project.policy import Policy
    from segmenter.store.keys import Keys

Values = Mapping[str, object] | None
SNAP, OLD = "snap", "old"
QUARANTINE = {
    "source": "VARCHAR",
    "origin": "VARCHAR",
    "line": "BIGINT",
    "rule": "VARCHAR",
    "reason": "VARCHAR",
    "content": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class TableCount:
    """Rows of one source: all read ones are either kept or quarantined. For officers and operators (P17)."""

    read: int = field(repr=False)
    kept: int = field(repr=False)
    quarantined: int = field(repr=False)

    def plus(self, other: TableCount) -> TableCount:
        """Both together."""
        return TableCount(
            self.read + other.read, self.kept + other.kept, self.quarantined + other.quarantined
        )


@dataclass(slots=True)
class Work:
    """One ingest under way: the engine has the new snapshot attached as `snap`, and the previous one as `old`."""

    engine: DuckDBEngine
    root: Path
    policy: Policy
    sources: Sources
    keys: Keys
    now: datetime
    progress: Callable[[str, float | None], None]
    previous: bool
    plan: Mapping[str, Standing] = field(default_factory=dict)
    watched: Mapping[str, Standing] = field(
        default_factory=dict
    )  # optional sources that are read whole each time
    carried: bool = False  # the new file began as a copy of the previous one
    full: bool = True  # patients may differ who are not in `touched`
    relisted: bool = True  # the suppression list may differ
    torn: tuple[Stage, int] | None = (
        None  # the consent files that were read, for their broken lines, and the number of their first event
    )
    counts: dict[str, TableCount] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)

    def same(self, source: str) -> bool:
        """Whether a source's rows stand in the new file already, because nothing about it changed; its counts are carried over then."""
        unchanged = self.carried and self.plan[source].change is Change.SAME
        if unchanged:
            self.counts[source] = self.known_count(source)
        return unchanged

    def added(self, source: str) -> bool:
        """Whether only new files have to be read."""
        return self.carried and self.plan[source].change is Change.ADDED

    def reread(self, source: str) -> None:
        """Read all files of a source after all."""
        standing = self.plan[source]
        self.plan = {**self.plan, source: Standing(standing.parts, standing.declaration)}

    def known_count(self, source: str) -> TableCount:
        """The counts of the previous snapshot."""
        found = {name: TableCount(*numbers) for name, *numbers in self.engine.rows("count_known")}
        return found.get(source, TableCount(0, 0, 0))

    def readers(self, source: str, part: int = 0) -> list[Reader]:
        """A reader for each file of a planned source that has to be read."""
        standing = self.plan[source]
        read = standing.parts[part].read
        if read.database is not None:
            return [open_database(read, self.root)]
        takes = standing.takes if self.carried else (lambda _path: True)
        return [
            reader(self.engine, file, read.format)
            for file in standing.parts[part].files
            if takes(file.path)
        ]

    def touch(self, name: str, columns: Sequence[str]) -> None:
        """Note the patients whose rows of a table that was read anew differ from the previous snapshot's."""
        if not self.carried:
            return
        if not self.engine.has(f"old_{name}") or self.engine.columns(
            f"old_{name}"
        ) != self.engine.columns(name):
            self.full = True
            return
        self.engine.alias("row_before", f"old_{name}")
        self.engine.alias("row_after", name)
        self.engine.make(
            f"{name}_touched", "row_touched", None, {"__columns__": [column(c) for c in columns]}
        )
        self.engine.append_table(self.table("touched"), f"{name}_touched")

    def table(self, name: str) -> str:
        """A table of the new snapshot."""
        return f"{SNAP}.{name}"

    def keep(
        self,
        name: str,
        relation: str,
        values: Values = None,
        structure: relations.Structure | None = None,
    ) -> None:
        """Write a table of the new snapshot and make it readable by its name."""
        self.engine.make(self.table(name), relation, values, structure)
        self.engine.expose(SNAP, [name])

    def identify(self, view: str, column: str) -> None:
        """Give a number to every patient id of a staged column that has none yet."""
        self.engine.place_column("seen", view, column)
        self.engine.add(self.table("identity"), "identity_new")

    def stage(
        self,
        source: str,
        found: Sequence[Reader],
        names: Sequence[str],
        rename: Mapping[str, str],
        into: Stage | None = None,
    ) -> Stage:
        """Read files into one staging table with the columns `names`."""
        staged = into or Stage.make(
            self.engine, source, f"staged_{source}", names, lazy=source in self.plan
        )
        for one in found:
            one.load(staged, positions(one, names, rename))
        return staged

    def quarantine_broken(self, stage: Stage) -> None:
        """Put the lines that could not be read into quarantine."""
        import polars as pl

        if not stage.broken:
            return
        rows = [(stage.source, b.origin, b.line, b.rule, b.reason, b.content) for b in stage.broken]
        schema = {name: pl.Int64 if name == "line" else pl.String for name in QUARANTINE}
        self.engine.append(
            self.table("quarantine"), pl.DataFrame(rows, schema=schema, orient="row")
        )

    def settle(
        self,
        stage: Stage,
        relation: str | None = None,
        values: Values = None,
        structure: relations.Structure | None = None,
    ) -> None:
        """Write a source's quarantine and count its rows; then let the staged rows go."""
        added = self.added(stage.source) if stage.source in self.plan else False
        if self.carried and not added:
            self.engine.delete(self.table("quarantine"), "source", stage.source)
        before = self.engine.count(self.table("quarantine"))
        self.quarantine_broken(stage)
        if relation is not None:
            self.engine.add(self.table("quarantine"), relation, values, structure)
        refused = self.engine.count(self.table("quarantine")) - before
        read = stage.read()
        fresh = TableCount(read, read - refused, refused)
        self.counts[stage.source] = (
            fresh if not added else self.known_count(stage.source).plus(fresh)
        )
        self.engine.drop(stage.table)


def broken(stage: Stage, origin: str, line: int, rule: str, reason: str, content: str) -> None:
    """Note a row that a reader could take apart but not use."""
    stage.refuse(Broken(origin, line, rule, reason, content))
