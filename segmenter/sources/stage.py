"""Staging: where rows of one source lie as text, in the order of their files, before they are checked."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter.engine import ParquetScan
from segmenter.errors import SourceError
from segmenter.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segmenter.engine import DuckDBEngine
    from segmenter.sources.files import SourceFile

FILES = "raw_file"
BATCH = 50_000
MOST_SCANS = 16  # files of one source that are read where they lie; a view over more of them would be slow to plan
ALIKE = 0.8  # of two names, one of which is most likely the other misspelt
SHOWN = 30  # column names that an error lists at most


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that could not be read at all. `content` is for the officer only, so the repr leaves it out."""

    origin: str
    line: int
    rule: str
    reason: str
    content: str = field(repr=False)
    cells: tuple[str, ...] = field(
        default=(), repr=False
    )  # its fields, as far as it can be taken apart


@dataclass(slots=True)
class Stage:
    """The staging table of one source: `_file`, `_line` (None: count from the file's first row), and `c0`, `c1`, ... as `names` say."""

    engine: DuckDBEngine
    source: str
    table: str
    names: tuple[str, ...]
    broken: list[Broken] = field(default_factory=list)
    remains: list[tuple[str, int, tuple[str, ...]]] = field(
        default_factory=list
    )  # readings of broken lines: origin, line, a text a name
    extra: int = 0  # rows that were read and are accounted for elsewhere
    lazy: bool = False  # files that can be read where they lie are not copied
    scans: list[tuple[SourceFile, tuple[str | None, ...], int]] = field(
        default_factory=list
    )  # their columns and rows

    @classmethod
    def make(
        cls,
        engine: DuckDBEngine,
        source: str,
        table: str,
        names: Sequence[str],
        *,
        lazy: bool = False,
    ) -> Stage:
        """Make the empty table. With `lazy`, whoever makes it sees to it that files do not change, and are whole."""
        engine.create(
            table,
            {
                "_file": "INTEGER",
                "_line": "BIGINT",
                **{f"c{i}": "VARCHAR" for i in range(len(names))},
            },
        )
        return cls(engine, source, table, tuple(names), lazy=lazy)

    def scan(self, file: SourceFile, columns: Sequence[str | None]) -> bool:
        """Leave a Parquet file where it is, to be read from there; False where it has to be copied."""
        if not self.lazy or file.remote or len(self.scans) == MOST_SCANS:
            return False
        rows = self.engine.parquet_rows(file.path)
        if rows is None:
            return False
        self.scans.append((file, tuple(columns), rows))
        return True

    def begin(self, file: SourceFile, skip: int) -> int:
        """Register a file whose first row stands `skip` physical lines below its top; gives its number."""
        import polars as pl

        number = self.engine.count(FILES)
        place = {
            "file": [number],
            "origin": [file.origin],
            "first": [self.engine.count(self.table)],
            "skip": [skip],
        }
        self.engine.append(FILES, pl.DataFrame(place, schema=FILE_COLUMNS))
        return number

    def add(
        self,
        number: int,
        lines: Sequence[int],
        rows: Sequence[Sequence[str]],
        columns: Sequence[int | None],
    ) -> None:
        """Append rows read in Python. `columns` gives, for each of `names`, the position in a row, or None."""
        import polars as pl

        data: dict[str, pl.Series] = {
            "_file": pl.Series(values=[number] * len(rows), dtype=pl.Int32),
            "_line": pl.Series(values=list(lines), dtype=pl.Int64),
        }
        for i, position in enumerate(columns):
            values = [""] * len(rows) if position is None else [row[position] for row in rows]
            data[f"c{i}"] = pl.Series(values=values, dtype=pl.String)
        self.engine.append(self.table, pl.DataFrame(data))

    def refuse(self, broken: Broken) -> None:
        """Keep a broken line for quarantine."""
        self.broken.append(broken)

    def recover(self, broken: Sequence[Broken], columns: Sequence[int | None], width: int) -> None:
        """Keep what broken lines may still say: their fields counted from the left and from the right, since either end may be whole."""
        for one in broken:
            for shift in sorted({0, len(one.cells) - width}) if one.cells else ():
                places = [
                    None if c is None or not 0 <= c + shift < len(one.cells) else c + shift
                    for c in columns
                ]
                self.remains.append(
                    (one.origin, one.line, tuple("" if p is None else one.cells[p] for p in places))
                )

    def tell_broken(self) -> bool:
        """Make the table `broken_line` (origin, line, `names`) of what broken lines may still say; gives whether there is any."""
        import polars as pl

        schema = {"origin": pl.String, "line": pl.Int64, **dict.fromkeys(self.names, pl.String)}
        rows = [(origin, line, *cells) for origin, line, cells in self.remains]
        self.engine.load("broken_line", pl.DataFrame(rows, schema=schema, orient="row"))
        return bool(rows)

    def show(self, view: str, columns: Mapping[str, str] | None = None) -> None:
        """Name the staged rows `view`, with `columns` (our name -> the source's), or all of them."""
        chosen = {name: name for name in self.names} if columns is None else columns
        places = {name: i for i, name in enumerate(self.names)}
        scans, first = [], self.engine.count(self.table)
        for file, columns_, rows in self.scans:
            scans.append(
                ParquetScan(
                    file.path,
                    file.origin,
                    {ours: columns_[places[theirs]] for ours, theirs in chosen.items()},
                    first,
                )
            )
            first += rows
        self.engine.place(
            view,
            self.table,
            FILES,
            {ours: f"c{places[theirs]}" for ours, theirs in chosen.items()},
            scans,
        )

    def read(self) -> int:
        """How many rows were read, broken ones too."""
        return self.whole() + len(self.broken) + self.extra

    def whole(self) -> int:
        """How many rows are shown."""
        return self.engine.count(self.table) + sum(rows for _, _, rows in self.scans)


_NAME = re.compile(r"(?!.*[0-9]{4})[^\W\d][\w .:/()#-]{0,59}")


def _names(seen: Sequence[str]) -> bool:
    return all(_NAME.fullmatch(name) for name in seen)


def headers(seen: Sequence[str]) -> str:
    """Column names for a message; none where one looks like a value: the file may lack its header line, and this be a patient's."""
    if not _names(seen):
        return "(not shown: its first line has to hold names, and holds values)"
    return ", ".join(seen[:SHOWN]) + (", ..." if len(seen) > SHOWN else "")


def misspelt(name: str, names: Sequence[str]) -> bool:
    """Whether a name is most likely one of `names`, misspelt."""
    return bool(_close(name, names))


def _close(name: str, names: Sequence[str]) -> list[str]:
    return [
        n for n in names if difflib.SequenceMatcher(None, name.lower(), n.lower()).ratio() >= ALIKE
    ]


FILE_COLUMNS = {"file": int, "origin": str, "first": int, "skip": int}


def prepare(engine: DuckDBEngine) -> None:
    """Make the table of files that all stages share."""
    engine.create(
        FILES, {"file": "BIGINT", "origin": "VARCHAR", "first": "BIGINT", "skip": "BIGINT"}
    )


def lacks(
    source: str, column: str, seen: Sequence[str], path: str, line: int | None = None
) -> SourceError:
    """The error for a file without a column that it must have: names the columns seen, and the nearest."""
    near = nearest(column, seen if _names(seen) else _close(column, seen))
    hint = f"{f'did you mean {near}? ' if near else ''}columns seen: {headers(seen)}"
    return SourceError(f"source {source}: {path} has no column {column}", line=line, hint=hint)
