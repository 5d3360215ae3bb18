"""Staging: rows of one source as text, in the order of their files, before they are checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter.engine import ParquetScan
from segmenter.identifiers.characters import AROUND, stripped

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine, Table
    from segmenter.sources.files import SourceFile

FILES = {"file": "BIGINT", "origin": "VARCHAR", "first": "BIGINT", "skip": "BIGINT"}
BATCH = 50_000  # rows that are appended at once
MOST_SCANS = 16  # files of one source that are read in place; a view over more is slow to plan


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that could not be read at all.

    `cells` are its fields, as far as it can be taken apart. The repr hides what it holds.
    """

    origin: str
    line: int
    rule: str
    reason: str
    content: str = field(repr=False)
    cells: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Remains:
    """One reading of a broken line: a text for each staged column."""

    origin: str
    line: int
    cells: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Scanned:
    """A Parquet file that is read in place: the file's column for each staged one, and its rows."""

    file: SourceFile
    columns: tuple[str | None, ...]
    rows: int


@dataclass(slots=True)
class Stage:
    """The staging table of one source.

    Its columns: `_file`, `_line` (None: count from the file's first row), and `c0`, `c1`, ... as
    `names` say. `files` says where the rows of each file begin. `remains` are readings of broken
    lines. `extra` counts rows that were read and are accounted for elsewhere. With `lazy`, files
    that can be read in place are not copied.
    """

    engine: DuckDBEngine
    source: str
    table: Table
    files: Table
    names: tuple[str, ...]
    broken: list[Broken] = field(default_factory=list)
    remains: list[Remains] = field(default_factory=list)
    extra: int = 0
    lazy: bool = False
    scans: list[Scanned] = field(default_factory=list)

    @classmethod
    def make(
        cls, engine: DuckDBEngine, source: str, names: Sequence[str], *, lazy: bool = False
    ) -> Stage:
        """Make the empty tables.

        With `lazy`, the caller sees to it that files do not change, and are whole.
        """
        texts = {f"c{i}": "VARCHAR" for i in range(len(names))}
        table = engine.create({"_file": "INTEGER", "_line": "BIGINT", **texts})
        files = engine.create(FILES)
        return cls(engine, source, table, files, tuple(names), lazy=lazy)

    def drop(self) -> None:
        """Let the staged rows go."""
        self.engine.drop(self.table)
        self.engine.drop(self.files)

    # -- rows in -----------------------------------------------------------------------------------

    def scan(self, file: SourceFile, columns: Sequence[str | None]) -> bool:
        """Leave a Parquet file in its place, to be read there; False if it has to be copied."""
        if not self.lazy or file.remote or len(self.scans) == MOST_SCANS:
            return False
        rows = self.engine.parquet_rows(file.path)
        if rows is None:
            return False
        self.scans.append(Scanned(file, tuple(columns), rows))
        return True

    def begin(self, file: SourceFile, skip: int) -> int:
        """Register a file, and give its number.

        Its first row stands `skip` physical lines below its top.
        """
        import polars as pl

        number = self.engine.count(self.files)
        first = self.engine.count(self.table)
        place = (number, file.origin, first, skip)
        schema = {"file": pl.Int64, "origin": pl.String, "first": pl.Int64, "skip": pl.Int64}
        self.engine.append(self.files, pl.DataFrame([place], schema=schema, orient="row"))
        return number

    def add(
        self,
        number: int,
        lines: Sequence[int],
        rows: Sequence[Sequence[str]],
        columns: Sequence[int | None],
    ) -> None:
        """Append rows that were read in Python.

        `columns` gives, for each of `names`, the position in a row, or None.
        """
        import polars as pl

        data: dict[str, pl.Series] = {
            "_file": pl.Series(values=[number] * len(rows), dtype=pl.Int32),
            "_line": pl.Series(values=list(lines), dtype=pl.Int64),
        }
        empty = [""] * len(rows)
        for i, position in enumerate(columns):
            values = empty if position is None else [row[position] for row in rows]
            data[f"c{i}"] = pl.Series(values=values, dtype=pl.String)
        self.engine.append(self.table, pl.DataFrame(data))

    def refuse(self, broken: Broken) -> None:
        """Keep a broken line for quarantine."""
        self.broken.append(broken)

    def recover(self, broken: Sequence[Broken], columns: Sequence[int | None], width: int) -> None:
        """Keep what broken lines may still say.

        Their fields are counted from the left, and from the right: either end may be whole.
        """
        for one in broken:
            if not one.cells:
                continue
            from_right = len(one.cells) - width  # below 0 if cells are missing
            for shift in sorted({0, from_right}):
                cells = tuple(_cell(one.cells, place, shift) for place in columns)
                self.remains.append(Remains(one.origin, one.line, cells))

    # -- rows out ----------------------------------------------------------------------------------

    def broken_lines(self, ids: Sequence[str] = ()) -> Table:
        """A table of what broken lines may still say, each reading one row.

        Its columns: origin, line, and `names`, of which `ids` come without blanks around them.
        """
        import polars as pl

        texts = dict.fromkeys(self.names, pl.String)
        schema = {"origin": pl.String, "line": pl.Int64, **texts}
        places = [self.names.index(name) for name in ids]
        rows = []
        for one in self.remains:
            cells = list(one.cells)
            for place in places:
                cells[place] = stripped(cells[place])
            rows.append((one.origin, one.line, *cells))
        return self.engine.load(pl.DataFrame(rows, schema=schema, orient="row"))

    def shown(self, columns: Mapping[str, str] | None = None, ids: Sequence[str] = ()) -> Table:
        """A view of the staged rows, with `columns` (our name -> the staged one), or all.

        `ids` are our columns of patient ids: they come without blanks around them.
        """
        chosen = {name: name for name in self.names} if columns is None else columns
        places = {name: place for place, name in enumerate(self.names)}
        staged = {ours: f"c{places[name]}" for ours, name in chosen.items()}
        scans = []
        first = self.engine.count(self.table)
        for one in self.scans:
            theirs = {ours: one.columns[places[name]] for ours, name in chosen.items()}
            scans.append(ParquetScan(one.file.path, one.file.origin, theirs, first))
            first += one.rows
        cut = dict.fromkeys(ids, AROUND)
        return self.engine.placed(self.table, self.files, staged, scans, cut)

    def read(self) -> int:
        """How many rows were read, broken ones too."""
        broken = len(self.broken)
        return self.whole() + broken + self.extra

    def whole(self) -> int:
        """How many rows are shown."""
        scanned = sum(one.rows for one in self.scans)
        return self.engine.count(self.table) + scanned


def _cell(cells: Sequence[str], place: int | None, shift: int) -> str:
    """The cell at a place, counted from a shifted start; empty if there is none."""
    if place is None or not 0 <= place + shift < len(cells):
        return ""
    return cells[place + shift]
