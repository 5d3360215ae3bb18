"""One load under way: what every source works with, and the small steps that they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter.sources.changes import Change, SourceState
from segmenter.sources.column_names import positions
from segmenter.sources.database import open_database
from segmenter.sources.readers import Reader, reader
from segmenter.sources.results import TableCount
from segmenter.sources.stage import Stage
from segmenter.sqlexpr.columns import column

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.engine.relations import Structure
    from segmenter.project.declared import Sources
    from segmenter.project.policy import Policy
    from segmenter.store.keys import Keys

Values = Mapping[str, object] | None

NEW = "snap"  # the new snapshot's file, attached
OLD = "old"  # the previous one's
OLD_PREFIX = "old_"  # of its tables' names
QUARANTINE = {
    "source": "VARCHAR",
    "origin": "VARCHAR",
    "line": "BIGINT",
    "rule": "VARCHAR",
    "reason": "VARCHAR",
    "content": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Orphans:
    """Rows of a source whose patient is in no patient file, and the line of the first."""

    rows: int = field(repr=False)
    line: int | None = None


@dataclass(frozen=True, slots=True)
class BrokenEvents:
    """The broken lines of consent files that were read, and the number of their first event."""

    stage: Stage
    first: int


@dataclass(slots=True)
class Load:
    """One load under way.

    The engine has the new snapshot attached, and the previous one if there is one (`previous`).
    `states` are sources that are read if they changed, `watched` those read whole each time.
    `carried`: the new file began as a copy of the previous one. `full`: patients may differ who
    are not in `touched`. `relisted`: the suppression list may differ.
    """

    engine: DuckDBEngine
    root: Path
    policy: Policy
    sources: Sources
    keys: Keys
    now: datetime
    progress: Callable[[str, float | None], None]
    previous: bool
    states: Mapping[str, SourceState] = field(default_factory=dict)
    watched: Mapping[str, SourceState] = field(default_factory=dict)
    carried: bool = False
    full: bool = True
    relisted: bool = True
    broken_events: BrokenEvents | None = None
    counts: dict[str, TableCount] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    orphans: dict[str, Orphans] = field(default_factory=dict)

    # -- what has to be read -----------------------------------------------------------------------

    def is_same(self, source: str) -> bool:
        """Whether a source's rows are in the new file already, because nothing about it changed."""
        return self.carried and self.states[source].change is Change.SAME

    def keep_same(self, source: str) -> bool:
        """Carry the counts of a source over if its rows are in the new file; whether they are."""
        if self.is_same(source):
            self.counts[source] = self.known_count(source)
            return True
        return False

    def is_added(self, source: str) -> bool:
        """Whether only new files have to be read."""
        return self.carried and self.states[source].change is Change.ADDED

    def reread(self, source: str) -> None:
        """Read all files of a source after all."""
        state = self.states[source]
        whole = SourceState(state.parts, state.reading)
        self.states = {**self.states, source: whole}

    def known_count(self, source: str) -> TableCount:
        """The counts of the previous snapshot."""
        for name, read, kept, quarantined in self.engine.rows("count_known"):
            if name == source:
                return TableCount(read, kept, quarantined)
        return TableCount(0, 0, 0)

    def readers(self, source: str, part: int = 0) -> list[Reader]:
        """A reader for each file of a source that has to be read."""
        state = self.states[source]
        read = state.parts[part].read
        if read.database is not None:
            return [open_database(read, self.root)]
        files = state.parts[part].files
        if self.carried:
            files = tuple(file for file in files if state.takes(file.path))
        return [reader(self.engine, file, read.format, read) for file in files]

    # -- tables of the new snapshot ----------------------------------------------------------------

    def table(self, name: str) -> str:
        """A table of the new snapshot."""
        return f"{NEW}.{name}"

    def keep(
        self,
        name: str,
        relation: str,
        values: Values = None,
        structure: Structure | None = None,
    ) -> None:
        """Write a table of the new snapshot and make it readable by its name."""
        self.engine.make(self.table(name), relation, values, structure)
        self.engine.expose(NEW, [name])

    def identify(self, view: str, name: str) -> None:
        """Give a number to every patient id of a staged column that has none yet."""
        self.engine.place_column("seen", view, name)
        self.engine.add(self.table("identity"), "identity_new")

    def touch(self, name: str, columns: Sequence[str]) -> None:
        """Note the patients whose rows of a table that was read anew differ from before."""
        if not self.carried:
            return
        before = f"{OLD_PREFIX}{name}"
        if not self._has_same_columns(before, name):
            self.full = True
            return
        self.engine.alias("row_before", before)
        self.engine.alias("row_after", name)
        compared = {"__columns__": [column(one) for one in columns]}
        self.engine.make(f"{name}_touched", "row_touched", None, compared)
        self.engine.append_table(self.table("touched"), f"{name}_touched")

    def _has_same_columns(self, before: str, name: str) -> bool:
        return self.engine.has(before) and self.engine.columns(before) == self.engine.columns(name)

    # -- staging -----------------------------------------------------------------------------------

    def stage(
        self,
        source: str,
        readers: Sequence[Reader],
        names: Sequence[str],
        rename: Mapping[str, str],
        into: Stage | None = None,
    ) -> Stage:
        """Read files into one staging table with the columns `names`."""
        staged = into
        if staged is None:
            lazy = source in self.states
            staged = Stage.make(self.engine, source, f"staged_{source}", names, lazy=lazy)
        for one in readers:
            one.load(staged, positions(one, names, rename))
        return staged

    def settle(
        self,
        stage: Stage,
        relation: str | None = None,
        values: Values = None,
        structure: Structure | None = None,
    ) -> None:
        """Write a source's quarantine and count its rows; then let the staged rows go.

        `relation` makes the quarantine; None if no row that was read is in it.
        """
        quarantine = self.table("quarantine")
        added = stage.source in self.states and self.is_added(stage.source)
        if self.carried and not added:
            self.engine.delete(quarantine, "source", stage.source)
        before = self.engine.count(quarantine)
        self._quarantine_broken(stage)
        if relation is not None:
            self.engine.add(quarantine, relation, values, structure)
        refused = self.engine.count(quarantine) - before
        read = stage.read()
        count = TableCount(read, read - refused, refused)
        if added:
            count = self.known_count(stage.source).plus(count)
        self.counts[stage.source] = count
        self.engine.drop(stage.table)

    def _quarantine_broken(self, stage: Stage) -> None:
        """Put the lines that could not be read into quarantine."""
        import polars as pl

        if not stage.broken:
            return
        rows = [
            (stage.source, one.origin, one.line, one.rule, one.reason, one.content)
            for one in stage.broken
        ]
        schema = {name: pl.Int64 if name == "line" else pl.String for name in QUARANTINE}
        frame = pl.DataFrame(rows, schema=schema, orient="row")
        self.engine.append(self.table("quarantine"), frame)
