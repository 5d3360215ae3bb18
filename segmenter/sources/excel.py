"""Excel and OpenDocument sheets: the first sheet, its first row the header, every cell as text."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter.sources.files import SourceFile, unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmenter.sources.stage import Stage


@dataclass(frozen=True, slots=True)
class ExcelReader:
    """Reads one sheet. A row's line is its row in the sheet, counted from the header's."""

    file: SourceFile
    header: tuple[str, ...]
    rows: Sequence[Sequence[str]] = field(repr=False)

    def load(self, stage: Stage, columns: Sequence[int | None]) -> None:
        """Append the sheet; wholly empty rows are none."""
        number = stage.begin(self.file, 1)
        kept = [(line, row) for line, row in enumerate(self.rows, 2) if any(row)]
        stage.add(number, [line for line, _ in kept], [row for _, row in kept], columns)


def open_excel(file: SourceFile) -> ExcelReader:
    """Read the whole sheet. Raises `SourceError` where it is no sheet."""
    import polars as pl

    try:
        with file.open() as handle:
            content = io.BytesIO(handle.read())
        frame = pl.read_excel(
            content,
            engine="calamine",
            has_header=False,
            infer_schema_length=0,
            drop_empty_rows=False,
            drop_empty_cols=False,
        )
    except Exception:  # noqa: BLE001  the libraries below raise many kinds, some with cell values in their messages
        raise unreadable(file, "is not a sheet that can be read") from None
    rows = [["" if cell is None else str(cell) for cell in row] for row in frame.iter_rows()]
    if not rows:
        raise unreadable(file, "is empty: a header row was expected")
    header = tuple(name.strip() or f"column_{i}" for i, name in enumerate(rows[0], 1))
    return ExcelReader(file, header, rows[1:])
