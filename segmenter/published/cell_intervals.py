"""The intervals of a table's cells, each given that its cell shows (P8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmenter.noise.intervals import given_at_least, unconditional

if TYPE_CHECKING:
    from segmenter.noise.arrays import Integers, Reals, Truths
    from segmenter.noise.law import Law


@dataclass(frozen=True, slots=True, eq=False)
class CellIntervals:
    """The lowest and the highest count that each kept cell speaks for; an axis a dimension.

    `near` are the cells whose interval would be another if there were no limit. What stands for
    cells that are not kept means nothing.
    """

    low: Integers
    high: Integers
    near: Truths


def cell_intervals(
    law: Law, values: Reals, kept: Truths, limit: int, scales: Reals | None
) -> CellIntervals:
    """The intervals of the kept cells. `scales` stretch the law by a factor of each cell."""
    shown = values[kept]
    stretch = 1.0 if scales is None else scales[kept]
    conditional = given_at_least(law, shown, limit, stretch)
    plain = unconditional(law, shown, stretch)
    low = np.zeros(kept.shape, dtype=np.int64)
    high = np.zeros(kept.shape, dtype=np.int64)
    near = np.zeros(kept.shape, dtype=bool)
    low[kept] = conditional.low
    high[kept] = conditional.high
    near[kept] = (conditional.low != plain.low) | (conditional.high != plain.high)
    return CellIntervals(low, high, near)
