"""Exact discrete Gaussian noise, after Canonne, Kamath and Steinke (2020), with integers and the operating system's randomness only.

Whole arrays are drawn at once: each Bernoulli trial compares an integer drawn below d with n, never
a float with a float. `bits` gives random bytes (`os.urandom`); tests pass their own in code.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from fractions import Fraction

    Integers = np.ndarray[Any, np.dtype[np.int64]]
    Truths = np.ndarray[Any, np.dtype[np.bool_]]

Bits = Callable[[int], bytes]
ROOM = 1 << 62  # products below this fit int64


@dataclass(frozen=True, slots=True)
class Sampler:
    """Draws integers k with probability proportional to exp(-k² / (2 `variance`))."""

    variance: Fraction
    bits: Bits = os.urandom

    def draw(self, many: int) -> Integers:
        """`many` independent draws.

        >>> from fractions import Fraction
        >>> Sampler(Fraction(9)).draw(3).shape
        (3,)
        """
        scale = math.isqrt(self.variance.numerator // self.variance.denominator) + 1
        return _until_kept(many, lambda n: self._proposal(n, scale))

    def _proposal(self, many: int, scale: int) -> tuple[Integers, Truths]:
        """Discrete Laplace values, and which of them to keep: with probability exp(-(|y| - v/t)² / (2v)), v the variance, t the scale."""
        values = self.laplace(many, scale)
        top, bottom = self.variance.numerator, self.variance.denominator
        divisor = 2 * top * bottom * scale * scale
        furthest = max(int(np.abs(values).max(initial=0)) * scale * bottom, top)
        if max(divisor, furthest**2) >= ROOM:
            exact = [(abs(int(y)) * scale * bottom - top) ** 2 for y in values]
            return values, np.array([self._exactly(d, divisor) for d in exact], dtype=bool)
        distance = np.abs(values) * (scale * bottom) - top
        return values, self.exponential(distance * distance, divisor)

    def laplace(self, many: int, scale: int) -> Integers:
        """Discrete Laplace: integers y with probability proportional to exp(-|y| / `scale`)."""
        return _until_kept(many, lambda n: self._laplace(n, scale))

    def _laplace(self, many: int, scale: int) -> tuple[Integers, Truths]:
        low = self.below(many, scale)
        kept = self.exponential(low, scale)
        high = np.zeros(many, dtype=np.int64)
        running = kept.nonzero()[0]
        while running.size:
            running = running[self.exponential(np.full(running.size, 1, dtype=np.int64), 1)]
            high[running] += 1
        magnitude = low + scale * high
        negative = self.below(many, 2).astype(bool)
        return np.where(negative, -magnitude, magnitude), kept & ~(negative & (magnitude == 0))

    def exponential(self, top: Integers, bottom: int) -> Truths:
        """Whether trials of probability exp(-top / bottom) succeed, for each `top` >= 0."""
        whole, part = top // bottom, top % bottom
        alive = np.ones(top.size, dtype=bool)
        running = (whole > 0).nonzero()[0]
        while running.size:
            won = self._small(np.full(running.size, bottom, dtype=np.int64), bottom)
            alive[running[~won]] = False
            running = running[won]
            whole[running] -= 1
            running = running[whole[running] > 0]
        rest = alive.nonzero()[0]
        alive[rest] = self._small(part[rest], bottom)
        return alive

    def _small(self, top: Integers, bottom: int) -> Truths:
        """Trials of probability exp(-top / bottom) for ratios in [0, 1]: the number of wins of probability ratio / k is even."""
        even = np.ones(top.size, dtype=bool)
        running, k = np.arange(top.size), 1
        while running.size:
            won = (self.below(running.size, bottom) < top[running]) & (
                self.below(running.size, k) == 0
            )
            running = running[won]
            even[running] = ~even[running]
            k += 1
        return even

    def below(self, many: int, limit: int) -> Integers:
        """Uniform integers in [0, `limit`), by rejection."""
        if limit == 1:
            return np.zeros(many, dtype=np.int64)
        mask = np.uint64((1 << (limit - 1).bit_length()) - 1)
        return _until_kept(many, lambda n: self._masked(n, mask, limit))

    def _masked(self, many: int, mask: np.uint64, limit: int) -> tuple[Integers, Truths]:
        values = (np.frombuffer(self.bits(8 * many), dtype=np.uint64) & mask).astype(np.int64)
        return values, values < limit

    def _exactly(self, top: int, bottom: int) -> bool:
        """One trial of probability exp(-top / bottom) with integers of any size."""
        while top > bottom:
            if not self._exactly(bottom, bottom):
                return False
            top -= bottom
        k = 1
        while self._big(bottom * k) < top:
            k += 1
        return k % 2 == 1

    def _big(self, limit: int) -> int:
        """One uniform integer in [0, `limit`)."""
        size = (limit - 1).bit_length()
        while True:
            value = int.from_bytes(self.bits((size + 7) // 8), "big") >> (-size % 8)
            if value < limit:
                return value


def _until_kept(many: int, propose: Callable[[int], tuple[Integers, Truths]]) -> Integers:
    """Rejection sampling over an array: propose for those still without a value until none is."""
    drawn = np.zeros(many, dtype=np.int64)
    open_ = np.arange(many)
    while open_.size:
        values, kept = propose(open_.size)
        drawn[open_[kept]] = values[kept]
        open_ = open_[~kept]
    return drawn
