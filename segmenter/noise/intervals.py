"""Intervals of published numbers, that cover the true count 95 times out of 100 (P8, P12).

For each true count n there is a range of noisy values that come up with a chance of at least 0.95:
the shortest one. The interval of a noisy value is every n in whose range the value lies. If the
value shows because it reached a limit, the ranges are those of the law given that: the part of the
noise that would have stayed below the limit is cut off. So the interval covers at its level for
every n, however near the limit it is.

For discrete Laplace noise the values that show have the same law for all counts below the limit.
So the interval of a value that barely reached it begins at 0: nothing tells these counts apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from segmenter.noise.arrays import Integers, Reals, Truths
    from segmenter.noise.law import Law

LEVEL = 0.95
EACH_SIDE = 0.025  # outside of it, if both sides are alike
DIGITS = 6  # of values: what is less is a rounding error


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """The lowest and the highest true count that each value speaks for."""

    low: Integers
    high: Integers


@dataclass(frozen=True, slots=True)
class Margins:
    """How far a true count may lie below and above an unconditional value, in patients."""

    below: float
    above: float


def margins_of(law: Law, level: float = LEVEL) -> Margins:
    """The reach of a value that was not chosen by its size.

    Masses on whole numbers seldom come to the level exactly. So the side above is a number shorter
    if that is still enough.
    """
    outside = np.array([1 - level])
    below = law.quantile(outside / 2)
    above = law.quantile(outside - law.passed(outside / 2))
    return Margins(float(below[0]), float(above[0]))


def unconditional(
    law: Law, values: Reals, scales: Reals | float = 1.0, level: float = LEVEL
) -> Intervals:
    """The intervals of values that were not chosen by their size.

    `scales` stretch the law, for each value by its own factor.
    """
    reach = margins_of(law, level)
    lowest = np.round(values - scales * reach.below, DIGITS)
    highest = np.round(values + scales * reach.above, DIGITS)
    return _around(values, np.ceil(lowest), np.floor(highest))


def given_at_least(
    law: Law, values: Reals, limit: float, scales: Reals | float = 1.0, level: float = LEVEL
) -> Intervals:
    """The intervals of values that show because they are at least `limit`.

    `scales` stretch the law, for each value by its own factor.
    """
    intervals = unconditional(law, values, scales, level)
    widest = margins_of(law, 1 - (1 - level) / 1_000)
    span = np.ceil(2 * (widest.below + 1) * scales)
    near = values <= limit + span
    if near.any():
        own_scales = np.broadcast_to(scales, values.shape)[near]
        own_span = np.broadcast_to(span, values.shape)[near]
        ranges = _Ranges(
            law=law,
            limit=limit,
            scales=own_scales,
            level=level,
        )
        found = ranges.holding(values[near], own_span)
        intervals.low[near] = found.low
        intervals.high[near] = found.high
    return intervals


@dataclass(frozen=True, slots=True)
class _Ranges:
    """For each count, the range of values at or above the limit that has the level's chance.

    A count whose range is not touched by the limit has one that lies around it: from a little less
    than `half` below it to `half` above it. Any other has the values from the limit on.
    """

    law: Law
    limit: float
    scales: Reals
    level: float

    def holding(self, values: Reals, span: Reals) -> Intervals:
        """The counts in whose ranges the values lie: from 0 on, up to `span` above them."""

        def reach_up_to_value(counts: Reals) -> Truths:
            return self.reach_up_to(counts, values)

        def begin_above_value(counts: Reals) -> Truths:
            return self.begin_above(counts, values)

        nobody = np.zeros(len(values))
        low = _first(reach_up_to_value, nobody, np.floor(values))
        highest = np.ceil(values + span)
        too_high = _first(begin_above_value, np.ceil(values), highest)
        return _around(values, low, too_high - 1)

    def reach_up_to(self, counts: Reals, values: Reals) -> Truths:
        """Whether the range of each count does not end below its value."""
        shown = self._log_shown(counts)
        of_whole = np.log(self._each_side(shown))
        of_others = np.log(1 - self.level) + shown
        outside = np.where(self._is_whole(counts, shown), of_whole, of_others)
        beyond = self.law.log_at_least((values - counts) / self.scales)
        return np.asarray(beyond > outside)

    def begin_above(self, counts: Reals, values: Reals) -> Truths:
        """Whether the range of each count begins above its value."""
        shown = self._log_shown(counts)
        each_side = self._each_side(shown)
        left = 2 * each_side - self.law.passed(each_side)
        beyond = self.law.at_least((counts - values) / self.scales)
        begins_above = self._is_whole(counts, shown) & (beyond <= left)
        return np.asarray(begins_above)

    def _log_shown(self, counts: Reals) -> Reals:
        """The logarithm of the chance that a count shows."""
        distances = (self.limit - counts) / self.scales
        return self.law.log_at_least(distances)

    def _each_side(self, shown: Reals) -> Reals:
        """The chance outside of a range around a count, on each side."""
        inside = self.level * np.exp(shown)
        return np.asarray((1 - inside) / 2)

    def _is_whole(self, counts: Reals, shown: Reals) -> Truths:
        """Whether the range around each count begins at the limit or above it."""
        outside = self._each_side(shown)
        half = self.law.quantile(outside) * self.scales
        begins_at_limit = half <= counts - self.limit
        return np.asarray(begins_at_limit)


def _first(holds: Callable[[Reals], Truths], low: Reals, high: Reals) -> Reals:
    """The first whole number of each stretch from which on something holds, to its end."""
    low, high = low.copy(), high.copy()
    while (low < high).any():
        middle = np.floor((low + high) / 2)
        found = holds(middle)
        high = np.where(found, middle, high)
        low = np.where(found, low, np.minimum(middle + 1, high))
    return high


def _around(values: Reals, low: Reals, high: Reals) -> Intervals:
    """Intervals of counts: none below zero, and the shown count within each."""
    shown = np.maximum(np.rint(values), 0)
    low = np.clip(low, 0, shown)
    high = np.maximum(high, shown)
    return Intervals(low.astype(np.int64), high.astype(np.int64))
