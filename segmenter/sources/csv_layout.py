"""How a delimited file is written, told by its first records: header, delimiter, line ends."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segmenter.sources.csv_records import Lines, records
from segmenter.sources.decoding import is_utf8
from segmenter.sources.files import (
    BLOCK,
    UTF8_MARK,
    UTF16_MARKS,
    SourceFile,
    head,
    text_stream,
    unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

DELIMITERS = ",;\t|"
UTF8, UTF16, CP1252 = "utf-8", "utf-16", "cp1252"
ESCAPED = re.compile("[\udc80-\udcff]")  # bytes that are not UTF-8, as they come
UNDEFINED = b"\x81\x8d\x8f\x90\x9d"  # bytes that CP1252 has no character for
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
    encoding: str = "utf-8"
    is_told: bool = True  # the encoding was told from the file, not declared

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


def told_encoding(file: SourceFile) -> str:
    """The encoding of a file without a mark: UTF-8, or CP1252 if that is what its bytes say.

    A file that is UTF-8 but for fewer bytes than it has letters in UTF-8 stays UTF-8: its broken
    lines are told (I6). CP1252 has no character for some bytes.
    """
    valid = invalid = 0
    undefined = False
    decoder = codecs.getincrementaldecoder(UTF8)("surrogateescape")
    with file.open() as stream:
        if stream.peek(4)[:4].startswith((UTF8_MARK, *UTF16_MARKS)):  # type: ignore[attr-defined]
            return UTF8
        while block := stream.read(BLOCK):
            text = decoder.decode(block)
            if text.isascii():
                continue
            odd = len(ESCAPED.findall(text))
            invalid += odd
            valid += len(text) - len(text.encode("ascii", "ignore")) - odd
            undefined = undefined or any(byte in block for byte in UNDEFINED)
    return CP1252 if invalid > valid and not undefined else UTF8


def sniff(file: SourceFile, encoding: str | None = None, delimiter: str | None = None) -> Layout:
    """The layout of a file, told from it unless it is declared.

    Raises `SourceError` if it has no header line.
    """
    layout = _sniff(file, encoding or _encoding(file), delimiter)
    return replace(layout, is_told=encoding is None)


def _encoding(file: SourceFile) -> str:
    """The encoding by the first bytes of a file; by all of it if these are not UTF-8."""
    decoder = codecs.getincrementaldecoder(UTF8)()
    try:
        decoder.decode(head(file))
    except UnicodeDecodeError:
        return told_encoding(file)
    return UTF8


def _sniff(file: SourceFile, encoding: str, declared: str | None) -> Layout:
    start = head(file)
    wide = start.startswith(UTF16_MARKS) or encoding == UTF16
    lone = not wide and _has_lone_returns(start)
    newline = "" if lone else "\n"
    guesses = []
    plain = not (lone or wide) and encoding == UTF8
    for delimiter in declared or DELIMITERS:
        with text_stream(file, newline, only_head=True, encoding=encoding) as stream:
            guess = _guess(stream, delimiter, newline, plain=plain)
        if guess is not None:
            guesses.append(guess)
    if guesses:
        best = max(guesses, key=lambda guess: guess.score)
        return replace(best.layout, encoding=encoding)
    if start.strip():
        raise unreadable(file, "has no header line that can be read")
    raise unreadable(file, "is empty: a header line was expected")


def _has_lone_returns(start: bytes) -> bool:
    """Whether lines end in a carriage return alone."""
    if b"\r" not in start:
        return False
    return b"\n" not in start


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
