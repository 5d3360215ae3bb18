"""Exact discrete Laplace noise, also called two-sided geometric.

Integers k are drawn with probability proportional to exp(-|k| / scale), for any fraction as scale.
The method is that of Canonne, Kamath and Steinke (2020), algorithm 2, over whole arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from segmenter.noise.trials import Proposals, Trials, accepted_values

if TYPE_CHECKING:
    from segmenter.noise.arrays import Integers


@dataclass(frozen=True, slots=True)
class DiscreteLaplaceSampler:
    """Draws discrete Laplace noise. The numerator of `scale` is at most 2^62."""

    scale: Fraction
    trials: Trials

    def draw(self, many: int) -> Integers:
        """`many` independent draws.

        >>> DiscreteLaplaceSampler(Fraction(7, 3), Trials()).draw(2).shape
        (2,)
        """
        return accepted_values(many, self._propose)

    def _propose(self, many: int) -> Proposals:
        """Magnitudes and signs. Zero is taken with one sign only, or it would come up too often.

        A magnitude is (low + top x high) // bottom, for the scale top / bottom, where `low` below
        top is kept with chance exp(-low / top), and `high` is geometric with ratio exp(-1). The
        product is split so that it stays a 64-bit number.
        """
        top, bottom = self.scale.numerator, self.scale.denominator
        whole, rest = divmod(top, bottom)
        low = self.trials.below(many, top)
        high = self._high(many)
        magnitude = whole * high + (low + rest * high) // bottom
        negative = self.trials.below(many, 2) == 1
        values = np.where(negative, -magnitude, magnitude)
        zero_twice = negative & (magnitude == 0)
        return Proposals(values, self.trials.exponential(low, top) & ~zero_twice)

    def _high(self, many: int) -> Integers:
        """How many trials of chance exp(-1) succeed in a row."""
        successes = np.zeros(many, dtype=np.int64)
        running = np.arange(many)
        while running.size:
            once = np.ones(running.size, dtype=np.int64)
            running = running[self.trials.exponential(once, 1)]
            successes[running] += 1
        return successes
