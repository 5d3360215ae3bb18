"""Cells as they are shown, as a polars frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl


def cell_frame(cells: Sequence[dict[str, Any]], dimensions: Sequence[str]) -> pl.DataFrame:
    """One row a cell: its labels, count, low, high, withheld. Withheld ones have null numbers."""
    import polars as pl

    labels = [
        pl.Series(name, [cell[name] for cell in cells], dtype=pl.String) for name in dimensions
    ]
    intervals = [cell["interval"] or (None, None) for cell in cells]
    numbers = [
        pl.Series("count", [cell["count"] for cell in cells], dtype=pl.Int64),
        pl.Series("low", [low for low, _ in intervals], dtype=pl.Int64),
        pl.Series("high", [high for _, high in intervals], dtype=pl.Int64),
    ]
    withheld = pl.Series("withheld", [cell["withheld"] for cell in cells], dtype=pl.Boolean)
    return pl.DataFrame([*labels, *numbers, withheld])
