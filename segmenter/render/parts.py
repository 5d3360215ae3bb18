"""What an answer for people is made of.

Values as text, tables, and a plain form for any document.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

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
            return _number(value)
        case Mapping():
            pairs = [f"{key} {text(each)}" for key, each in value.items()]
            return ", ".join(pairs)
        case list() | tuple():
            items = [text(each) for each in value]
            return ", ".join(items) or "—"
    visible = "".join(_visible(sign) for sign in str(value))
    return _MOMENT.sub(r"\1 \2Z", visible)


def _number(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.6g}"


def _visible(sign: str) -> str:
    if sign.isprintable() or sign in HARMLESS:
        return sign
    return "\N{REPLACEMENT CHARACTER}"


def between(interval: Sequence[float] | None, to: str = "to") -> str:
    """A 95 % interval."""
    if interval is None:
        return "—"
    low, high = interval
    return f"{text(low)} {to} {text(high)}"


def table(
    console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Print one table; numbers stand right. No rows: nothing."""
    if not rows:
        return
    made = Table(box=box.SIMPLE_HEAD)
    shown = [list(map(text, row)) for row in rows]
    names = [column.replace("_", " ") for column in columns]
    room = console.width - PADDING * len(names) - 1
    widths = _widths(names, shown, room)
    for n, name in enumerate(names):
        values = [row[n] for row in rows]
        side = _justified(values)
        made.add_column(name, justify=side, overflow="fold", width=widths[n])
    for line in shown:
        made.add_row(*line)
    console.print(text(title), style="bold", soft_wrap=True)
    console.print(made)


def _justified(values: Sequence[Any]) -> Literal["left", "right"]:
    """Numbers stand right, everything else left."""
    for value in values:
        if value is not None and not isinstance(value, (int, float)):
            return "left"
    return "right"


def _widths(names: Sequence[str], shown: Sequence[Sequence[str]], room: int) -> list[int | None]:
    """Widths that break no word, if the table is too wide and its widest column can give way.

    Else None, for rich to choose.
    """
    needed: list[int] = []
    natural = 0
    for n, name in enumerate(names):
        width = _longest(name.split())
        for row in shown:
            width = max(width, _longest(row[n].split("\n")))
        needed.append(width)
        natural += max(width, len(name))
    widest = needed.index(max(needed))
    left = room - sum(needed) + needed[widest]
    longest_word = _longest(names[widest].split())
    for row in shown:
        longest_word = max(longest_word, _longest(row[widest].split()))
    if natural <= room or left < longest_word:
        return [None] * len(names)
    widths: list[int | None] = [*needed]
    widths[widest] = min(left, needed[widest])
    return widths


def _longest(texts: Sequence[str]) -> int:
    return max(map(len, texts), default=0)


def items(document: Document, key: str) -> Sequence[Any]:
    """A document's list; empty if it has none."""
    return document.get(key) or ()


def whole_line(console: Console, line: str) -> None:
    """Print a line, however long it is."""
    console.print(line, soft_wrap=True)


def columns_of(document: Document, list_name: str, keys: Sequence[str]) -> list[list[Any]]:
    """Of each mapping in a document's list: the values of these keys."""
    rows = []
    for one in items(document, list_name):
        values = [one.get(key) for key in keys]
        rows.append(values)
    return rows


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
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(each, Mapping) for each in value)


def listed(
    console: Console,
    title: str,
    rows: Sequence[Document],
    heads: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Mappings as one table, a column a key. No rows: nothing.

    `heads` are the words over the columns, by key; without one, it is the key.
    """
    columns: dict[str, None] = {}
    for row in rows:
        columns |= dict.fromkeys(row)
    shown = []
    for row in rows:
        values = [_cell(row, column) for column in columns]
        shown.append(values)
    names = [heads.get(column, column) for column in columns]
    table(console, title.replace("_", " "), names, shown)


def _cell(row: Document, column: str) -> Any:
    value = row.get(column)
    if column in _NAMING and value is not None:
        return str(value)
    return value
