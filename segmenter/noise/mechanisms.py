"""Integer noise: its mechanisms, how it is drawn, how far it reaches (P10, P11).

`Geometric` is for pure epsilon (`diffprivlib.mechanisms.Geometric`), `DiscreteGaussian` for rho
(zCDP). A mechanism is a value that knows its distribution; a `Source` draws it. `system` is the
only source of the program; tests inject another one in code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from segmenter.model import Cost

NANO = 1_000_000_000
STEEPEST = 300.0  # an epsilon beyond which noise is none
EACH_SIDE = 0.025  # of a 95 % interval
LOST = 1e-15  # what lies beyond `reach` of one draw
FINE, COARSE = (
    64,
    4096,
)  # a variance is a multiple of 1/64, from 4,096 on a whole number, so that it is drawn fast; rounding is upwards

Integers: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"
Reals: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"
Truths: TypeAlias = "np.ndarray[Any, np.dtype[np.bool_]]"


@dataclass(frozen=True, slots=True)
class Geometric:
    """Two-sided geometric noise: P(k) proportional to exp(-|k| epsilon / sensitivity). `epsilon` in nano-units.

    >>> round(Geometric(1_000_000_000).variance, 3)
    1.841
    """

    epsilon: int
    sensitivity: int = 1

    def __post_init__(self) -> None:
        if self.epsilon <= 0 or self.sensitivity <= 0:
            raise ValueError("noise needs a positive epsilon and sensitivity")

    @property
    def decay(self) -> float:
        """The ratio of neighbouring masses; never so small that the variance could not be divided by."""
        return math.exp(-min(STEEPEST, self.epsilon / (NANO * self.sensitivity)))

    @property
    def variance(self) -> float:
        """In patients squared."""
        return 2 * self.decay / self._gap() ** 2

    @property
    def kurtosis(self) -> float:
        """Excess kurtosis."""
        gap = self._gap()
        return (gap * gap + 12 * self.decay) / (2 * self.decay) - 3

    def reach(self) -> int:
        """An integer that the noise passes with a probability below 1e-15."""
        return math.ceil(-math.log(LOST) * NANO * self.sensitivity / self.epsilon) + 1

    def masses(self) -> Reals:
        """The probabilities of -reach ... reach."""
        k = np.abs(np.arange(-self.reach(), self.reach() + 1))
        return np.exp(-k * (self.epsilon / (NANO * self.sensitivity))) * (
            self._gap() / (1 + self.decay)
        )

    def _gap(self) -> float:
        return -math.expm1(-self.epsilon / (NANO * self.sensitivity))


@dataclass(frozen=True, slots=True)
class DiscreteGaussian:
    """Discrete Gaussian noise under zCDP: `rho` in nano-units, `sensitivity` in the Euclidean norm.

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
        """The parameter sigma²: sensitivity² / (2 rho), rounded up a little, so that what is booked is never too little."""
        exact = Fraction(self.sensitivity**2 * NANO, 2 * self.rho)
        parts = FINE if exact < COARSE else 1
        return Fraction(math.ceil(exact * parts), parts)

    @property
    def variance(self) -> float:
        """In patients squared; a little below sigma² where sigma is small."""
        masses, reach = self.masses(), self.reach()
        return float(masses @ np.arange(-reach, reach + 1, dtype=np.float64) ** 2)

    @property
    def kurtosis(self) -> float:
        """Excess kurtosis, 0 as for the continuous Gaussian."""
        return 0.0

    def reach(self) -> int:
        """An integer that the noise passes with a probability below 1e-15."""
        return math.ceil(9 * math.sqrt(self.spread)) + 2

    def masses(self) -> Reals:
        """The probabilities of -reach ... reach."""
        k = np.arange(-self.reach(), self.reach() + 1, dtype=np.float64)
        weights = np.exp(-k * k / (2 * float(self.spread)))
        return np.asarray(weights / weights.sum())


Mechanism: TypeAlias = Geometric | DiscreteGaussian
Source: TypeAlias = Callable[[Mechanism, int], "Integers"]


def paid(cost: Cost, sensitivity: int = 1) -> Mechanism:
    """The noise that a cost buys: geometric for epsilon, discrete Gaussian for rho.

    Raises `ValueError` where the cost buys neither or both.
    """
    if bool(cost.epsilon) == bool(cost.rho):
        raise ValueError("a release is paid in epsilon or in rho")
    return (
        Geometric(cost.epsilon, sensitivity)
        if cost.epsilon
        else DiscreteGaussian(cost.rho, sensitivity)
    )


