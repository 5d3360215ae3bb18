"""The private logistic regression is private at its epsilon: its density is computed (P18).

Noise and weights determine each other: the noise that leads to some weights is minus the gradient
there. So the density of the weights is known exactly, and so is the ratio of two neighbours'.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmenter.budget.accounting import NANO
from segmenter.learning import logistic
from segmenter.learning.logistic import NEAR, REST, Sample, fit_logistic, least_penalty
from segmenter.selftest.distinguish import evidence

SMALLEST = [[1.0, 1.0, 0.0], [1.0, 0.0, 1.0]]  # an intercept, and one dimension of two labels
TWO = [[1.0, a, 1 - a, b, 1 - b] for a in (0.0, 1.0) for b in (0.0, 1.0)]


def sample(rows, people, yes):
    matrix = np.array(rows)
    norm = float(np.linalg.norm(matrix, axis=1).max())
    return Sample(matrix, np.array(people, dtype=float), np.array(yes, dtype=float), norm)


def log_density(one, penalty, epsilon, weights, hessian=logistic._hessian):
    """Of weights, up to a constant that neighbours share: of the noise, and of the change to it."""
    lost = math.log1p(0.25 * one.norm**2 / penalty)
    scale = one.norm / (epsilon * (1 - REST) - lost)
    _, gradient = logistic._objective(one, penalty, weights)
    _, curved = np.linalg.slogdet(hessian(one, penalty, weights))
    return curved - np.linalg.norm(gradient) / scale


@st.composite
def neighbours(draw):
    """People, and the same with one more of some row and answer; a point to look at."""
    rows = draw(st.sampled_from([SMALLEST, TWO]))
    people = [draw(st.integers(0, 60)) for _ in rows]
    yes = [draw(st.integers(0, many)) for many in people]
    at = draw(st.integers(0, len(rows) - 1))
    one = sample(rows, people, yes)
    people[at] += 1
    yes[at] += draw(st.integers(0, 1))
    weight = st.floats(-30, 30, allow_nan=False)
    weights = np.array([draw(weight) for _ in rows[0]])
    return one, sample(rows, people, yes), weights


@settings(max_examples=400, deadline=None)
@given(neighbours(), st.sampled_from([0.1, 1.0, 5.0]), st.sampled_from([1.0, 1.5, 40.0]))
def test_no_weights_tell_one_human_by_more_than_epsilon(found, epsilon, wider):
    one, other, weights = found
    penalty = max(1.0, wider * least_penalty(one.norm, int(epsilon * NANO)))
    ratio = log_density(one, penalty, epsilon, weights)
    ratio -= log_density(other, penalty, epsilon, weights)
    assert abs(ratio) <= epsilon * (1 - REST) + 1e-9


def test_an_intercept_without_a_penalty_would_tell():
    """The fault that was here: the density ratio is far over epsilon."""

    def free_intercept(one, penalty, weights):
        hessian = logistic._hessian(one, penalty, weights)
        hessian[0, 0] -= penalty - 1e-3  # what the solver's tolerance leaves of it
        return hessian

    epsilon = 0.1
    one = sample(SMALLEST, [0, 0], [0, 0])
    other = sample(SMALLEST, [1, 0], [1, 0])
    penalty = least_penalty(one.norm, int(epsilon * NANO))
    weights = np.zeros(3)
    ratio = log_density(other, penalty, epsilon, weights, free_intercept)
    ratio -= log_density(one, penalty, epsilon, weights, free_intercept)
    assert ratio > 3 * epsilon


def test_the_noise_has_the_scale_that_the_proof_asks_for():
    """The length of the noise is gamma distributed; its mean is dimensions times scale."""
    nobody, epsilon, penalty = sample(SMALLEST, [0, 0], [0, 0]), 1.0, 7.0
    zeros = np.zeros(3)
    lengths = []
    for _ in range(2_000):
        _, noise = logistic._noised(nobody, penalty, epsilon)(zeros)
        lengths.append(np.linalg.norm(noise))
    scale = nobody.norm / (epsilon - math.log1p(0.25 * nobody.norm**2 / penalty))
    spread = scale * math.sqrt(3 / len(lengths))
    assert abs(np.mean(lengths) - 3 * scale) < 6 * spread


@pytest.mark.parametrize("people", [0, 1, 40, 10_000, 10_000_000])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_the_solver_comes_as_near_as_is_paid_for(people, share):
    rows = TWO
    yes = [math.floor(people * share)] * len(rows)
    one = sample(rows, [people] * len(rows), yes)
    penalty = 3.0
    noise = np.array([5.0, -40.0, 3.0, 0.5, 11.0])

    def noised(weights):
        value, gradient = logistic._objective(one, penalty, weights)
        return value + noise @ weights, gradient + noise

    weights = logistic._minimum(noised, one, penalty)
    exact = weights.astype(np.longdouble)
    for _ in range(30):
        _, gradient = noised(exact)
        hessian = logistic._hessian(one, penalty, exact).astype(float)
        exact = exact - np.linalg.solve(hessian, gradient.astype(float))
    assert float(np.linalg.norm(exact - weights)) <= NEAR


def test_a_penalty_that_leaves_nothing_for_the_noise_is_refused():
    nobody = sample(SMALLEST, [0, 0], [0, 0])
    with pytest.raises(ValueError, match="too small"):
        fit_logistic(nobody, penalty=1e-3, epsilon=NANO // 10)


def test_the_distinguisher_finds_no_more_than_epsilon_and_finds_a_fortieth_of_the_noise():
    """Run as it is used; with a fortieth of the noise the same number of runs proves the leak."""
    epsilon = 1.0
    nobody = sample(SMALLEST, [0, 0], [0, 0])
    somebody = sample(SMALLEST, [1, 0], [1, 0])
    penalty = least_penalty(nobody.norm, int(epsilon * NANO))

    def proven(paid):
        scores = []
        for one in (nobody, somebody):
            runs = [
                fit_logistic(one, penalty=penalty, epsilon=int(paid * NANO)) for _ in range(600)
            ]
            scores.append(np.array(runs) @ np.array(SMALLEST[:1]).T)
        return evidence(*scores, ["score"]).epsilon

    assert proven(epsilon) <= epsilon
    assert proven(40 * epsilon) > epsilon


def test_a_sample_shows_no_number():
    one = sample(SMALLEST, [12345, 7], [3, 7])
    assert "12345" not in repr(replace(one, norm=2.0))
