"""Intervals cover the true count 95 times out of 100, also for values that show because they are
large enough (P8, P12).
"""

from __future__ import annotations

import numpy as np
import pytest

from counting import seeded
from segmenter.noise.intervals import given_at_least, margins_of, unconditional
from segmenter.noise.mechanisms import DiscreteGaussian, Geometric
from segmenter.noise.sums import Noise, NoisePart

NANO = 1_000_000_000
PATIENTS = 11
RUNS = 60_000
MECHANISMS = [
    *(Geometric(int(epsilon * NANO)) for epsilon in (0.1, 0.5, 1, 3)),
    *(DiscreteGaussian(int(rho * NANO)) for rho in (0.0005, 0.005, 0.05)),
]


def noise_of(mechanism):
    return Noise((NoisePart(1.0, 1, mechanism),))


def covered(intervals, counts):
    return float(np.mean((intervals.low <= counts) & (counts <= intervals.high)))


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=repr)
def test_p12_intervals_of_counts_cover_95_of_100(mechanism):
    values = 900 + seeded(1)(mechanism, RUNS)
    intervals = unconditional(noise_of(mechanism).law, values.astype(float))
    assert 0.945 <= covered(intervals, 900) <= 0.97


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=repr)
@pytest.mark.parametrize("above_limit", [-3, -1, 0, 1, 2, 4, 8, 16, 40])
def test_p8_intervals_of_kept_cells_cover_95_of_100_however_near_the_limit(mechanism, above_limit):
    noise = noise_of(mechanism)
    limit = PATIENTS + noise.beyond(0.01)
    count = limit + above_limit
    values = count + seeded(2)(mechanism, RUNS)
    kept = values[values >= limit]
    intervals = given_at_least(noise.law, kept.astype(float), limit)
    assert len(kept) > 1
    if len(kept) < 500:
        return  # too few to measure
    assert 0.94 <= covered(intervals, count) <= 0.98


def test_p8_without_the_condition_they_would_not_cover_at_all():
    """What they did before: a cell that should not show was told with an interval above it."""
    mechanism = Geometric(NANO)
    noise = noise_of(mechanism)
    limit = PATIENTS + noise.beyond(0.01)
    values = 8 + seeded(3)(mechanism, 400_000)
    kept = values[values >= limit].astype(float)
    assert len(kept) > 100
    assert covered(unconditional(noise.law, kept), 8) == 0
    assert covered(given_at_least(noise.law, kept, limit), 8) >= 0.93


def test_p8_a_value_that_barely_shows_says_nothing_about_counts_below_the_limit():
    law = noise_of(Geometric(NANO)).law
    intervals = given_at_least(law, np.array([15.0, 16.0, 17.0, 18.0, 60.0]), 15)
    assert intervals.low.tolist()[:3] == [0, 0, 0]
    assert intervals.low[3] > 0
    assert (intervals.low[4], intervals.high[4]) == (57, 62)


def test_far_from_the_limit_it_makes_no_difference():
    for mechanism in MECHANISMS:
        law = noise_of(mechanism).law
        values = np.array([5_000.0, 5_001.0])
        near, far = given_at_least(law, values, 30), unconditional(law, values)
        assert near.low.tolist() == far.low.tolist()
        assert near.high.tolist() == far.high.tolist()


def test_counts_are_never_below_zero_and_lie_in_their_own_interval():
    law = noise_of(Geometric(3 * NANO)).law
    values = np.array([-7.4, -0.2, 0.3, 5.5])
    intervals = unconditional(law.smooth(), values)
    shown = np.maximum(np.rint(values), 0)
    assert (intervals.low >= 0).all()
    assert ((intervals.low <= shown) & (shown <= intervals.high)).all()


@pytest.mark.parametrize("epsilon", [0.1, 0.5, 1, 3])
def test_p12_sums_of_fractions_of_draws_cover_95_of_100(epsilon):
    """As tables that are derived from several have them."""
    parts = (
        NoisePart(0.37, 7, Geometric(int(epsilon * NANO))),
        NoisePart(0.63, 2, Geometric(NANO)),
    )
    noise, source = Noise(parts), seeded(5)
    drawn = np.zeros(RUNS)
    for part in parts:
        draws = source(part.mechanism, RUNS * part.many).reshape(RUNS, part.many)
        drawn += part.weight * draws.sum(axis=1)
    assert 0.945 <= covered(unconditional(noise.law, 400 + drawn), 400) <= 0.965


def test_one_side_is_a_number_shorter_if_that_is_enough():
    reach = margins_of(noise_of(Geometric(3 * NANO)).law)
    assert (reach.below, reach.above) == (1, 0)


def test_wide_noise_has_intervals_too():
    law = noise_of(Geometric(NANO, 10**9)).law
    reach = margins_of(law)
    assert reach.below == pytest.approx(10**9 * np.log(20), rel=0.001)
    intervals = given_at_least(law, np.array([9e9, 1e12]), 9e9)
    assert intervals.low[0] == 0
    assert intervals.low[1] == pytest.approx(1e12 - reach.below, rel=1e-6)
