"""The noise of a published number: a weighted sum of independent draws, and its distribution.

In: which mechanisms were drawn, how often, with which weight. Out: margins (P8), and the law that
intervals are made from (`intervals`). Nothing here is drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from segmenter.noise.law import Law
from segmenter.noise.mechanisms import Geometric, Mechanism

if TYPE_CHECKING:
    from segmenter.noise.arrays import Reals

CONVOLVED = 64  # kinds of draws up to which a sum is convolved; more of them are nearly Gaussian
GRID = 1 << 20  # points of the grid, at most
FINENESS = 1000  # points in a standard deviation, if the weights are not whole
FARTHEST = 10  # standard deviations that the grid reaches at least
LONGEST = 1 << 20  # the reach from which a mechanism is described on a coarser lattice
GAUSSIAN_TAIL = 8  # standard deviations that a Gaussian law is told for


@dataclass(frozen=True, slots=True)
class NoisePart:
    """`many` independent draws of a mechanism, each times `weight`."""

    weight: float
    many: int
    mechanism: Mechanism

    @property
    def variance(self) -> float:
        """Of all draws together."""
        weights = self.weight**2 * self.many
        return weights * self.mechanism.variance


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a published number. All its numbers derive from its parts."""

    parts: tuple[NoisePart, ...]

    @property
    def variance(self) -> float:
        """In patients squared."""
        variances = [part.variance for part in self.parts]
        return math.fsum(variances)

    @property
    def law(self) -> Law:
        """The distribution, computed once."""
        return _law(self)

    def beyond(self, chance: float) -> int:
        """The smallest integer m >= 0 with P(noise >= m + 1) <= `chance`: a margin (P8).

        >>> Noise((NoisePart(1.0, 1, Geometric(500_000_000)),)).beyond(0.01)
        8
        """
        return _beyond(self, chance)

    def whatever(self, chance: float) -> int:
        """What no noise of at most this variance passes with more than `chance`.

        It holds whatever draws the noise is made of. Of all mixtures, one draw alone has the
        longest tail, and very many have the widest middle.
        """
        alone = -math.log(2 * chance) / math.sqrt(2)
        many = NormalDist().inv_cdf(1 - chance)
        deviation = math.sqrt(self.variance)
        return math.ceil(deviation * max(alone, many))


@cache
def _beyond(noise: Noise, chance: float) -> int:
    if not noise.parts:
        return 0
    if len(noise.parts) > CONVOLVED:
        return _expanded(noise, chance)
    law = noise.law
    places = law.first_at_most(np.array([chance]))
    first = int(places[0])
    safe = first if law.whole else first + 1
    return max(0, math.ceil(safe * law.step) - 1)


@lru_cache(maxsize=64)
def _law(noise: Noise) -> Law:
    if not noise.parts:
        return Law.of(np.array([1.0, 0.0]))
    if len(noise.parts) > CONVOLVED:
        return _gaussian_law(noise)
    return _convolved(noise)


def _expanded(noise: Noise, chance: float) -> int:
    """By the Cornish-Fisher expansion to the fourth moment, with a patient to spare."""
    fourths = []
    for part in noise.parts:
        variance = part.weight**2 * part.mechanism.variance
        fourths.append(part.many * part.mechanism.kurtosis * variance**2)
    excess = max(0.0, math.fsum(fourths) / noise.variance**2)
    z = NormalDist().inv_cdf(1 - chance)
    quantile = z + excess * (z**3 - 3 * z) / 24
    return math.ceil(math.sqrt(noise.variance) * quantile)


def _gaussian_law(noise: Noise) -> Law:
    """What a sum of very many kinds of draws comes to."""
    deviation = math.sqrt(noise.variance)
    step = deviation / FINENESS
    points = np.arange(GAUSSIAN_TAIL * FINENESS)
    edges = (points - 0.5) * step / deviation
    above = [math.erfc(edge / math.sqrt(2)) / 2 for edge in edges.tolist()]
    return Law.of(np.array(above), step, whole=False)


# -- convolution -----------------------------------------------------------------------------------


def _convolved(noise: Noise) -> Law:
    """By convolution on a grid.

    If weights do not fall on the grid, mass is split between neighbours, which only widens the
    noise.
    """
    parts = [_coarser(part) for part in noise.parts]
    deviation = math.sqrt(noise.variance)
    reaches = [abs(part.weight) * part.mechanism.reach() for part in parts]
    span = FARTHEST * deviation + max(reaches)
    weights = {abs(part.weight) for part in parts}
    whole = weights == {1.0} and span < GRID / 4
    step = 1.0 if whole else max(deviation / FINENESS, 8 * span / GRID)
    points = 2 * span / step + 4
    size = 1 << math.ceil(math.log2(points))
    spectrum = np.ones(size // 2 + 1)
    for part in parts:
        spectrum = spectrum * _spectrum(part, step, size) ** part.many
    masses = np.clip(np.fft.irfft(spectrum, size), 0, None)
    from_zero_up = masses[: size // 2]
    above = np.cumsum(from_zero_up[::-1])[::-1]
    return Law.of(above, step, whole=whole)


def _coarser(part: NoisePart) -> NoisePart:
    """The same draws, on a coarser lattice if the scale is so large that nobody could tell."""
    mechanism = part.mechanism
    if not isinstance(mechanism, Geometric) or mechanism.reach() <= LONGEST:
        return part
    times = math.ceil(mechanism.reach() / LONGEST)
    coarse = Geometric(mechanism.epsilon * times, mechanism.sensitivity)
    return NoisePart(
        weight=part.weight * times,
        many=part.many,
        mechanism=coarse,
    )


def _spectrum(part: NoisePart, step: float, size: int) -> Reals:
    reach = part.mechanism.reach()
    masses = part.mechanism.masses()
    places = np.arange(-reach, reach + 1) * (part.weight / step)
    lower = np.floor(places)
    to_upper = places - lower
    index = lower.astype(np.int64)
    grid = np.bincount(index % size, masses * (1 - to_upper), minlength=size)
    grid += np.bincount((index + 1) % size, masses * to_upper, minlength=size)
    return np.asarray(np.fft.rfft(grid).real)
