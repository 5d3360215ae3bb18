"""Entries of lists as their files have them, and what is told of the reading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from segmenter.sources.jsonl import as_text
from segmenter.sources.lists.entry import COLUMNS, Entry
from segmenter.sources.stage import Broken

if TYPE_CHECKING:
    from segmenter.engine import Engine, Table

BATCH = 50_000
ADDRESS = re.compile(r"[^\s@,;:<>()\[\]\"'\\=]+@[^\s@,;:<>()\[\]\"'\\=]+\.[^\s@,;:<>()\[\]\"'\\=]+")
NUMBER = re.compile(r"(?<![\w+])\+[1-9][0-9]{7,14}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a list is declared to be read.

    `rename` maps our columns to theirs; `ignored` are left unread (R1).
    """

    form: str | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    ignored: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One entry and where it stands."""

    origin: str
    line: int
    entry: Entry


@dataclass(slots=True)
class Listed:
    """What was read from the files of one list.

    `table` has the entries as they were written: origin, line, and the columns of `entry.COLUMNS`.
    `read` counts rows and events, `entries` those that name somebody.
    `rows` is `read` by file. `exported_at` has, by the path of a file, the oldest export time that
    its envelope told. `broken` are lines that could not be read; problems of single entries come
    with `hashed`. `seen` are the columns and keys of all files.
    """

    source: str
    table: Table
    read: int = 0
    entries: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    exported_at: dict[str, datetime] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def count(self, origin: str, rows: int = 1) -> None:
        """Count rows of a file."""
        self.read += rows
        self.rows[origin] += rows


def create(engine: Engine) -> Table:
    """An empty table of entries."""
    return engine.create({"origin": "VARCHAR", "line": "BIGINT", **COLUMNS})


def append(engine: Engine, table: Table, rows: Sequence[Row]) -> None:
    """Append entries to a table that `create` made."""
    import polars as pl

    kinds = {name: pl.Boolean if kind == "BOOLEAN" else pl.String for name, kind in COLUMNS.items()}
    schema = {"origin": pl.String, "line": pl.Int64, **kinds}
    for start in range(0, len(rows), BATCH):
        data = [_cells(row) for row in rows[start : start + BATCH]]
        engine.append(table, pl.DataFrame(data, schema=schema, orient="row"))


def _cells(row: Row) -> tuple[str | int | bool, ...]:
    entry = row.entry
    own = entry.channel not in ("", "*")
    scope = (entry.channel, own, "", "", "")
    why = (entry.reason, as_text(entry.since), "", as_text(entry.event), entry.told)
    return (row.origin, row.line, entry.kind, as_text(entry.value), *scope, *why)


def broken_places(engine: Engine, listed: Listed) -> Table:
    """The lines that could not be read: origin, line."""
    import polars as pl

    told = [(one.origin, one.line) for one in listed.broken]
    schema = {"origin": pl.String, "line": pl.Int64}
    return engine.load(pl.DataFrame(told, schema=schema, orient="row"))


def remains(broken: Iterable[Broken], channel: str) -> Iterator[Row]:
    """The addresses and numbers that broken lines still hold: each may be an opt-out (S1)."""
    for one in broken:
        for value in dict.fromkeys(ADDRESS.findall(one.content)):
            yield Row(one.origin, one.line, Entry(value, "manual", channel=channel))
        for value in dict.fromkeys(NUMBER.findall(one.content)):
            entry = Entry(value, "manual", kind="phone", channel=channel)
            yield Row(one.origin, one.line, entry)
