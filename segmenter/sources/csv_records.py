"""Delimited text, record by record: each with its physical line, and why it is broken if it is."""

from __future__ import annotations

import csv
import io
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter.engine import LONGEST_LINE
from segmenter.sources.decoding import readable

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LINES = 10_000  # physical lines of one record
REASONS = {  # what the standard library says -> what is told
    "unexpected end of data": "unterminated quote",
    "field larger": "over-long line",
    "expected after": "text after a closing quote",
}


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its first physical line, its text, and its fields, or why it has none."""

    line: int
    raw: str = field(repr=False)
    fields: list[str] = field(default_factory=list, repr=False)
    fault: str | None = None


class Lines:
    """Physical lines with a memory.

    The lines of a record that turned out broken can be given back, all but its first.
    """

    def __init__(self, source: Iterator[str]) -> None:
        self._source = source
        self._back: deque[str] = deque()
        self.taken = 0
        self.record: list[str] = []

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        if len(self.record) >= MOST_LINES:
            raise StopIteration
        line = self._back.popleft() if self._back else next(self._source)
        self.taken += 1
        self.record.append(line)
        return line

    def rewind(self) -> None:
        """Give back all lines of the record but the first."""
        rest = self.record[1:]
        self._back.extendleft(reversed(rest))
        self.taken -= len(rest)
        self.record = self.record[:1]


def records(lines: Lines, delimiter: str) -> Iterator[Record]:
    """Every record that is not blank. After a broken one, reading resumes on the next line."""
    csv.field_size_limit(LONGEST_LINE)
    while True:
        lines.record = []
        first = lines.taken + 1
        reader = csv.reader(
            lines, delimiter=delimiter, quotechar='"', doublequote=True, strict=True
        )
        fields: list[str] = []
        fault = None
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.rewind()
            fault = _reason(str(error))
        raw = "".join(lines.record)
        if len(raw) > LONGEST_LINE:
            fault = "over-long line"
        if fault or fields or raw.strip("\r\n"):
            yield Record(first, raw, fields, fault)


def _reason(message: str) -> str:
    for part, reason in REASONS.items():
        if part in message:
            return reason
    return "stray carriage return"


def shown(raw: str) -> str:
    """A record's text for the officer: what was not UTF-8 is replaced, its line end cut."""
    return readable(raw).rstrip("\r\n")[:LONGEST_LINE]


def lenient_cells(raw: str, delimiter: str) -> tuple[str, ...]:
    """The fields of a broken record as a lenient reader takes them apart; none of an over-long one.

    A lone carriage return ends a field at least.
    """
    if len(raw) > LONGEST_LINE:
        return ()
    cells: list[str] = []
    for row in csv.reader(io.StringIO(shown(raw), newline=""), delimiter=delimiter):
        cells += [cell.rstrip("\r\n") for cell in row]
    return tuple(cells)
