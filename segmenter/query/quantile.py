"""Quantiles by the exponential mechanism on a declared grid (P9).

Drawn with whole numbers and the operating system's randomness.

The score of a grid value is how far, in ranks, it is from being the asked quantile: 0 if it is
one, and one human moves it by at most max(q, 1 - q). Values are proposed uniformly and kept with
probability exp(score * epsilon / (2 * sensitivity)): exactly the mechanism, since the best score is
always 0 and so nothing has to be divided by.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from segmenter.budget.accounting import NANO

if TYPE_CHECKING:
    import numpy as np

    from segmenter.noise.trials import Bits

    Integers = np.ndarray[Any, np.dtype[np.int64]]

FINEST = 1 << 50  # of the exponent's denominator; a finer one is rounded down, towards less epsilon
FARTHEST = 64  # exponents beyond this are taken as this: a declared floor under the score
BATCH = 4096
MISSED = 0.0125  # each side of a 95 % interval, with as much to spare for the value itself


@dataclass(frozen=True, slots=True)
class Exponential:
    """Chooses from a grid.

    `epsilon` (nano) is for all `cells` cells that one human can change; `share` is the quantile's
    place.
    """

    share: Fraction
    epsilon: int
    cells: int
    bits: Bits = os.urandom

    @property
    def sensitivity(self) -> int:
        """How far one human moves the score of one cell, in units of 1 / denominator ranks."""
        top, bottom = self.share.numerator, self.share.denominator
        return max(top, bottom - top)

    @property
    def rate(self) -> Fraction:
        """The exponent's factor of the score, rounded down if it is too fine."""
        exact = Fraction(self.epsilon, 2 * self.sensitivity * self.cells * NANO)
        if exact.denominator <= FINEST:
            return exact
        coarser = FINEST >> 10
        return Fraction(math.floor(exact * coarser), coarser)

    def slack(self, grid: int) -> int:
        """How many score units a draw from `grid` values misses by, with a rank to spare.

        With probability at most 1.25 % it is more.
        """
        rate = self.rate
        if rate == 0:
            return 1 << 40
        return math.ceil(math.log(grid / MISSED) / rate) + self.share.denominator

    def draw(self, many: Integers, shift: int = 0) -> Integers:
        """A position on the grid for each row of `many` (patients by value).

        A `shift` above 0 aims so many score units lower, one below 0 higher.
        """
        return self._kept(self.gaps(many, shift))

    def gaps(self, many: Integers, shift: int = 0) -> Integers:
        """Minus the scores: 0 where the value is the aimed-at quantile."""
        import numpy as np

        top, bottom = self.share.numerator, self.share.denominator
        below = np.cumsum(many, axis=1) - many
        above = many.sum(axis=1, keepdims=True) - below - many
        too_high = (bottom - top) * below - top * (above + many) + shift
        too_low = top * above - (bottom - top) * (below + many) - shift
        too_high[:, 0] = 0
        too_low[:, -1] = 0
        return np.asarray(np.maximum(0, np.maximum(too_high, too_low)))

    def _kept(self, gaps: Integers) -> Integers:
        import numpy as np

        from segmenter.noise.trials import Trials

        rate, sampler = self.rate, Trials(self.bits)
        floor = gaps.max(initial=0) if rate == 0 else math.ceil(FARTHEST / rate)
        gaps = np.minimum(gaps, floor)
        groups, grid = gaps.shape
        chosen = np.zeros(groups, dtype=np.int64)
        waiting = np.arange(groups)
        batch = max(1, min(BATCH, grid, BATCH * BATCH // max(1, groups)))
        while waiting.size:
            proposed = sampler.below(waiting.size * batch, grid).reshape(waiting.size, batch)
            exponent = np.take_along_axis(gaps[waiting], proposed, axis=1).ravel() * rate.numerator
            kept = sampler.exponential(exponent, rate.denominator).reshape(proposed.shape)
            first, any_kept = kept.argmax(axis=1), kept.any(axis=1)
            chosen[waiting[any_kept]] = proposed[any_kept, first[any_kept]]
            waiting = waiting[~any_kept]
        return chosen
