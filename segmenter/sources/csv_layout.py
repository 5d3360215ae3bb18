"""How a delimited file is written, told by its first records: header, delimiter, line ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.sources.csv_records import Lines, records
from segmenter.sources.decoding import is_utf8
from segmenter.sources.files import UTF16_MARKS, SourceFile, head, text_stream, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

DELIMITERS = ",;\t|"
SAMPLE = 20  # records by which the delimiter is told


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written.

    `skip` counts the physical lines up to and with the header line, whose cells are `written`.
    `plain` files are UTF-8 with line feeds: the engine may read them.
    """

    header: tuple[str, ...]
    delimiter: str
    skip: int
    newline: str
    plain: bool
    written: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many fields a record has."""
        return len(self.header)


@dataclass(frozen=True, slots=True)
class _Guess:
    """The layout by one delimiter, and how well it fits: all records as wide as the header."""

    layout: Layout
    fits: bool

    @property
    def score(self) -> tuple[bool, int]:
        return self.fits, self.layout.width


def sniff(file: SourceFile) -> Layout:
    """The layout of a file. Raises `SourceError` if it has no header line."""
    start = head(file)
    wide = start.startswith(UTF16_MARKS)
    lone = not wide and _has_lone_returns(start)
    newline = "" if lone else "\n"
    guesses = []
    for delimiter in DELIMITERS:
        with text_stream(file, newline, only_head=True) as stream:
            guess = _guess(stream, delimiter, newline, plain=not (lone or wide))
        if guess is not None:
            guesses.append(guess)
    if guesses:
        return max(guesses, key=lambda guess: guess.score).layout
    if start.strip():
        raise unreadable(file, "has no header line that can be read")
    raise unreadable(file, "is empty: a header line was expected")


def _has_lone_returns(start: bytes) -> bool:
    """Whether lines end in a carriage return alone."""
    first = start.find(b"\r")
    return first >= 0 and start[first + 1 : first + 2] != b"\n" and b"\n" not in start


def _guess(stream: Iterator[str], delimiter: str, newline: str, *, plain: bool) -> _Guess | None:
    """The layout by one delimiter; None if the header line is broken or missing."""
    lines = Lines(stream)
    layout: Layout | None = None
    widths: list[int] = []
    for record in records(lines, delimiter):
        if layout is None:
            if record.fault:
                return None
            header = tuple(_name(name, i) for i, name in enumerate(record.fields, 1))
            utf8 = is_utf8(record.raw)
            layout = Layout(
                header, delimiter, lines.taken, newline, plain and utf8, tuple(record.fields)
            )
        elif not record.fault:
            widths.append(len(record.fields))
        if len(widths) == SAMPLE:
            break
    if layout is None:
        return None
    fits = layout.width > 1 and all(width == layout.width for width in widths)
    return _Guess(layout, fits)


def _name(name: str, position: int) -> str:
    """A column's name as it is used; `column_3` for one without."""
    text = name.encode("utf-8", "replace").decode("utf-8")
    text = text.replace("\x00", "").strip().lstrip("\ufeff")
    return text or f"column_{position}"
