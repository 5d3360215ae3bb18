"""Cells as they are shown, as a polars frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl


def cell_frame(cells: Sequence[dict[str, Any]], dimensions: Sequence[str]) -> pl.DataFrame:
    """One row a cell: its labels, count, low, high, withheld. Withheld ones have null numbers."""
    import polars as pl

    kinds: dict[str, Any] = dict.fromkeys(dimensions, pl.String)
    kinds |= {"count": pl.Int64, "low": pl.Int64, "high": pl.Int64, "withheld": pl.Boolean}
    rows = []
    for cell in cells:
        labels = [cell[name] for name in dimensions]
        low, high = cell["interval"] or (None, None)
        rows.append((*labels, cell["count"], low, high, cell["withheld"]))
    return pl.DataFrame(rows, schema=kinds, orient="row")
