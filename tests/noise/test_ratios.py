"""Intervals of a noised total over a noised count (P9, P12)."""

from __future__ import annotations

import numpy as np
import pytest

from counting import NANO, seeded
from segmenter.noise.mechanisms import Geometric
from segmenter.noise.ratios import RatioNoise

RUNS = 2_000


@pytest.mark.parametrize("epsilon", [0.1, 0.5, 1, 3])
@pytest.mark.parametrize("patients", [300, 5_000])
def test_p12_averages_cover_95_of_100_and_no_more(epsilon, patients):
    """Both noises at half of the missed chance each covered more than 98 of 100."""
    total, count = (Geometric(int(epsilon * NANO), far) for far in (20, 1))
    noise, source = RatioNoise(total, count, 0, 20), seeded(4)
    average = 7.3
    totals = round(average * patients) + source(total, RUNS)
    counts = patients + source(count, RUNS)
    found = noise.intervals(totals.astype(float), counts.astype(float))
    covered = np.mean((found.low <= average) & (average <= found.high))
    assert 0.94 <= covered <= 0.97


def test_too_few_patients_tell_nothing_of_their_average():
    noise = RatioNoise(Geometric(NANO, 20), Geometric(NANO), -5, 20)
    found = noise.intervals(np.array([3.0, -40.0]), np.array([0.0, -2.0]))
    assert found.low.tolist() == [-5, -5]
    assert found.high.tolist() == [20, 20]


def test_an_average_lies_within_its_bounds():
    noise = RatioNoise(Geometric(NANO, 20), Geometric(NANO), 0, 20)
    found = noise.intervals(np.array([2_300.0]), np.array([100.0]))
    assert 0 <= found.low[0] <= found.high[0] <= 20
