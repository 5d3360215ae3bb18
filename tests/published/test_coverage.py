"""What releases show covers the truth at the level they say, in 2,000 runs each (P8, P12).

The noise is of a seeded generator: what is measured once is measured every time.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from counting import NANO, cube, paid, policy, provenance, resolved, seeded, segment, sizes
from segmenter.noise.intervals import margins_of
from segmenter.noise.mechanisms import Geometric
from segmenter.noise.sums import Noise, NoisePart
from segmenter.published.segment_count import read_off
from segmenter.release import publish as release

RUNS = 350  # of a table with six segments that have no cell in common: 2,100 sums
EPSILONS = (0.1, 0.5, 1.0, 3.0)
TWO = ("sex", "age_band")
AGES = {"young": [0, 1, 2], "old": [3, 4, 5]}
[ADULTS] = resolved(segment("adults", "age_band in ('18-34', '35-49', '50-64')"))


def regions():
    """Six segments over sex and age, three cells each."""
    for sex in range(3):
        for ages in AGES.values():
            region = np.zeros(sizes(*TWO), dtype=bool)
            region[sex, ages] = True
            yield region


class Covered:
    """How often each kind of interval covered what it speaks for."""

    def __init__(self):
        self.outcomes = {}

    def add(self, kind, low, high, true):
        self.outcomes.setdefault(kind, []).append(bool(low <= true <= high))

    def share(self, kind):
        return float(np.mean(self.outcomes[kind]))

    def many(self, kind):
        return len(self.outcomes[kind])


def publish_often(true, measured, runs=RUNS):
    """Cells, sums of kept cells and whole sizes of a table over sex and age, over many runs."""
    cubes = []
    for number, (dimensions, epsilon) in enumerate(measured):
        others = tuple(n for n, name in enumerate(TWO) if name not in dimensions)
        cubes.append(cube(dimensions, true.sum(axis=others), paid(epsilon, name=str(number))))
    source, covered = seeded(6), Covered()
    for _ in range(runs):
        [made] = release.publish(cubes, provenance(), [TWO], policy(), source)
        for place in np.argwhere(made.kept).tolist():
            at = tuple(place)
            covered.add("cell", made.intervals.low[at], made.intervals.high[at], true[at])
        for region in regions():
            matched, whole = made.matched(region).interval, made.whole(region)
            kept = region & made.kept
            covered.add("matched", matched.low, matched.high, true[kept].sum())
            covered.add("whole", whole.low, whole.high, true[region].sum())
    return covered


def attainable(noise):
    """The chance that the shortest range of at least 95 % has: more, if the law has few masses."""
    law = noise.law
    reach = margins_of(law)
    beyond = law.at_least(np.array([reach.below, reach.above]) + (1 if law.whole else 0))
    return 1 - float(beyond.sum())


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_p12_a_table_that_was_measured_alone(epsilon):
    covered = publish_often(np.full(sizes(*TWO), 300), [(TWO, epsilon)])
    law = Geometric(int(epsilon * NANO))
    for kind, cells in (("cell", 1), ("matched", 3), ("whole", 3)):
        expected = attainable(Noise((NoisePart(1.0, cells, law),)))
        assert covered.many(kind) >= 2_000
        assert covered.share(kind) == pytest.approx(expected, abs=0.015), kind
        assert covered.share(kind) >= 0.94
        assert expected <= 0.97 or (epsilon, cells) == (3.0, 3)  # few masses


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_p12_a_table_that_was_derived_from_several(epsilon):
    """Their cells are fractions. Each was rounded before it was added up, and the interval told of
    the sum that was not rounded: it covered 72 of 100 at epsilon 3.
    """
    measured = [(TWO, epsilon), (("age_band",), epsilon / 2), (("sex",), epsilon / 3)]
    covered = publish_often(np.full(sizes(*TWO), 300), measured)
    for kind in ("cell", "matched", "whole"):
        assert covered.many(kind) >= 2_000
        assert 0.94 <= covered.share(kind) <= 0.97, (kind, covered.share(kind))


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_p8_near_the_threshold(epsilon):
    """Cells are told at their level, and so is the whole size. The sum of kept cells errs on the
    safe side: the law of a kept cell is the same for all counts below the limit.
    """
    [made] = release.publish(
        [cube(TWO, np.zeros(21), paid(epsilon))], provenance(), [TWO], policy()
    )
    true = np.zeros(sizes(*TWO), dtype=int)
    true[:, 0] = made.limit - 1
    true[:, 1] = made.limit + 2
    true[:, 3] = made.limit + 6
    true[:, 4] = 4
    covered = publish_often(true, [(TWO, epsilon)])
    assert covered.many("cell") >= 1_000
    assert 0.94 <= covered.share("cell") <= 0.975
    assert covered.share("matched") >= 0.94
    assert covered.share("whole") >= 0.94


@pytest.mark.parametrize("epsilon", EPSILONS)
def test_p16_a_histogram(epsilon):
    spend, source, covered = paid(epsilon), seeded(8), Covered()
    for _ in range(2_000):
        made = release.publish_histogram(["a", "b", "c"], [40, 50, 60], spend, source)
        one, two = made.counts()[1].interval, made.sum_of([0, 2]).interval
        covered.add("one", one.low, one.high, 50)
        covered.add("two", two.low, two.high, 100)
    for kind, labels in (("one", 1), ("two", 2)):
        expected = attainable(Noise((NoisePart(1.0, labels, Geometric(int(epsilon * NANO))),)))
        assert covered.share(kind) == pytest.approx(expected, abs=0.015)
        assert 0.94 <= covered.share(kind) <= 0.99


# -- what is shown ---------------------------------------------------------------------------------


def test_p12_the_sum_is_rounded_once():
    """Of cells that end in .4 ten together are 4 more than their rounded values."""
    using = policy()
    cubes = [cube(TWO, np.full(21, 100), paid(1.0)), cube(("sex",), [700] * 3, paid(1.0))]
    [made] = release.publish(cubes, provenance(), [("age_band",)], using, seeded(1))
    values = np.full(made.values.shape, 100.4)
    fractional = dataclasses.replace(made, values=values)
    everyone = np.ones(values.shape, dtype=bool)
    assert fractional.matched(everyone).count == 703
    assert int(fractional.counts.sum()) == 700


def test_p8_the_whole_size_has_withheld_cells_in_it():
    true = [200, 5, 3, 6, 4, 2, 0]
    using = policy()
    [made] = release.publish(
        [cube(("age_band",), true, paid(1.0))], provenance(), [("age_band",)], using, seeded(2)
    )
    everyone = np.ones(made.values.shape, dtype=bool)
    assert int(made.kept.sum()) == 1
    assert made.matched(everyone).interval.high < 220 <= made.whole(everyone).high
    document = read_off(ADULTS, made, using).to_dict()
    assert document["whole"].keys() == {"interval"}


def test_p12_one_withheld_cell_cannot_be_had_from_the_whole_size():
    """Whatever its noisy value is, the interval of the whole size is the same."""
    using = policy()
    [made] = release.publish(
        [cube(("age_band",), [200] * 7, paid(1.0))], provenance(), [("age_band",)], using, seeded(2)
    )
    everyone = np.ones(made.values.shape, dtype=bool)
    told = set()
    for hidden in (-5, 0, 3, made.limit - 1):
        values = np.array([200.0] * 6 + [hidden])
        told.add(dataclasses.replace(made, values=values).whole(everyone))
    assert len(told) == 1
