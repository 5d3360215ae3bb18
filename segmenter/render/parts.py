"""What an answer for people is made of.

Values as text, tables, and a plain form for any document.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

PADDING = 3  # characters beside a column
HARMLESS = "\n\u00a0"  # a line's end, and the no-break space that French has before a colon
WIDE = 1_000  # columns if the output is no terminal: a row stays on its line
_MOMENT = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$")

Document = Mapping[str, Any]


def console_of() -> Console:
    """Standard output as rich writes to it; colours and the width of a screen are for terminals."""
    width = None if sys.stdout.isatty() else WIDE
    return Console(width=width, markup=False, highlight=False, emoji=False)


def text(value: Any) -> str:
    """A value as a table shows it.

    `—` for what is not told, lists joined, moments to the second, control characters made visible.
    """
    match value:
        case None:
            return "—"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:,}" if isinstance(value, int) else f"{value:,.6g}"
        case Mapping():
            return ", ".join(f"{key} {text(each)}" for key, each in value.items())
        case list() | tuple():
            return ", ".join(text(each) for each in value) or "—"
    return _MOMENT.sub(
        r"\1 \2Z",
        "".join(
            c if c.isprintable() or c in HARMLESS else "\N{REPLACEMENT CHARACTER}"
            for c in str(value)
        ),
    )


def between(interval: Sequence[float] | None, to: str = "to") -> str:
    """A 95 % interval."""
    return "—" if interval is None else f"{text(interval[0])} {to} {text(interval[1])}"


def table(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Print one table; numbers stand right. No rows: nothing."""
    if not rows:
        return
    made = Table(box=box.SIMPLE_HEAD)
    shown = [[text(value) for value in row] for row in rows]
    names = [column.replace("_", " ") for column in columns]
    widths = _widths(names, shown, console.width - PADDING * len(names) - 1)
    for n, name in enumerate(names):
        numeric = all(isinstance(row[n], (int, float)) or row[n] is None for row in rows)
        made.add_column(
            name, justify="right" if numeric else "left", overflow="fold", width=widths[n]
        )
    for line in shown:
        made.add_row(*line)
    console.print(text(title), style="bold", soft_wrap=True)
    console.print(made)


def _widths(names: Sequence[str], shown: Sequence[Sequence[str]], room: int) -> list[int | None]:
    """Widths that break no word, if the table is too wide and its widest column can give way.

    Else None, for rich to choose.
    """
    lines = [[len(line) for row in shown for line in row[n].split("\n")] for n in range(len(names))]
    words = [max(map(len, name.split()), default=0) for name in names]
    needed = [max([*line, word]) for line, word in zip(lines, words, strict=True)]
    natural = sum(max(each, len(name)) for each, name in zip(needed, names, strict=True))
    widest = needed.index(max(needed))
    left = room - sum(needed) + needed[widest]
    longest = max([words[widest], *(len(word) for row in shown for word in row[widest].split())])
    if natural <= room or left < longest:
        return [None] * len(names)
    return [*needed[:widest], min(left, needed[widest]), *needed[widest + 1 :]]


def plain(document: Document, console: Console, _language: str = "en") -> None:
    """Any document: its single values, then a table for each list."""
    for key, value in document.items():
        if not is_rows(value):
            console.print(f"{key.replace('_', ' ')}: {text(value)}")
    for key, value in document.items():
        if is_rows(value):
            listed(console, key, value)


_NAMING = ("line", "seq", "event", "event_id")  # numbers that name a place and count nothing


def is_rows(value: Any) -> bool:
    """Whether a value is a list of mappings, which is shown as a table."""
    return (
        isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) for each in value)
    )


def listed(
    console: Console,
    title: str,
    rows: Sequence[Document],
    heads: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Mappings as one table, a column a key. No rows: nothing.

    `heads` are the words over the columns, by key; without one, it is the key.
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    shown = [
        [
            str(row[column])
            if column in _NAMING and row.get(column) is not None
            else row.get(column)
            for column in columns
        ]
        for row in rows
    ]
    names = [heads.get(column, column) for column in columns]
    table(console, title.replace("_", " "), names, shown)
