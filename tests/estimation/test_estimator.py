"""Strips: one human is in one group, and what they tell beside tables is the least-squares solution
(P10, P13, P14).
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counting import (
    DIMENSIONS,
    NANO,
    SETTING,
    SIZES,
    cube,
    exact,
    fixed,
    job,
    matrix,
    one_family,
    paid,
    policy,
    provenance,
    sizes,
)
from segmenter.dimensions.partition import Partition, Region, count_groups, find_groups
from segmenter.estimation.estimator import Estimator, MeasuredPartition
from segmenter.estimation.marginals import Lattice, parts_of, subsets
from segmenter.noise.mechanisms import Geometric
from segmenter.noise.sums import Noise, NoisePart
from segmenter.planning import planner
from segmenter.project.family import region
from segmenter.release import answers
from segmenter.release import publish as release

WIDE = ("sex", "age_band", "visits")


@st.composite
def rows(draw):
    found = []
    for names in draw(
        st.lists(
            st.sampled_from([("sex",), ("age_band", "sex"), ("visits",), WIDE]),
            min_size=1,
            max_size=6,
        )
    ):
        seed = draw(st.integers(0, 10_000))
        found.append(
            Region.of(
                names, np.random.default_rng(seed).random(sizes(*names)) < draw(st.floats(0, 1))
            )
        )
    return Partition(tuple(found))


@settings(max_examples=40)
@given(rows(), st.integers(0, 10_000))
def test_p13_one_human_more_is_one_more_in_one_group(partition, seed):
    people = np.random.default_rng(seed).integers(0, 5, size=sizes(*WIDE)).ravel()
    before = count_groups(partition, cube(WIDE, people), policy(), paid()).counts
    assert before.sum() == people.sum()
    for cell in np.random.default_rng(seed).choice(people.size, 8):
        more = people.copy()
        more[cell] += 1
        moved = count_groups(partition, cube(WIDE, more), policy(), paid()).counts - before
        assert sorted(moved.tolist()) == [*[0] * (len(moved) - 1), 1]


@settings(max_examples=40)
@given(rows(), st.integers(0, 10_000))
def test_each_segment_is_the_sum_of_its_groups(partition, seed):
    people = np.random.default_rng(seed).integers(0, 5, size=sizes(*WIDE))
    counted = count_groups(partition, cube(WIDE, people), policy(), paid())
    labels = {d: DIMENSIONS[d].labels for d in WIDE}
    found = find_groups([(row.dimensions, row.cells(labels)) for row in partition.regions], WIDE)
    for row, inside in zip(partition.regions, found.inside, strict=False):
        own = people.sum(axis=tuple(n for n, d in enumerate(WIDE) if d not in row.dimensions))
        own = own.transpose(
            [[d for d in WIDE if d in row.dimensions].index(d) for d in row.dimensions]
        )
        assert counted.counts[inside > 0].sum() == own[row.cells(labels)].sum()


def test_p1_the_exact_counts_of_a_strip_are_not_shown():
    made = count_groups(
        Partition((Region.of(("sex",), np.array([True, False, False])),)),
        cube(("sex",), [54_321, 3, 4]),
        policy(),
        paid(),
    )
    assert "54" not in repr(made)
    assert "counts" not in repr(made)
    with pytest.raises(ValueError):
        count_groups(made.partition, cube(("age_band",), np.zeros(7)), policy(), paid())


def test_other_rows_have_another_name():
    one, two = (
        Region.of(("sex",), np.array([True, False, False])),
        Region.of(("sex",), np.array([True, True, False])),
    )
    made = [Partition(regions) for regions in ((one,), (two,), (one, two), (two, one))]
    assert len({one.digest() for one in made}) == 4


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 3))
def test_tables_and_strips_together_are_the_weighted_least_squares_solution(seed, many):
    random = np.random.default_rng(seed)
    tables = [
        (0, 1, 2),
        *[t for t in subsets((0, 1, 2)) if random.random() < 0.3 and t != (0, 1, 2)],
    ]
    lattice = Lattice(SIZES, tuple((t, float(random.uniform(0.2, 9))) for t in tables))
    partitions = []
    for _ in range(many):
        chosen = [
            tuple(t)
            for t in random.permutation(np.array([(0, 1), (1, 2), (0, 2)]))[
                : random.integers(1, 4)
            ].tolist()
        ]
        regions = tuple((t, random.random([SIZES[a] for a in t]) < 0.5) for t in chosen)
        partitions.append(
            MeasuredPartition(
                regions, find_groups(regions, (0, 1, 2)).inside, float(random.uniform(0.2, 9))
            )
        )
    estimator = Estimator(lattice, tuple(partitions))
    people = [random.integers(0, 9, size=[SIZES[a] for a in t]) for t in tables]
    groups = [random.integers(0, 9, size=s.inside.shape[1]) for s in partitions]
    stack, weights = _dense(lattice, partitions)
    told = np.concatenate(
        [
            *(p.ravel() for p in people),
            *(s.inside @ g for s, g in zip(partitions, groups, strict=True)),
        ]
    )
    covariance = np.linalg.inv(stack.T @ weights @ stack)
    solution = covariance @ stack.T @ weights @ told
    for target in [(0, 1, 2), (1, 2), ()]:
        [found] = estimator.estimates(people, groups, [target])
        assert np.allclose(found.ravel(), matrix(lattice, target) @ solution)
    asked = random.random((SIZES[0], SIZES[2])) < 0.5
    exactly = (
        asked.ravel()
        @ matrix(lattice, (0, 2))
        @ covariance
        @ matrix(lattice, (0, 2)).T
        @ asked.ravel()
    )
    assert estimator.variance(parts_of(asked, (0, 2))) == pytest.approx(exactly)
    found = estimator.influence(parts_of(asked, (0, 2)))
    weighed = sum(
        (w**2).sum() * v for w, (_, v) in zip(found.tables, lattice.variances, strict=True)
    )
    weighed += sum(
        (w**2).sum() * s.variance for w, s in zip(found.partitions, partitions, strict=True)
    )
    assert weighed == pytest.approx(exactly)


def _dense(lattice, partitions):
    stack = [matrix(lattice, axes) for axes, _ in lattice.variances]
    blocks = [np.eye(lattice.cells(axes)) / v for axes, v in lattice.variances]
    for partition in partitions:
        stack.append(
            np.array(
                [
                    *(
                        region.ravel() @ matrix(lattice, axes)
                        for axes, region in partition.segments
                    ),
                    np.ones(24),
                ]
            )
        )
        blocks.append(np.linalg.pinv(partition.variance * partition.inside @ partition.inside.T))
    weights = np.zeros((sum(map(len, blocks)),) * 2)
    ends = np.cumsum([0, *map(len, blocks)])
    for (first, last), block in zip(itertools.pairwise(ends), blocks, strict=True):
        weights[first:last, first:last] = block
    return np.vstack(stack), weights


def test_p8_no_mixture_of_draws_passes_the_margin_of_its_variance():
    random = np.random.default_rng(3)
    for chance in (0.025, 0.01, 0.001, 0.1):
        for _ in range(40):
            parts = tuple(
                NoisePart(
                    float(random.uniform(0.05, 1)),
                    int(random.integers(1, 30)),
                    Geometric(int(random.uniform(0.01, 1) * NANO)),
                )
                for _ in range(random.integers(1, 4))
            )
            assert Noise(parts).beyond(chance) <= Noise(parts).whatever(chance) + 1


def test_p12_what_is_shown_adds_up_where_strips_were_measured():
    segments = one_family(job(np.random.default_rng(0)))
    [family] = planner.plan(segments, policy(), SETTING, lambda _q, _e: None).families
    assert any(m.partition for m in family.measures)
    people = np.full(sizes(*DIMENSIONS), 40)
    made = {
        r.dimensions: r
        for r in release.publish(
            exact(family, people), provenance(), family.tables, policy(), fixed(0)
        )
    }
    for s in segments:
        one, held = made[s.dimensions], region(s, DIMENSIONS)
        assert np.allclose(
            one.values,
            people.sum(axis=tuple(n for n, d in enumerate(DIMENSIONS) if d not in s.dimensions)),
        )
        assert one.matched(held).count == sum(
            c["count"] for c in one.cells(held) if not c["withheld"]
        )


def test_p6_a_stored_answer_with_strips_comes_back_whole():
    segments = one_family(job(np.random.default_rng(0)))
    [family] = planner.plan(segments, policy(), SETTING, lambda _q, _e: None).families
    made = release.publish(
        exact(family, np.full(sizes(*DIMENSIONS), 40)), provenance(), family.tables, policy()
    )[0]
    again = answers.read_release(answers.written(made))
    assert again.measured == made.measured
    held = np.ones(made.values.shape, dtype=bool)
    assert (again.margin, again.matched(held)) == (made.margin, made.matched(held))
