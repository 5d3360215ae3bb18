"""Exact random trials over whole arrays, from random bytes and integers only.

`bits` gives random bytes, `os.urandom` outside of tests. Every decision compares an integer that
was drawn uniformly with an integer, never a float with a float. What is drawn depends on the bytes
alone: nothing here ever sees a count.

The method is that of Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy"
(2020), algorithm 1.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from segmenter.noise.arrays import Integers, Truths

Bits: TypeAlias = Callable[[int], bytes]

WORD = 1 << 64
BIGGEST = 1 << 62  # integers below this, and sums of two of them, are 64-bit numbers


@dataclass(frozen=True, slots=True)
class Proposals:
    """Candidates of a rejection sampler, and which of them it accepts."""

    values: Integers
    accepted: Truths


def accepted_values(many: int, propose: Callable[[int], Proposals]) -> Integers:
    """Rejection sampling over an array: propose for those that have no value yet, until all do."""
    values = np.zeros(many, dtype=np.int64)
    waiting = np.arange(many)
    while waiting.size:
        proposed = propose(waiting.size)
        values[waiting[proposed.accepted]] = proposed.values[proposed.accepted]
        waiting = waiting[~proposed.accepted]
    return values


@dataclass(frozen=True, slots=True)
class Trials:
    """Draws uniform integers and trials whose chance is the exponential of a fraction."""

    bits: Bits = os.urandom

    def below(self, many: int, limit: int) -> Integers:
        """Uniform integers in [0, `limit`), for a limit of at most 2^62.

        A word of 64 bits is taken modulo the limit. The highest words, for which that would favour
        small remainders, are drawn again.

        >>> Trials().below(3, 1).tolist()
        [0, 0, 0]
        """
        if limit == 1:
            return np.zeros(many, dtype=np.int64)
        usable = WORD - WORD % limit

        def propose(size: int) -> Proposals:
            words = np.frombuffer(self.bits(8 * size), dtype=np.uint64)
            remainders = words % np.uint64(limit)
            is_usable = words <= np.uint64(usable - 1)
            return Proposals(remainders.astype(np.int64), is_usable)

        return accepted_values(many, propose)

    def exponential(self, top: Integers, bottom: int) -> Truths:
        """Whether trials of chance exp(-top / bottom) succeed, for each `top` >= 0."""
        whole, part = np.divmod(top, bottom)
        succeeds = np.ones(top.size, dtype=bool)
        running = np.flatnonzero(whole)
        while running.size:
            one = np.full(running.size, bottom, dtype=np.int64)
            won = self._up_to_one(one, bottom)
            succeeds[running[~won]] = False
            running = running[won]
            whole[running] -= 1
            running = running[whole[running] > 0]
        left = np.flatnonzero(succeeds)
        succeeds[left] = self._up_to_one(part[left], bottom)
        return succeeds

    def _up_to_one(self, top: Integers, bottom: int) -> Truths:
        """Trials of chance exp(-ratio) for ratios top / bottom in [0, 1].

        Games of chance ratio / 1, ratio / 2, ratio / 3, ... are played until one is lost. The
        chance that an even number of them was won is the one that is wanted.
        """
        even = np.ones(top.size, dtype=bool)
        running = np.flatnonzero(top)
        game = 1
        while running.size:
            won = self._games(top[running], bottom, game)
            running = running[won]
            even[running] = ~even[running]
            game += 1
        return even

    def _games(self, top: Integers, bottom: int, times: int) -> Truths:
        """Trials of chance top / (bottom x times)."""
        limit = bottom * times
        if limit <= BIGGEST:
            return np.asarray(self.below(top.size, limit) < top)
        won = self.below(top.size, bottom) < top
        chosen = self.below(top.size, times) == 0
        return np.asarray(won & chosen)

    # -- integers of any size ----------------------------------------------------------------------

    def exponential_of(self, top: int, bottom: int) -> bool:
        """One trial of chance exp(-top / bottom), for integers of any size."""
        while top > bottom:
            if not self.exponential_of(bottom, bottom):
                return False
            top -= bottom
        games = 1
        while self._any_below(bottom * games) < top:
            games += 1
        return games % 2 == 1

    def _any_below(self, limit: int) -> int:
        """One uniform integer in [0, `limit`), for a limit of any size."""
        size = (limit - 1).bit_length()
        while True:
            random_bytes = self.bits((size + 7) // 8)
            value = int.from_bytes(random_bytes, "big") >> (-size % 8)
            if value < limit:
                return value
