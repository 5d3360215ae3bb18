"""diffprivlib's geometric mechanism, drawn exactly (P10).

The library's own sampler takes the logarithm of one uniform number of 53 bits. So its tail is not
that of the distribution: delta is 4e-15 at epsilon 2.5, and 1.8e-8 at 20. Here the library checks
the parameters, and integers draw the noise. Imported late, because the library is heavy.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from diffprivlib.mechanisms import Geometric as LibraryGeometric

from segmenter.noise.discrete_laplace import DiscreteLaplaceSampler
from segmenter.noise.mechanisms import NANO, Geometric
from segmenter.noise.trials import Bits, Trials

if TYPE_CHECKING:
    from segmenter.noise.arrays import Integers


class ExactGeometric(LibraryGeometric):  # type: ignore[misc]
    """The mechanism of the library, with a sampler that is exact.

    `epsilon` is a number of nano-units divided by 10^9. Raises `TypeError` or `ValueError` as the
    library does.
    """

    def __init__(self, *, epsilon: float, sensitivity: int = 1, bits: Bits = os.urandom) -> None:
        super().__init__(epsilon=epsilon, sensitivity=sensitivity)
        self._bits = bits

    def randomise(self, value: int) -> int:
        """The value with noise."""
        self._check_all(value)
        return int(value) + int(self.draw(1)[0])

    def draw(self, many: int) -> Integers:
        """The noise of `many` values."""
        epsilon = round(self.epsilon * NANO)
        mechanism = Geometric(epsilon, int(self.sensitivity))
        sampler = DiscreteLaplaceSampler(mechanism.scale, Trials(self._bits))
        return sampler.draw(many)
