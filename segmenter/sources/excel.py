"""Excel and OpenDocument sheets: the first sheet, its first row the header, every cell as text."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter.sources.files import BLOCK, SourceFile, unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from segmenter.sources.stage import Stage

FIRST_ROW = 2  # of the sheet, below its header
LARGEST = 256 << 20  # bytes of a workbook
LARGEST_SHEET = 2 << 30  # bytes of a sheet's text, unpacked
MOST_CELLS = 50_000_000
SHEET = re.compile(r"(^|/)sheet[^/]*\.xml$", re.IGNORECASE)
CELL = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
LONGEST_CELL = 16  # bytes of a cell's name in a sheet


@dataclass(frozen=True, slots=True)
class ExcelReader:
    """Reads one sheet. A row's line is its row in the sheet."""

    file: SourceFile
    header: tuple[str, ...]
    rows: Sequence[Sequence[str]] = field(repr=False)

    def load(self, stage: Stage, columns: Sequence[int | None]) -> None:
        """Append the sheet; wholly empty rows are none."""
        number = stage.begin(self.file, 1)
        lines = []
        kept = []
        for line, row in enumerate(self.rows, FIRST_ROW):
            if any(row):
                lines.append(line)
                kept.append(row)
        stage.add(number, lines, kept, columns)


def open_excel(file: SourceFile) -> ExcelReader:
    """Read the whole sheet. Raises `SourceError` if it is no sheet."""
    rows = [_texts(row) for row in _frame(file).iter_rows()]
    if not rows:
        raise unreadable(file, "is empty: a header row was expected")
    header = [name.strip() or f"column_{i}" for i, name in enumerate(rows[0], 1)]
    return ExcelReader(file, tuple(header), rows[1:])


def _frame(file: SourceFile) -> pl.DataFrame:
    """The first sheet as it lies, every cell as text."""
    import polars as pl

    with file.open() as handle:
        content = io.BytesIO(handle.read(LARGEST + 1))
    if len(content.getbuffer()) > LARGEST or _is_too_large(content):
        raise unreadable(file, f"is a sheet of more than {MOST_CELLS:,} cells")
    try:
        return pl.read_excel(
            content,
            engine="calamine",
            has_header=False,
            infer_schema_length=0,
            drop_empty_rows=False,
            drop_empty_cols=False,
        )
    except Exception:  # noqa: BLE001  the libraries raise many kinds, some with cell values in them
        raise unreadable(file, "is not a sheet that can be read") from None


def _is_too_large(content: io.BytesIO) -> bool:
    """Whether a workbook's cells, from the first to the last corner, are more than can be held.

    One cell in the last corner is enough. Told from the sheets' own text, which is not unpacked
    at once.
    """
    try:
        with zipfile.ZipFile(content) as archive:
            sheets = [one for one in archive.infolist() if SHEET.search(one.filename)]
            if any(one.file_size > LARGEST_SHEET for one in sheets):
                return True
            return any(_area(archive, one) > MOST_CELLS for one in sheets)
    except (zipfile.BadZipFile, OSError, zlib.error, EOFError):
        return False  # no workbook of this kind: the reader below says what it is
    finally:
        content.seek(0)


def _area(archive: zipfile.ZipFile, sheet: zipfile.ZipInfo) -> int:
    """The cells of the rectangle from A1 to the outermost cell of a sheet."""
    rows = columns = 0
    rest = b""
    with archive.open(sheet) as stream:
        while block := stream.read(BLOCK):
            text = rest + block
            for column, row in CELL.findall(text):
                columns = max(columns, _number(column))
                rows = max(rows, int(row))
            rest = text[-LONGEST_CELL:]
    return rows * columns


def _number(letters: bytes) -> int:
    """The number of a column: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _texts(row: Sequence[object]) -> list[str]:
    texts = []
    for cell in row:
        texts.append("" if cell is None else str(cell))
    return texts
