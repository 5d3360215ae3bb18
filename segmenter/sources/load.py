"""One load under way: what every source works with, and the small steps that they share."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter.engine.protocol import NOTHING
from segmenter.sources.changes import Change, SourceState
from segmenter.sources.column_names import first_seen, positions, told_names
from segmenter.sources.database import open_database
from segmenter.sources.readers import Reader, reader
from segmenter.sources.results import TableCount
from segmenter.sources.stage import Stage
from segmenter.sqlexpr.columns import column
from segmenter.tables import Tables

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import polars as pl

    from segmenter.engine import DuckDBEngine, File, Table
    from segmenter.engine.relations import Structure
    from segmenter.private.keys import Keys
    from segmenter.project.declared import Sources
    from segmenter.project.policy import Policy

Values = Mapping[str, object]

PREVIOUS = "old_"  # begins the names of the previous snapshot's tables
LEFT_OUT = "left out"  # the key of what the snapshot says of columns that were not kept
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

    `file` is the new snapshot's, and `tables` are those that are in it by now. `previous` has the
    tables of the previous snapshot, each under a name that begins with `old_`; none if there is no
    such snapshot. `states` are sources that are read if they changed, `watched` those read whole
    each time. `carried`: the new file began as a copy of the previous one. `full`: patients may
    differ who are not in `touched`. `relisted`: the suppression list may differ. `left_out` are the
    columns of each source that were not kept. `patient_touched`
    are patients whose identifiers may differ, None if nobody compared them; `aside_row` are the
    patient rows in quarantine, None if the patient files were not read.
    """

    engine: DuckDBEngine
    root: Path
    policy: Policy
    sources: Sources
    keys: Keys
    now: datetime
    progress: Callable[[str, float | None], None]
    file: File
    previous: Tables = field(default_factory=Tables)
    tables: Tables = field(default_factory=Tables)
    states: Mapping[str, SourceState] = field(default_factory=dict)
    watched: Mapping[str, SourceState] = field(default_factory=dict)
    carried: bool = False
    full: bool = True
    relisted: bool = True
    patient_touched: Table | None = None
    aside_row: Table | None = None
    broken_events: BrokenEvents | None = None
    counts: dict[str, TableCount] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    orphans: dict[str, Orphans] = field(default_factory=dict)
    left_out: dict[str, list[str]] = field(default_factory=dict)

    # -- what has to be read -----------------------------------------------------------------------

    def is_same(self, source: str) -> bool:
        """Whether a source's rows are in the new file already, because nothing about it changed."""
        state = self.states[source]
        return self.carried and state.change is Change.SAME

    def keep_same(self, source: str) -> bool:
        """Carry the counts of a source over if its rows are in the new file; whether they are."""
        if not self.is_same(source):
            return False
        self.counts[source] = self.known_count(source)
        self.left_out[source] = self.known_left_out(source)
        return True

    def is_added(self, source: str) -> bool:
        """Whether only new files have to be read."""
        state = self.states[source]
        return self.carried and state.change is Change.ADDED

    def reread(self, source: str) -> None:
        """Read all files of a source after all."""
        state = self.states[source]
        whole = SourceState(state.parts, state.reading)
        self.states = {**self.states, source: whole}

    def known_count(self, source: str) -> TableCount:
        """The counts of the previous snapshot."""
        for name, read, kept, quarantined in self.engine.rows("count_known", reads=self.previous):
            if name == source:
                return TableCount(read, kept, quarantined)
        return TableCount(0, 0, 0)

    def known_left_out(self, source: str) -> list[str]:
        """The columns of a source that the previous snapshot did not keep."""
        told = self.known(LEFT_OUT)
        columns: Mapping[str, list[str]] = {} if told is None else json.loads(told)
        return columns.get(source, [])

    def known(self, key: str) -> str | None:
        """What the previous snapshot says of itself."""
        if not self.previous:
            return None
        rows = self.engine.rows("meta_known", reads=self.previous, values={"key": key})
        return rows[0][0] if rows else None

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

    def leave_out(self, source: str, readers: Sequence[Reader], used: Container[str]) -> None:
        """Note the columns of files that are not kept: those that are not `used`, by name."""
        if source not in self.left_out:
            added = source in self.states and self.is_added(source)
            self.left_out[source] = self.known_left_out(source) if added else []
        unused = [name for name in first_seen(readers) if name not in used]
        known = self.left_out[source]
        self.left_out[source] = list(dict.fromkeys([*known, *told_names(unused)]))

    # -- tables of the new snapshot ----------------------------------------------------------------

    def keep(
        self,
        name: str,
        relation: str,
        *,
        reads: Mapping[str, Table],
        values: Values | None = None,
        structure: Structure | None = None,
    ) -> Table:
        """Make a table of the new snapshot."""
        into = self.file.table(name)
        self.engine.make(relation, reads=reads, values=values, structure=structure, into=into)
        return self.kept(name)

    def create(self, name: str, columns: Mapping[str, str]) -> Table:
        """Make a table of the new snapshot without rows; `columns` maps a name to its type."""
        self.engine.create(columns, into=self.file.table(name))
        return self.kept(name)

    def write(self, name: str, frame: pl.DataFrame) -> Table:
        """Make a table of the new snapshot of a frame's rows."""
        self.engine.load(frame, into=self.file.table(name))
        return self.kept(name)

    def kept(self, name: str) -> Table:
        """Note that a table of the new snapshot is there from now on."""
        table = self.file.table(name)
        self.tables |= {name: table}
        return table

    def identify(self, rows: Table, name: str) -> None:
        """Give a number to every patient id of a column that has none yet."""
        identity = self.tables["identity"]
        with self.engine.scope():
            reads = {"identity": identity, "seen": self.engine.column(rows, name)}
            self.engine.add(identity, "identity_new", reads=reads)

    def touch(self, name: str, columns: Sequence[str]) -> Table | None:
        """Note the patients whose rows of a table that was read anew differ from before.

        Gives them; None if nothing was carried over, or nothing can be compared.
        """
        if not self.carried:
            return None
        before, after = self.previous.get(f"{PREVIOUS}{name}"), self.tables[name]
        if before is None or self.engine.columns(before) != self.engine.columns(after):
            self.full = True
            return None
        touched = self.engine.make(
            "row_touched",
            reads={"row_before": before, "row_after": after},
            structure={"__columns__": [column(one) for one in columns]},
        )
        self.engine.append_table(self.tables["touched"], touched)
        return touched

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
            staged = Stage.make(self.engine, source, names, lazy=lazy)
        for one in readers:
            one.load(staged, positions(one, names, rename))
        self.leave_out(source, readers, {rename.get(name, name) for name in names})
        return staged

    def settle(
        self,
        stage: Stage,
        relation: str | None = None,
        *,
        reads: Mapping[str, Table] = NOTHING,
        values: Values | None = None,
        structure: Structure | None = None,
    ) -> None:
        """Write a source's quarantine and count its rows; then let the staged rows go.

        `relation` makes the quarantine; None if no row that was read is in it.
        """
        quarantine = self.tables["quarantine"]
        added = stage.source in self.states and self.is_added(stage.source)
        if self.carried and not added:
            self.engine.delete(quarantine, "source", stage.source)
        before = self.engine.count(quarantine)
        self._quarantine_broken(stage)
        if relation is not None:
            self.engine.add(quarantine, relation, reads=reads, values=values, structure=structure)
        refused = self.engine.count(quarantine) - before
        read = stage.read()
        count = TableCount(read, read - refused, refused)
        if added:
            count = self.known_count(stage.source).plus(count)
        self.counts[stage.source] = count
        stage.drop()

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
        self.engine.append(self.tables["quarantine"], frame)
