"""Exact discrete Gaussian noise.

Integers k are drawn with probability proportional to exp(-k² / (2 variance)), for any fraction.
The method is that of Canonne, Kamath and Steinke (2020), algorithm 3, over whole arrays: discrete
Laplace values are proposed, and kept with a chance that makes them Gaussian.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from segmenter.noise.discrete_laplace import DiscreteLaplaceSampler
from segmenter.noise.trials import BIGGEST, Proposals, Trials, accepted_values

if TYPE_CHECKING:
    from segmenter.noise.arrays import Integers, Truths


@dataclass(frozen=True, slots=True)
class DiscreteGaussianSampler:
    """Draws discrete Gaussian noise of the parameter `variance` (sigma²)."""

    variance: Fraction
    trials: Trials

    def draw(self, many: int) -> Integers:
        """`many` independent draws.

        >>> DiscreteGaussianSampler(Fraction(9), Trials()).draw(3).shape
        (3,)
        """
        scale = math.isqrt(math.floor(self.variance)) + 1
        laplace = DiscreteLaplaceSampler(Fraction(scale), self.trials)

        def propose(size: int) -> Proposals:
            values = laplace.draw(size)
            return Proposals(values, self._kept(values, scale))

        return accepted_values(many, propose)

    def _kept(self, values: Integers, scale: int) -> Truths:
        """Which values y are kept: with chance exp(-(|y| - v / scale)² / (2 v)), v the variance.

        Over the common denominator, with v = top / bottom, that is the square of
        |y| x scale x bottom - top, over 2 x top x bottom x scale².
        """
        top, bottom = self.variance.numerator, self.variance.denominator
        divisor = 2 * top * bottom * scale * scale
        largest = int(np.abs(values).max(initial=0)) * scale * bottom
        if max(divisor, max(largest, top) ** 2) < BIGGEST:
            distance = np.abs(values) * (scale * bottom) - top
            return self.trials.exponential(distance * distance, divisor)
        kept = []
        for value in values.tolist():
            distance_of_one = abs(value) * scale * bottom - top
            kept.append(self.trials.exponential_of(distance_of_one**2, divisor))
        return np.array(kept, dtype=bool)
