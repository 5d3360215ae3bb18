"""Delimited text. A clean file goes through the engine at once; any other is read by record.

Clean means: every record has as many fields as the header and does not repeat it, no record spans
lines, none is blank, all is UTF-8. In any other file each broken line goes to quarantine with its
physical line (I5: wrong number of fields, the header again, unterminated quote, over-long;
I6: encoding), and reading resumes on the line after it. Blank lines are not rows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segmenter.engine import CsvScan
from segmenter.sources.csv_layout import CP1252, Layout, sniff, told_encoding
from segmenter.sources.csv_records import Lines, Record, lenient_cells, records, shown
from segmenter.sources.decoding import is_utf8
from segmenter.sources.files import SourceFile, newlines, text_stream
from segmenter.sources.stage import BATCH, Broken, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segmenter.engine import DuckDBEngine
    from segmenter.project.declared import Read


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
        """Append the file to the staging table.

        `columns` gives, for each column of the stage, the file's, or None.
        """
        number = stage.begin(self.file, self.layout.skip)
        before = self.engine.count(stage.table)
        if self.layout.plain and self._load_at_once(stage, number, columns):
            return
        self.engine.trim(stage.table, before)
        if self._is_cp1252():
            layout = replace(self.layout, encoding=CP1252, plain=False)
            replace(self, layout=layout).load(stage, columns)
            return
        self._load_by_record(stage, number, columns)

    def _is_cp1252(self) -> bool:
        """Whether the whole file says otherwise than its first bytes, which were UTF-8."""
        layout = self.layout
        return layout.is_told and layout.plain and told_encoding(self.file) == CP1252

    def _load_at_once(self, stage: Stage, number: int, columns: Sequence[int | None]) -> bool:
        """Let the engine read the file; whether it is clean.

        What came is compared with the lines there are.
        """
        layout = self.layout
        before = self.engine.count(stage.table)
        scan = CsvScan(
            self.file.path,
            number,
            layout.width,
            [None if place is None else f"c{place}" for place in columns],
            layout.delimiter,
            layout.skip,
            self._header_line(),
            self.file.compression,
        )
        if not self.engine.append_csv(stage.table, scan):
            return False
        rows = self.engine.count(stage.table) - before
        count, open_end = newlines(self.file)
        return count + open_end == layout.skip + rows

    def _load_by_record(self, stage: Stage, number: int, columns: Sequence[int | None]) -> None:
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
        """Each whole record with its first physical line; broken ones go to the stage."""
        layout = self.layout
        with text_stream(self.file, layout.newline, encoding=layout.encoding) as stream:
            lines = Lines(stream)
            for _ in range(self.layout.skip):
                next(lines, None)
            for record in records(lines, self.layout.delimiter):
                broken = self._broken(record)
                if broken is None:
                    yield record.line, record.fields
                else:
                    stage.refuse(broken)

    def _header_line(self) -> tuple[str, ...]:
        """The cells of the header line; none of a file without one."""
        return self.layout.written if self.layout.skip else ()

    def _broken(self, record: Record) -> Broken | None:
        """The record as a broken line; None if it is whole."""
        width = self.layout.width
        if record.fault is not None:
            rule, reason = "I5", record.fault
        elif not is_utf8(record.raw):
            rule, reason = "I6", f"not {self.layout.encoding.upper()}"
        elif len(record.fields) != width:
            rule, reason = "I5", f"{len(record.fields)} fields, the header has {width}"
        elif tuple(record.fields) == self._header_line():
            rule, reason = "I5", "the header line again"
        else:
            return None
        cells = lenient_cells(record.raw, self.layout.delimiter)
        return Broken(self.file.origin, record.line, rule, reason, shown(record.raw), cells)


def open_csv(engine: DuckDBEngine, file: SourceFile, read: Read | None = None) -> CsvReader:
    """Read the header of a delimited file, as it is declared or as the file tells.

    Raises `SourceError` if there is none.
    """
    if read is None:
        return CsvReader(engine, file, sniff(file))
    return CsvReader(engine, file, sniff(file, read.encoding, read.delimiter))
