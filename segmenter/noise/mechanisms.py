"""The mechanisms that noise comes from: integers, drawn exactly (P10, P11).

`Geometric` (discrete Laplace) is for pure epsilon, `DiscreteGaussian` for rho (zCDP). A mechanism
is a value that knows its distribution; a `Source` draws it. `system` is the only source of the
program.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from segmenter.errors import UsageError

if TYPE_CHECKING:
    from segmenter.model import Cost
    from segmenter.noise.arrays import Integers, Reals

NANO = 1_000_000_000
STEEPEST = 300.0  # an epsilon beyond which noise is none
DEVIATIONS = 9  # of a Gaussian, passed with a probability below 1e-15
UNREACHED = 1e-15  # the chance of what lies beyond the `reach` of one draw
WIDEST = 1 << 54  # of a geometric scale, in patients: its noise is a 64-bit number, and more
FINEST = 1 << 60  # of a geometric scale's numerator: a finer scale is rounded up

# A variance is a multiple of 1 / FINE, from COARSE on a whole number, so that it is drawn fast.
# It is rounded up.
FINE = 64
COARSE = 4096


@dataclass(frozen=True, slots=True)
class Geometric:
    """Discrete Laplace noise: P(k) proportional to exp(-|k| epsilon / sensitivity).

    `epsilon` is in nano-units. Raises `UsageError` if the noise is wider than 64-bit numbers.

    >>> round(Geometric(1_000_000_000).variance, 3)
    1.841
    """

    epsilon: int
    sensitivity: int = 1

    def __post_init__(self) -> None:
        if self.epsilon <= 0 or self.sensitivity <= 0:
            raise ValueError("noise needs a positive epsilon and sensitivity")
        if self.scale >= WIDEST:
            raise UsageError(
                "the noise of so wide a bound, at so small an epsilon, is no 64-bit number",
                hint="narrow the `clip` in policy.yml, or ask with more epsilon",
            )

    @property
    def scale(self) -> Fraction:
        """Sensitivity / epsilon, which is exactly what is drawn.

        A fraction too fine to be drawn is rounded up to a whole number: more noise than was paid.
        """
        exact = Fraction(self.sensitivity * NANO, self.epsilon)
        if exact.numerator < FINEST:
            return exact
        return Fraction(math.ceil(exact))

    @property
    def rate(self) -> float:
        """One over the scale."""
        return float(1 / self.scale)

    @property
    def decay(self) -> float:
        """The ratio of neighbouring masses; never so small that it could not be divided by."""
        return math.exp(-self._rate)

    @property
    def variance(self) -> float:
        """In patients squared."""
        gap = self._gap
        return 2 * self.decay / gap**2

    @property
    def kurtosis(self) -> float:
        """Excess kurtosis."""
        decay = self.decay
        fourth_over_second_squared = (self._gap**2 + 12 * decay) / (2 * decay)
        return fourth_over_second_squared - 3

    @property
    def _rate(self) -> float:
        """The rate, but never so large that its exponential could not be divided by."""
        return min(STEEPEST, self.rate)

    @property
    def _gap(self) -> float:
        """1 - decay."""
        return -math.expm1(-self._rate)

    def reach(self) -> int:
        """An integer that the noise passes with a probability below 1e-15."""
        scales = -math.log(UNREACHED)
        return math.ceil(scales / self.rate) + 1

    def masses(self) -> Reals:
        """The probabilities of -reach ... reach."""
        distance = np.abs(_around_zero(self.reach()))
        weights = np.exp(-distance * self.rate)
        return weights * (self._gap / (1 + self.decay))


@dataclass(frozen=True, slots=True)
class DiscreteGaussian:
    """Discrete Gaussian noise under zCDP.

    `rho` is in nano-units, `sensitivity` in the Euclidean norm.

    >>> DiscreteGaussian(500_000_000).spread
    Fraction(1, 1)
    """

    rho: int
    sensitivity: int = 1

    def __post_init__(self) -> None:
        if self.rho <= 0 or self.sensitivity <= 0:
            raise ValueError("noise needs a positive rho and sensitivity")

    @property
    def spread(self) -> Fraction:
        """The parameter sigma² = sensitivity² / (2 rho), rounded up a little.

        So what is booked is never too little.
        """
        exact = Fraction(self.sensitivity**2 * NANO, 2 * self.rho)
        parts = FINE if exact < COARSE else 1
        rounded_up = math.ceil(exact * parts)
        return Fraction(rounded_up, parts)

    @property
    def variance(self) -> float:
        """In patients squared; a little below sigma² if sigma is small."""
        values = _around_zero(self.reach())
        return float(self.masses() @ values**2)

    @property
    def kurtosis(self) -> float:
        """Excess kurtosis, 0 as for the continuous Gaussian."""
        return 0.0

    def reach(self) -> int:
        """An integer that the noise passes with a probability below 1e-15."""
        deviation = math.sqrt(self.spread)
        return math.ceil(DEVIATIONS * deviation) + 2

    def masses(self) -> Reals:
        """The probabilities of -reach ... reach."""
        values = _around_zero(self.reach())
        doubled = 2 * float(self.spread)
        weights = np.exp(-(values**2) / doubled)
        return np.asarray(weights / weights.sum())


def _around_zero(reach: int) -> Reals:
    """The whole numbers -reach ... reach."""
    end = reach + 1
    return np.arange(-reach, end, dtype=np.float64)


Mechanism: TypeAlias = Geometric | DiscreteGaussian
Source: TypeAlias = Callable[[Mechanism, int], "Integers"]


def paid(cost: Cost, sensitivity: int = 1) -> Mechanism:
    """The noise that a cost buys: geometric for epsilon, discrete Gaussian for rho.

    Raises `ValueError` if the cost buys neither or both.
    """
    if bool(cost.epsilon) == bool(cost.rho):
        raise ValueError("a release is paid in epsilon or in rho")
    if cost.epsilon:
        return Geometric(cost.epsilon, sensitivity)
    return DiscreteGaussian(cost.rho, sensitivity)


def system(mechanism: Mechanism, many: int) -> Integers:
    """`many` independent draws with the operating system's randomness.

    Nothing can seed it; a forked process draws other noise.
    """
    if isinstance(mechanism, DiscreteGaussian):
        from segmenter.noise.discrete_gaussian import DiscreteGaussianSampler
        from segmenter.noise.trials import Trials

        return DiscreteGaussianSampler(mechanism.spread, Trials()).draw(many)
    from segmenter.noise.exact_geometric import ExactGeometric

    exact = ExactGeometric(epsilon=mechanism.epsilon / NANO, sensitivity=mechanism.sensitivity)
    return exact.draw(many)
