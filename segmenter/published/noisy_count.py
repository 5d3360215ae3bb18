"""One published number: what is shown of it, and what it speaks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter.model import Interval
from segmenter.noise.intervals import unconditional

if TYPE_CHECKING:
    from segmenter.noise.law import Law


@dataclass(frozen=True, slots=True)
class NoisyCount:
    """A count as it is shown, whole and not negative, and its 95 % interval."""

    count: int
    interval: Interval

    def to_dict(self) -> dict[str, Any]:
        """The contract's keys."""
        return {
            "count": self.count,
            "interval": self.interval.as_list(),
        }


def noisy_counts(values: Sequence[float], law: Law) -> list[NoisyCount]:
    """What is shown of noisy values that were not chosen by their size, all of one noise."""
    numbers = np.asarray(values, dtype=np.float64)
    intervals = unconditional(law, numbers)
    counts = np.maximum(np.rint(numbers), 0).astype(np.int64).tolist()
    lows = intervals.low.tolist()
    highs = intervals.high.tolist()
    shown = []
    for count, low, high in zip(counts, lows, highs, strict=True):
        shown.append(NoisyCount(count, Interval(low, high)))
    return shown
