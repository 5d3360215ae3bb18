"""Tables derived by least squares, held against the plain matrix solution on small lattices."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counting import SIZES, matrix
from segmenter.estimation.marginals import (
    Lattice,
    cell_weights,
    estimate,
    influence,
    parts_of,
    subsets,
    variance,
)

TABLES = list(subsets((0, 1, 2)))


@st.composite
def problems(draw):
    more = draw(
        st.lists(
            st.tuples(st.sampled_from(TABLES), st.floats(0.1, 50)),
            max_size=5,
            unique_by=lambda m: m[0],
        )
    )
    measured = [m for m in more if m[0] != (0, 1, 2)] + [((0, 1, 2), draw(st.floats(0.1, 50)))]
    target = draw(st.sampled_from(TABLES))
    seed = draw(st.integers(0, 1000))
    return Lattice(SIZES, tuple(measured)), target, np.random.default_rng(seed)


@settings(max_examples=60)
@given(problems())
def test_it_is_the_weighted_least_squares_solution(problem):
    lattice, target, random = problem
    stack = np.vstack([matrix(lattice, axes) for axes, _ in lattice.variances])
    weights = np.concatenate([np.full(lattice.cells(axes), 1 / v) for axes, v in lattice.variances])
    tables = [
        random.normal(size=tuple(lattice.sizes[a] for a in axes)) for axes, _ in lattice.variances
    ]
    covariance = np.linalg.inv(stack.T @ (weights[:, None] * stack))
    solution = covariance @ stack.T @ (weights * np.concatenate([np.ravel(t) for t in tables]))
    wanted = matrix(lattice, target)
    found = estimate(lattice, tables, target)
    assert np.allclose(np.ravel(found), wanted @ solution)
    region = random.integers(0, 2, size=found.shape).astype(float)
    exact = region.ravel() @ wanted @ covariance @ wanted.T @ region.ravel()
    assert variance(lattice, parts_of(region, target)) == pytest.approx(exact, abs=1e-9)
    parts = influence(lattice, parts_of(region, target))
    assert math.fsum(
        (w**2).sum() * v for w, (_, v) in zip(parts, lattice.variances, strict=True)
    ) == pytest.approx(exact, abs=1e-9)
    assert math.fsum((w * t).sum() for w, t in zip(parts, tables, strict=True)) == pytest.approx(
        float((found * region).sum()), abs=1e-9
    )
    one_cell = math.fsum(
        one.weight**2 * one.cells * lattice.variances[one.measured][1]
        for one in cell_weights(lattice, target)
    )
    assert one_cell == pytest.approx((wanted @ covariance @ wanted.T)[0, 0], rel=1e-5)


def test_a_single_table_is_summed_exactly():
    lattice = Lattice((2, 3), (((0, 1), 1.0),))
    table = np.arange(6).reshape(2, 3)
    assert estimate(lattice, [table], (1,)).tolist() == [3, 5, 7]
    assert float(estimate(lattice, [table], ())) == 15


def test_whether_a_table_is_covered():
    lattice = Lattice((2, 3, 4), (((0, 1), 1.0),))
    assert lattice.covers((1,))
    assert not lattice.covers((1, 2))
    assert lattice.precision((2,)) == 0
