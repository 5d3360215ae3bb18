"""Delimited text. A clean file goes through the engine in one stride; any other is read record by record, and nothing is lost in silence.

Clean means: every record has as many fields as the header, no record spans lines, none is blank,
all is UTF-8. Where that does not hold, each broken line lands in quarantine with its physical line
(I5: wrong number of fields, unterminated quote, over-long; I6: encoding), and reading resumes on
the line after it. Blank lines are not rows.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.engine import LONGEST_LINE, CsvScan
from segmenter.sources.files import SourceFile, head, newlines, text_stream, unreadable
from segmenter.sources.stage import BATCH, Broken, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segmenter.engine import DuckDBEngine

DELIMITERS = ",;\t|"
SAMPLE = 20  # records by which the delimiter is told
MOST_LINES = 10_000  # physical lines of one record


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written: its header, the delimiter, the physical lines up to and with the header, the newline."""

    header: tuple[str, ...]
    delimiter: str
    skip: int
    newline: str
    plain: bool  # UTF-8 with line feeds: the engine may read it

    @property
    def width(self) -> int:
        """How many fields a record has."""
        return len(self.header)


@dataclass(frozen=True, slots=True)
class CsvReader:
    """Reads one delimited file."""

    engine: DuckDBEngine
    file: SourceFile
    layout: Layout

    @property
    def header(self) -> tuple[str, ...]:
        """The column names."""
        return self.layout.header

    def load(self, stage: Stage, columns: Sequence[int | None]) -> None:
        """Append the file to the staging table; `columns` gives the file's column for each of the stage's, or None."""
        layout = self.layout
        number = stage.begin(self.file, layout.skip)
        before = self.engine.count(stage.table)
        names = [None if c is None else f"c{c}" for c in columns]
        scan = CsvScan(
            self.file.path,
            number,
            layout.width,
            names,
            layout.delimiter,
            layout.skip,
            self.file.compression,
        )
        if layout.plain and self._is_clean(stage, scan, before):
            return
        self.engine.trim(stage.table, before)
        self._load_exactly(stage, number, columns)

    def _is_clean(self, stage: Stage, scan: CsvScan, before: int) -> bool:
        """Let the engine read the file, and compare what came with the lines there are."""
        if not self.engine.append_csv(stage.table, scan):
            return False
        rows = self.engine.count(stage.table) - before
        count, open_end = newlines(self.file)
        return count + open_end == self.layout.skip + rows

    def _load_exactly(self, stage: Stage, number: int, columns: Sequence[int | None]) -> None:
        lines: list[int] = []
        rows: list[Sequence[str]] = []
        known = len(stage.broken)
        for line, row in self.records(stage):
            lines.append(line)
            rows.append(row)
            if len(rows) == BATCH:
                stage.add(number, lines, rows, columns)
                lines, rows = [], []
        stage.add(number, lines, rows, columns)
        stage.recover(stage.broken[known:], columns, self.layout.width)

    def records(self, stage: Stage) -> Iterator[tuple[int, Sequence[str]]]:
        """Each whole record with the physical line it starts on; broken lines go to the stage."""
        with text_stream(self.file, self.layout.newline) as stream:
            lines = Lines(stream)
            for _ in range(self.layout.skip):
                next(lines, None)
            for line, raw, fields in _records(lines, self.layout.delimiter):
                if isinstance(fields, str):
                    rule, reason = "I5", fields
                elif not raw.isascii() and not _encodes(raw):
                    rule, reason = "I6", "not UTF-8"
                elif len(fields) != self.layout.width:
                    rule, reason = "I5", f"{len(fields)} fields, the header has {self.layout.width}"
                else:
                    yield line, fields
                    continue
                stage.refuse(
                    Broken(
                        self.file.origin,
                        line,
                        rule,
                        reason,
                        _shown(raw),
                        _cells(raw, self.layout.delimiter),
                    )
                )


