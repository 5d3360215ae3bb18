"""The distribution of a noise that is symmetric about 0, as arrays of its tail.

Chances are kept as logarithms: intervals near a threshold compare chances that are tiny both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from segmenter.noise.arrays import Integers, Reals

LEAST_SURE = 1e-11  # chances below this are rounding errors of a convolution
SLOPE_FROM = 1e-9  # from here to `LEAST_SURE` the slope of the tail is taken


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """The chances of `k * step` or more are exp(`log_above[k]`), for k = 0, 1, 2, ...

    Beyond the array the logarithm falls by `slope` a point. A `whole` law has step 1 and its masses
    on whole numbers. In any other, mass is taken as spread evenly around each point.
    """

    log_above: Reals
    slope: float
    step: float = 1.0
    whole: bool = True

    @classmethod
    def of(cls, above: Reals, step: float = 1.0, *, whole: bool = True) -> Self:
        """The law with these chances, the tail's far end drawn out with its own slope.

        The noises of this program are log-concave: their tails fall ever faster. So the law is
        never told narrower than it is.
        """
        sure = max(2, int(np.count_nonzero(above > LEAST_SURE)))
        lowest = np.log(np.finfo(float).tiny)
        with np.errstate(divide="ignore"):
            log_above = np.maximum(np.log(above[:sure]), lowest)
        steady = int(np.count_nonzero(above > SLOPE_FROM))
        start = max(0, min(steady, sure - 1) - 1)
        slope = (log_above[-1] - log_above[start]) / (sure - 1 - start)
        log_above.setflags(write=False)
        return cls(log_above, float(slope), step, whole)

    def smooth(self) -> Law:
        """The same law for values that are not whole."""
        return Law(
            log_above=self.log_above,
            slope=self.slope,
            step=self.step,
            whole=False,
        )

    def at_least(self, distances: Reals) -> Reals:
        """The chance of a noise of at least each distance. Distances may be negative."""
        return np.exp(self.log_at_least(distances))

    def log_at_least(self, distances: Reals) -> Reals:
        """The logarithm of `at_least`."""
        is_above = distances > 0 if self.whole else distances >= 0
        # On the other side: all but what lies further from 0 than the distance.
        further = np.floor(-distances) + 1 if self.whole else -distances
        chances = self._log_upper(np.where(is_above, distances, further))
        but_further = np.log1p(-np.exp(np.where(is_above, -1.0, chances)))
        return np.where(is_above, chances, but_further)

    def _log_upper(self, distances: Reals) -> Reals:
        """The logarithm of the chances, for distances from 0 on."""
        place = np.ceil(distances) if self.whole else distances / self.step + 0.5
        last = len(self.log_above) - 1
        inside = np.minimum(place, last)
        lower = np.floor(inside).astype(np.int64)
        upper = np.minimum(lower + 1, last)
        share = inside - lower
        told = self.log_above[lower] * (1 - share) + self.log_above[upper] * share
        beyond = np.maximum(place - last, 0)
        return told + self.slope * beyond

    def first_at_most(self, chances: Reals) -> Integers:
        """The first point whose chance, or more, is at most each chance; past the array if none."""
        rising = self.log_above[::-1]
        enough = np.searchsorted(rising, np.log(chances), side="right")
        return np.asarray(len(rising) - enough, dtype=np.int64)

    def quantile(self, chances: Reals) -> Reals:
        """The smallest distance from 0 on that the noise passes with at most each chance."""
        first = self.first_at_most(chances)
        if self.whole:
            return np.maximum(first - 1, 0).astype(np.float64)
        upper = np.clip(first, 1, len(self.log_above) - 1)
        low, high = self.log_above[upper], self.log_above[upper - 1]
        share = (high - np.log(chances)) / (high - low)
        place = upper - 1 + share - 0.5
        return np.maximum(place * self.step, 0)

    def passed(self, chances: Reals) -> Reals:
        """The chance with which the noise passes the `quantile` of each chance."""
        if not self.whole:
            return chances
        next_point = self.quantile(chances) + 1
        return self.at_least(next_point)
