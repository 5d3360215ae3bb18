"""The exact total of many spends: their privacy loss distributions, composed (P13, P23).

A patient's privacy loss to one release is a random number. The losses of several releases add, so
their distribution is a convolution, and the epsilon that holds but for delta is read off it. That
is the least that may be booked; sums of epsilons and conversions of rho are bounds above it.

What each spend may have been is the worst that its cost allows. An epsilon is randomised response
of that epsilon, which dominates every mechanism of pure epsilon. A rho is discrete Gaussian noise
on a count of sensitivity 1, as it is drawn. Continuous Gaussian noise of the same rho is looked at
too, and the larger figure is the answer, so that whoever recomputes the total from the amounts
alone finds no more.

Losses lie on a grid. A loss between two points is split between them so that every epsilon's delta
is at least the true one ("connect the dots": Doroshenko, Ghazi, Kamath, Kumar, Manurangsi, 2022).
What is cut off and what rounding may change is added to delta. The total supposes that sizes of
spends do not depend on earlier answers, as all composition of this kind does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from segmenter.model import Cost

if TYPE_CHECKING:
    from segmenter.noise.arrays import Reals

NANO = 1_000_000_000
STEP = 1e-4  # of the finest grid; coarser ones double it
POINTS = 1 << 15  # of a grid, at most
CUT_OFF = 1e-15  # the chance of a loss outside of the grid
DEVIATIONS = 9  # that a Gaussian loss is looked at
PRECISION = 2.0**-52  # of a floating-point number
LARGEST = 200.0  # a total epsilon above which nobody asks for an exact figure


def exact_epsilon(spends: Mapping[Cost, int], delta: int) -> int | None:
    """The epsilon of some spends together at `delta`, both in nano-units, rounded up.

    `spends` says how often each cost was paid. None if no figure can be had: with so small a delta,
    or so large a total.
    """
    paid = list(spends.items())
    epsilons = _amounts((cost.epsilon, times) for cost, times in paid)
    rhos = _amounts((cost.rho, times) for cost, times in paid)
    return _exact_epsilon(epsilons, rhos, delta)


def _amounts(paid: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """How often each amount above zero was paid, in order."""
    times: dict[int, int] = {}
    for amount, often in paid:
        if amount:
            times[amount] = times.get(amount, 0) + often
    return tuple(sorted(times.items()))


@lru_cache(maxsize=64)
def _exact_epsilon(
    epsilons: tuple[tuple[int, int], ...], rhos: tuple[tuple[int, int], ...], delta: int
) -> int | None:
    """Kept, since a purpose and the total over all purposes are often one and the same question."""
    grid = _Grid.for_spends(epsilons, rhos)
    if grid is None:
        return None
    discrete = grid.one()
    for epsilon, times in epsilons:
        masses = grid.randomised_response(epsilon / NANO)
        discrete = discrete * grid.spectrum(masses) ** times
    continuous = discrete
    for rho, times in rhos:
        masses = grid.discrete_gaussian(rho)
        discrete = discrete * grid.spectrum(masses) ** times
    if rhos:
        masses = grid.gaussian(_sum(rhos))
        continuous = continuous * grid.spectrum(masses)
    exact = 0
    for spectrum in (discrete, continuous):
        total = grid.epsilon_at(spectrum, delta / NANO)
        if total is None:
            return None
        exact = max(exact, math.ceil(total * NANO))
    return exact


def _sum(paid: tuple[tuple[int, int], ...]) -> float:
    """All amounts together, no longer in nano-units."""
    amounts = [amount * times for amount, times in paid]
    return sum(amounts) / NANO


@dataclass(frozen=True, slots=True)
class _Grid:
    """Losses at multiples of `step`, from -`points` / 2 to `points` / 2, going round in a circle.

    `spends` are composed on it.
    """

    step: float
    points: int
    spends: int

    @classmethod
    def for_spends(
        cls, epsilons: tuple[tuple[int, int], ...], rhos: tuple[tuple[int, int], ...]
    ) -> _Grid | None:
        """The finest grid that holds the total; None if it is too large.

        A total of pure epsilons ends at their sum. Of a total rho, the loss lies above
        rho + 2 sqrt(rho ln(1 / chance)) with at most that chance. Splitting moves each loss by less
        than a step.
        """
        spends = sum(times for _, times in (*epsilons, *rhos))
        epsilon = _sum(epsilons)
        rho = _sum(rhos)
        farthest = epsilon + rho + 2 * math.sqrt(-rho * math.log(CUT_OFF))
        if farthest > LARGEST:
            return None
        step = STEP
        while 2 * (farthest + (spends + 2) * step) > POINTS * step:
            if step * spends > farthest:
                return None
            step *= 2
        needed = 2 * (farthest + (spends + 2) * step) / step
        return cls(step, 1 << math.ceil(math.log2(needed)), spends)

    # -- one spend ---------------------------------------------------------------------------------

    def randomised_response(self, epsilon: float) -> Reals:
        """The worst that pure epsilon allows: a loss of epsilon, or of minus epsilon."""
        import numpy as np

        high = 1 / (1 + math.exp(-epsilon))
        losses = np.array([epsilon, -epsilon])
        return self.split(losses, np.array([high, 1 - high]))

    def discrete_gaussian(self, rho: int) -> Reals:
        """The loss by each value that discrete Gaussian noise may have."""
        import numpy as np

        from segmenter.noise.mechanisms import DiscreteGaussian

        mechanism = DiscreteGaussian(rho)
        reach = mechanism.reach()
        values = np.arange(-reach, reach + 1)
        losses = (1 - 2 * values) / float(2 * mechanism.spread)
        return self.split(losses, mechanism.masses())

    def gaussian(self, rho: float) -> Reals:
        """The loss to continuous Gaussian noise: itself Gaussian, of mean rho and variance 2 rho.

        A stretch of it has one mass with a patient there and another without. Both stay what they
        are when the stretch is split between its ends.
        """
        import numpy as np

        farthest = self.points // 2 - self.spends - 2
        largest = rho + DEVIATIONS * math.sqrt(2 * rho)
        reach = min(farthest, math.ceil(largest / self.step))
        places = np.arange(-reach, reach + 1)
        edges = np.asarray(places * self.step, dtype=np.float64)
        with_patient = _normal_masses(edges, rho, 2 * rho)
        without = _normal_masses(edges, -rho, 2 * rho)
        lower_ends = edges[:-1]
        to_upper = (with_patient - np.exp(lower_ends) * without) / -math.expm1(-self.step)
        to_upper = np.clip(to_upper, 0, with_patient)
        masses = np.zeros(self.points)
        np.add.at(masses, places[:-1] % self.points, with_patient - to_upper)
        np.add.at(masses, places[1:] % self.points, to_upper)
        return masses

    def split(self, losses: Reals, masses: Reals) -> Reals:
        """The distribution on the grid of these losses.

        Each is split between its neighbours, so that neither the sum of the masses nor that of
        mass x exp(-loss) changes.
        """
        import numpy as np

        lower = np.floor(losses / self.step).astype(np.int64)
        above = losses - lower * self.step
        to_upper = masses * (np.expm1(-above) / math.expm1(-self.step))
        split = np.zeros(self.points)
        np.add.at(split, lower % self.points, masses - to_upper)
        np.add.at(split, (lower + 1) % self.points, to_upper)
        return split

    # -- all together ------------------------------------------------------------------------------

    def one(self) -> Reals:
        """The spectrum of no loss at all."""
        import numpy as np

        return np.ones(self.points // 2 + 1)

    def spectrum(self, masses: Reals) -> Reals:
        """The Fourier transform: composing is multiplying."""
        import numpy as np

        return np.asarray(np.fft.rfft(masses))

    def epsilon_at(self, spectrum: Reals, delta: float) -> float | None:
        """The smallest epsilon whose delta, all that is not certain added, is at most `delta`."""
        import numpy as np

        half = self.points // 2
        masses = np.fft.irfft(spectrum, self.points)[:half]
        masses = np.clip(masses, 0, None)
        losses = np.arange(half) * self.step
        above = _sums_above(masses)
        without = _sums_above(masses * np.exp(-losses)) * np.exp(losses)
        deltas = above - without + self._uncertain()
        enough = np.flatnonzero(deltas <= delta)
        if not enough.size:
            return None
        last = int(enough[0])
        if last == 0:
            return 0.0
        before, after = deltas[last - 1], deltas[last]
        share = (before - delta) / (before - after)
        # Between two points delta is a straight line over exp(epsilon).
        further = math.log1p(share * math.expm1(self.step))
        return float(losses[last - 1] + further)

    def _uncertain(self) -> float:
        """What cutting off and rounding may have changed in a delta."""
        operations = math.log2(self.points) + self.spends
        rounding = PRECISION * math.sqrt(self.points) * operations
        cut_off = 2 * CUT_OFF * (self.spends + 1)
        return rounding + cut_off


def _sums_above(masses: Reals) -> Reals:
    """For each point, the sum of the masses at all higher ones."""
    import numpy as np

    from_there = np.cumsum(masses[::-1])[::-1]
    return np.append(from_there[1:], 0.0)


def _normal_masses(edges: Reals, mean: float, variance: float) -> Reals:
    """The masses of a normal distribution between neighbouring edges, accurate in both tails."""
    import numpy as np

    scaled = (edges - mean) / math.sqrt(2 * variance)
    above = np.array([math.erfc(z) / 2 for z in scaled.tolist()])
    below = np.array([math.erfc(-z) / 2 for z in scaled.tolist()])
    from_above = above[:-1] - above[1:]
    from_below = below[1:] - below[:-1]
    masses = np.where(scaled[:-1] > 0, from_above, from_below)
    return np.asarray(masses)