def open_csv(engine: DuckDBEngine, file: SourceFile) -> CsvReader:
    """Read the header of a delimited file. Raises `SourceError` where there is none."""
    return CsvReader(engine, file, sniff(file))


# -- the header ------------------------------------------------------------------------------------


def sniff(file: SourceFile) -> Layout:
    """The layout of a file: header and delimiter from its first records."""
    start = head(file)
    utf16 = start[:2] in (b"\xff\xfe", b"\xfe\xff")
    first = start.find(b"\r")
    lone = not utf16 and first >= 0 and start[first + 1 : first + 2] != b"\n" and b"\n" not in start
    newline = "" if lone else "\n"
    best: tuple[tuple[bool, int], Layout] | None = None
    for delimiter in DELIMITERS:
        with text_stream(file, newline, only_head=True) as stream:
            layout, rows = _first(stream, delimiter, newline, plain=not (lone or utf16))
        if layout is None:
            continue
        score = (layout.width > 1 and all(len(row) == layout.width for row in rows), layout.width)
        if best is None or score > best[0]:
            best = (score, layout)
    if best is None:
        raise unreadable(
            file,
            "has no header line that can be read"
            if start.strip()
            else "is empty: a header line was expected",
        )
    return best[1]


def _first(
    stream: Iterator[str], delimiter: str, newline: str, *, plain: bool
) -> tuple[Layout | None, list[list[str]]]:
    """The header by one delimiter, and a few rows below it."""
    lines = Lines(stream)
    found: Layout | None = None
    rows: list[list[str]] = []
    for _, raw, fields in _records(lines, delimiter):
        if isinstance(fields, str):
            if found is None:
                return None, []
            continue
        if found is None:
            names = tuple(_clean(name, i) for i, name in enumerate(fields, 1))
            found = Layout(
                names, delimiter, lines.taken, newline, plain and (raw.isascii() or _encodes(raw))
            )
        else:
            rows.append(fields)
        if len(rows) == SAMPLE:
            break
    return found, rows


def _clean(name: str, position: int) -> str:
    text = (
        name.encode("utf-8", "replace").decode("utf-8").replace("\x00", "").strip().lstrip("\ufeff")
    )
    return text or f"column_{position}"


# -- records ---------------------------------------------------------------------------------------


class Lines:
    """Physical lines with a memory: what was taken for a record that turned out broken can be given back, but for its first line."""

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


def _records(lines: Lines, delimiter: str) -> Iterator[tuple[int, str, list[str] | str]]:
    """(first line, raw text, fields), or the reason in place of the fields where a record is broken."""
    csv.field_size_limit(LONGEST_LINE)
    while True:
        lines.record = []
        start = lines.taken + 1
        reader = csv.reader(
            lines, delimiter=delimiter, quotechar='"', doublequote=True, strict=True
        )
        try:
            fields: list[str] | str = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.rewind()
            fields = _reason(str(error))
        raw = lines.record[0] if len(lines.record) == 1 else "".join(lines.record)
        if len(raw) > LONGEST_LINE:
            fields = "over-long line"
        if fields or raw.strip("\r\n"):
            yield start, raw, fields


def _reason(message: str) -> str:
    if "unexpected end of data" in message:
        return "unterminated quote"
    if "field larger" in message:
        return "over-long line"
    return "text after a closing quote" if "expected after" in message else "stray carriage return"


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _cells(raw: str, delimiter: str) -> tuple[str, ...]:
    """The fields of a broken record as a lenient reader takes them apart; none of an over-long one."""
    if len(raw) > LONGEST_LINE:
        return ()
    rows = csv.reader(
        io.StringIO(_shown(raw), newline=""), delimiter=delimiter
    )  # a lone carriage return ends a field at least
    return tuple(cell.rstrip("\r\n") for row in rows for cell in row)


def _shown(raw: str) -> str:
    return (
        raw.encode("utf-8", "surrogateescape")
        .decode("utf-8", "replace")
        .rstrip("\r\n")[:LONGEST_LINE]
    )
