"""Intervals of a noised total over a noised count, that cover the true ratio 95 times out of 100.

For a ratio r, the total minus r times the count is noise alone if r is the true one. Its law is
known, and so is how far it reaches. The interval is every ratio for which that difference lies
within its reach (Fieller, 1954, with the noise's own law in place of a normal one).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmenter.noise.intervals import LEVEL, margins_of
from segmenter.noise.sums import Noise, NoisePart

if TYPE_CHECKING:
    from segmenter.noise.arrays import Reals
    from segmenter.noise.mechanisms import Mechanism

KNOTS = 9  # ratios whose reach is computed; between them it is nearly straight
STEPS = 40  # of a bisection


@dataclass(frozen=True, slots=True, eq=False)
class RatioIntervals:
    """The lowest and the highest ratio that each total and count speak for."""

    low: Reals
    high: Reals


@dataclass(frozen=True, slots=True, eq=False)
class RatioNoise:
    """The noise of a total and of a count, whose ratio lies between `low` and `high`."""

    total: Mechanism
    count: Mechanism
    low: float
    high: float

    def intervals(self, totals: Reals, counts: Reals, level: float = LEVEL) -> RatioIntervals:
        """The intervals of all totals over all counts, within the bounds."""
        knots = np.linspace(self.low, self.high, KNOTS)
        reaches = [self._reach(ratio, level) for ratio in knots.tolist()]

        def fits(ratios: Reals) -> Reals:
            gap = np.abs(totals - ratios * counts)
            reach = np.interp(ratios, knots, reaches)
            return np.asarray(gap - reach)

        ratios = totals / np.maximum(counts, 1)
        middle = np.clip(ratios, self.low, self.high)
        lowest = np.full(len(totals), self.low)
        highest = np.full(len(totals), self.high)
        return RatioIntervals(_edge(fits, middle, lowest), _edge(fits, middle, highest))

    def _reach(self, ratio: float, level: float) -> float:
        """How far the total minus `ratio` times the count may lie from 0."""
        parts = [
            NoisePart(
                weight=1.0,
                many=1,
                mechanism=self.total,
            )
        ]
        if ratio:
            parts.append(
                NoisePart(
                    weight=abs(ratio),
                    many=1,
                    mechanism=self.count,
                )
            )
        noise = Noise(tuple(parts))
        return margins_of(noise.law, level).below


def _edge(excess: Callable[[Reals], Reals], inside: Reals, outside: Reals) -> Reals:
    """The last ratio without an excess, from `inside` to `outside`; all the way if none has one."""
    start, end = inside, outside
    reaches_end = excess(outside) <= 0
    for _ in range(STEPS):
        middle = (start + end) / 2
        is_inside = excess(middle) <= 0
        start = np.where(is_inside, middle, start)
        end = np.where(is_inside, end, middle)
    return np.where(reaches_end, outside, start)