def system(mechanism: Mechanism, many: int) -> Integers:
    """`many` independent draws with the operating system's randomness. Nothing can seed it; a forked process draws other noise."""
    if isinstance(mechanism, DiscreteGaussian):
        from segmenter.noise.discrete_gaussian import Sampler

        return Sampler(mechanism.spread).draw(many)
    machine = _machine()(epsilon=mechanism.epsilon / NANO, sensitivity=mechanism.sensitivity)
    with np.errstate(divide="ignore"):
        return np.fromiter((_one(machine) for _ in range(many)), dtype=np.int64, count=many)


@cache
def _machine() -> Any:
    """The mechanism of diffprivlib, which checks its parameters where it is made and not again at every draw: two fifths of its time."""
    from diffprivlib.mechanisms import Geometric as Machine

    class Checked(Machine):  # type: ignore[misc]
        def _check_all(self, _value: int) -> None:
            """Noise is only ever drawn for 0."""

    return Checked


def _one(machine: Any) -> int:
    """One draw; the single uniform of 2^53 that has no logarithm is drawn again."""
    while True:
        try:
            return int(machine.randomise(0))
        except OverflowError:
            continue


# -- sums ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """`many` independent draws of a mechanism, each times `weight`."""

    weight: float
    many: int
    mechanism: Mechanism


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a published number: a weighted sum of independent draws. All numbers derive from this."""

    parts: tuple[Part, ...]

    @property
    def variance(self) -> float:
        """In patients squared."""
        return math.fsum(p.weight**2 * p.many * p.mechanism.variance for p in self.parts)

    def beyond(self, chance: float) -> int:
        """The smallest integer m >= 0 with P(noise >= m + 1) <= `chance`: a margin (P8), or half an interval at half the chance.

        >>> Noise((Part(1.0, 1, Geometric(500_000_000)),)).beyond(0.01)
        8
        """
        return _beyond(self, chance)

    def whatever(self, chance: float) -> int:
        """What no noise of at most this variance passes with more than `chance`, however many draws of whatever weights it is made of.

        Of all mixtures, one draw alone has the longest tail, and very many the widest middle.
        """
        from statistics import NormalDist

        alone, many = -math.log(2 * chance) / math.sqrt(2), NormalDist().inv_cdf(1 - chance)
        return math.ceil(math.sqrt(self.variance) * max(alone, many))


FEW = 64  # distinct parts up to which sums are convolved; above, their number makes the Cornish-Fisher quantile safe
GRID = 1 << 20


@cache
def _beyond(noise: Noise, chance: float) -> int:
    if not noise.parts:
        return 0
    return _convolved(noise, chance) if len(noise.parts) <= FEW else _expanded(noise, chance)


def _convolved(noise: Noise, chance: float) -> int:
    """By convolution on a grid. Where weights do not fall on it, mass is split between neighbours, which only widens the noise."""
    span = 10 * math.sqrt(noise.variance) + max(
        abs(p.weight) * p.mechanism.reach() for p in noise.parts
    )
    whole = all(p.weight in (1.0, -1.0) for p in noise.parts)
    step = (
        1.0 if whole and span < GRID / 4 else max(math.sqrt(noise.variance) / 1000, 8 * span / GRID)
    )
    size = 1 << math.ceil(math.log2(2 * span / step + 4))
    spectrum = np.ones(size // 2 + 1)
    for part in noise.parts:
        spectrum = spectrum * _spectrum(part, step, size) ** part.many
    masses = np.clip(np.fft.irfft(spectrum, size), 0, None)
    masses = masses[: size // 2]  # zero and what is above it
    above = np.cumsum(masses[::-1])[::-1]
    first = int(np.argmax(above <= chance))
    return max(0, math.ceil((first + (0 if step == 1.0 else 1)) * step) - 1)


def _spectrum(part: Part, step: float, size: int) -> Reals:
    reach = part.mechanism.reach()
    where = np.arange(-reach, reach + 1) * (part.weight / step)
    low = np.floor(where)
    share, masses = where - low, part.mechanism.masses()
    index = low.astype(np.int64)
    grid = np.bincount(index % size, masses * (1 - share), minlength=size) + np.bincount(
        (index + 1) % size, masses * share, minlength=size
    )
    return np.asarray(np.fft.rfft(grid).real)


def _expanded(noise: Noise, chance: float) -> int:
    """By the Cornish-Fisher expansion to the fourth moment, with a patient to spare."""
    from statistics import NormalDist

    variance = noise.variance
    fourth = math.fsum(
        p.many * p.mechanism.kurtosis * (p.weight**2 * p.mechanism.variance) ** 2
        for p in noise.parts
    )
    z = NormalDist().inv_cdf(1 - chance)
    return math.ceil(
        math.sqrt(variance) * (z + max(0.0, fourth / variance**2) * (z**3 - 3 * z) / 24)
    )
