"""What is measured for a job of segments: the predicted error against a bare count of each, and
against the fixed strategies (P14).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from segmenter.noise.mechanisms import Geometric
from segmenter.planning.candidates import partitions
from segmenter.planning.strategy import Workload

NANO = 1_000_000_000
CLINIC = (3, 7, 4, 5, 5)
BARE = Geometric(
    NANO // 20
).variance  # of a segment's count with a twentieth of epsilon 1, as one number


def placed(labels, axis, axes):
    return labels.reshape([-1 if a == axis else 1 for a in axes])


def some(random, size, most):
    held = np.zeros(size, dtype=bool)
    held[random.choice(size, size=random.integers(1, most + 1), replace=False)] = True
    return held


def span(random, size, low=None):
    low = random.integers(0, size - 1) if low is None else low
    held = np.zeros(size, dtype=bool)
    held[low : random.integers(low + 1, size + (low > 0))] = True
    return held


def conjunction(random, sizes, axes, pick):
    held = np.ones([sizes[a] for a in axes], dtype=bool)
    for axis in axes:
        held = held & placed(pick(random, sizes[axis]), axis, axes)
    return held


def union(random, sizes, axes, pick):
    return ~conjunction(random, sizes, axes, lambda r, size: ~pick(r, size))


def few(random, size):
    return some(random, size, min(2, size - 1))


def many(random, size):
    return some(random, size, size - 1)


def half(random, size):
    return some(random, size, max(1, size // 2))


def most(random, size):
    held = np.ones(size, dtype=bool)
    held[random.integers(size)] = False
    return held


def nested(random, size):
    return span(random, size, 0)


KINDS = {  # how a segment's condition is made: over at most so many dimensions, from so many on
    "labels": (conjunction, few, 1, 3),
    "conjunctions": (conjunction, many, 1, 3),
    "ranges": (conjunction, span, 1, 1),
    "nested": (conjunction, nested, 1, 1),
    "boxes": (conjunction, span, 2, 4),
    "unions": (union, half, 2, 3),
    "wide unions": (union, half, 2, 5),
    "five dimensions": (conjunction, many, 5, 5),
    "nearly everyone": (conjunction, most, 1, 4),
}


def family(kind, seed, number=20):
    random = np.random.default_rng([seed, *kind.encode()])
    sizes = CLINIC if kind == "labels" else tuple(int(s) for s in random.integers(2, 11, size=5))
    kinds = list(KINDS.values()) if kind == "mixed" else [KINDS[kind]]
    segments = []
    for n in range(number):
        shape, pick, fewest, largest = kinds[n % len(kinds)]
        chosen = random.choice(5, size=random.integers(fewest, largest + 1), replace=False)
        axes = tuple(sorted(int(a) for a in chosen))
        segments.append((axes, shape(random, sizes, axes, pick)))
    return Workload(sizes, tuple(segments), 1.0)


def ratio(job):
    """Root mean square error of the segments' sums beside that of a bare count of each with an
    equal share.
    """
    return math.sqrt(job.best().variance / BARE)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("kind", [*KINDS, "mixed"])
def test_p14_twenty_segments_of_one_family_cost_at_most_0_55_of_a_bare_count_of_each(kind, seed):
    """A bare count shows no cell, so that nobody could be targeted by it; still it is no better.
    Nor is a fixed strategy, by 5 %.
    """
    job = family(kind, seed)
    best = job.best()
    assert math.sqrt(best.variance / BARE) <= 0.55
    assert math.sqrt(best.variance) <= 1.05 * min(math.sqrt(s.variance) for _, s in job.fixed())
    assert math.fsum(best.shares) == pytest.approx(1)
    assert min(best.shares) > 0


def test_p14_twenty_segments_that_have_nothing_in_common():
    """The worst there is: every group of them has members. Ten partitions of two, and 5 % of the
    price,
    are enough.
    """
    sizes = (2,) * 8
    random = np.random.default_rng(1)
    segments = tuple(
        (tuple(range(8)), random.integers(0, 2, size=sizes).astype(bool)) for _ in range(20)
    )
    assert math.sqrt(Workload(sizes, segments, 1.0).best().variance / BARE) <= 0.55


def test_small_jobs_that_tables_serve_well_have_no_strips():
    job = family("labels", 1, number=4)
    assert job.best().partitions == ()
    assert math.sqrt(job.best().variance / BARE) <= 0.55


@pytest.mark.parametrize("kind", ["labels", "conjunctions"])
def test_where_noise_is_gaussian_strips_help_as_well(kind):
    job = family(kind, 1)
    gaussian = Workload(job.sizes, job.segments, 0.02, gaussian=True)
    assert gaussian.best().variance <= 1.001 * min(s.variance for _, s in gaussian.fixed())


def test_a_strip_tells_disjoint_segments_apart_at_once():
    one, two = (np.array([True, False, False]), np.array([False, True, False]))
    first, *_ = partitions((((0,), one), ((0,), two)), (3,))
    assert first.segments == (0, 1)
    assert np.allclose(first.tells, [[2, 1, -1], [1, 2, -1], [-1, -1, 1]])


def test_what_strips_leave_out():
    everyone, nobody, some_ = (
        np.ones(3, dtype=bool),
        np.zeros(3, dtype=bool),
        np.array([True, False, False]),
    )
    assert partitions((((0,), some_),), (3,)) == ()
    assert partitions((((0,), everyone), ((0,), nobody)), (3,)) == ()
    assert [
        s.segments
        for s in partitions((((0,), some_), ((0,), some_.copy()), ((0,), everyone)), (3,))
    ] == [(0,)]
