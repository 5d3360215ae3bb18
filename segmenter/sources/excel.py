"""Excel and OpenDocument sheets: the first sheet, its first row the header, every cell as text."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter.sources.files import SourceFile, unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from segmenter.sources.stage import Stage

FIRST_ROW = 2  # of the sheet, below its header


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
        content = io.BytesIO(handle.read())
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


def _texts(row: Sequence[object]) -> list[str]:
    return ["" if cell is None else str(cell) for cell in row]
