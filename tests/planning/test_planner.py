"""Planning: families, strategies, prices, predicted errors (P6, P14)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counting import (
    DIMENSIONS,
    NANO,
    NOW,
    SETTING,
    cube,
    exact,
    job,
    one_family,
    paid,
    policy,
    resolved,
    seeded,
    segment,
    sizes,
)
from pace import within
from segmenter.budget.accounting import converted
from segmenter.errors import UsageError
from segmenter.estimation.measured import Measured
from segmenter.noise.mechanisms import Geometric
from segmenter.planning import planner
from segmenter.planning.strategy import Workload
from segmenter.planning.target_price import price_of
from segmenter.project.family import region
from segmenter.project.policy import Budget, ReleaseTerms
from segmenter.release import publish as release


def nothing(_question, _epsilon):
    return None


def plan(segments, using=None, find=nothing, epsilon=None):
    return planner.plan(segments, using or policy(), SETTING, find, epsilon)


# -- one segment -----------------------------------------------------------------------------------


def test_a_segment_alone_is_one_cube_at_its_epsilon():
    made = plan(resolved(segment("one", "sex = 'F' and age_band = '80+'", epsilon="0.25")))
    [row] = made.to_dict()["releases"]
    assert row["dimensions"] == ["sex", "age_band"]
    assert (row["epsilon"], row["delta"], row["cells"], row["serves"], row["stored"]) == (
        0.25,
        0.0,
        21,
        ["one"],
        False,
    )
    assert row["predicted_error"] == {
        "one": math.ceil(math.log(0.025 * (1 + math.exp(-0.25))) / -0.25) - 1
    }


def test_a_segment_of_everyone_is_one_number():
    [row] = plan(resolved(segment("all"))).to_dict()["releases"]
    assert (row["dimensions"], row["cells"]) == ([], 1)


@pytest.mark.parametrize(
    ("epsilon", "own", "expected"), [(None, None, 1.0), (None, "0.3", 0.3), ("2", "0.3", 2.0)]
)
def test_the_command_wins_over_the_segment_and_the_segment_over_the_policy(epsilon, own, expected):
    made = plan(resolved(segment("one", "sex = 'F'", epsilon=own)), epsilon=epsilon)
    assert made.to_dict()["epsilon"] == expected


@pytest.mark.parametrize("epsilon", ["0", "-1", "x"])
def test_an_epsilon_is_a_positive_number(epsilon):
    with pytest.raises(UsageError):
        plan(resolved(segment("one")), epsilon=epsilon)


def test_segments_over_the_same_dimensions_share_one_cube():
    made = plan(resolved(segment("f", "sex = 'F'"), segment("m", "sex = 'M'", epsilon="2")))
    [row] = made.to_dict()["releases"]
    assert (row["serves"], row["epsilon"]) == (["f", "m"], 2.0)


# -- families --------------------------------------------------------------------------------------


def test_p14_families_are_measured_apart():
    made = plan(
        resolved(segment("plain", "sex = 'F'"), segment("health", "sex = 'F' and visits = '0'"))
    )
    assert [f.family.categories for f in made.families] == [("identity",), ("care", "identity")]
    assert [c.cost.epsilon for c in made.charges()] == [NANO, NANO]


def test_p14_a_family_costs_the_most_that_one_of_its_segments_asks():
    made = plan(
        resolved(
            segment("a", "visits = '0'", epsilon="0.5"),
            segment("b", "last_stay = '8+'", epsilon="1.5"),
        )
    )
    assert made.to_dict()["epsilon"] == 1.5
    assert made.cost.epsilon == 3 * NANO // 2


def test_p6_what_is_stored_is_free():
    segments = resolved(segment("a", "visits = '0'"), segment("b", "last_stay = '8+'"))
    first = plan(segments)
    [family] = first.families
    cubes = [
        cube(m.dimensions, np.zeros(m.cells), paid(m.cost.epsilon / NANO)) for m in family.measures
    ]
    releases = {
        r.question: r
        for r in release.publish(cubes, family.provenance(NOW), family.tables, policy())
    }

    def found(question, epsilon):
        stored = releases.get(question)
        return stored if stored is not None and stored.epsilon >= epsilon else None

    again = plan(segments, find=found)
    assert again.charges() == []
    assert all(row["stored"] for row in again.to_dict()["releases"])
    assert again.errors == first.errors
    more = plan(segments, find=found, epsilon="1.5")
    assert more.cost.epsilon == 3 * NANO // 2
    third = plan(
        [*segments, *resolved(segment("c", "visits = '1' and last_stay = '8+'"))], find=found
    )
    assert [row["serves"] for row in third.to_dict()["releases"] if not row["stored"]] == [["c"]]


def test_p6_the_plan_names_the_release_that_the_run_makes():
    [family] = plan(resolved(segment("a", "sex = 'F'"))).families
    made = release.publish(
        [cube(("sex",), [0, 0, 0])], family.provenance(NOW), family.tables, policy()
    )[0]
    assert [row["id"] for row in family.rows()] == [made.id]


# -- strategies ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "many"), [(9, 6), (0, 20)])
def test_p14_the_predicted_error_is_what_comes_out(seed, many):
    """Of every segment's sum, with partitions and without; and cells pass their margins and
    intervals
    no more often than told (P8).
    """
    segments = one_family(job(np.random.default_rng(seed), many=many))
    [family] = plan(segments).families
    assert any(m.partition for m in family.measures) == (many == 20)
    people = np.random.default_rng(1).integers(
        0, 40, size=[len(d.labels) for d in DIMENSIONS.values()]
    )
    counted = exact(family, people)
    true = {
        s.name: people.sum(axis=tuple(k for k, d in enumerate(DIMENSIONS) if d not in s.dimensions))
        for s in segments
    }
    runs, source = 150, seeded(14)
    off = {s.name: np.zeros(runs) for s in segments}
    passed = np.zeros(2)
    for run in range(runs):
        made = {
            r.dimensions: r
            for r in release.publish(
                counted, family.provenance(NOW), family.tables, policy(), source
            )
        }
        for s in segments:
            one, held = made[s.dimensions], region(s, DIMENSIONS)
            noise = one.values - true[s.name]
            off[s.name][run] = noise[held].sum()
            low, high = one.intervals.low[one.kept], one.intervals.high[one.kept]
            shown = true[s.name][one.kept]
            outside = (shown < low) | (shown > high)
            passed += [outside.mean() if outside.size else 0, (noise >= one.margin + 1).mean()]
    inside = {name: np.mean(np.abs(o) <= family.errors[name]) for name, o in off.items()}
    assert min(inside.values()) >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / runs)
    assert np.mean(list(inside.values())) <= 0.99
    assert (passed / runs / many <= [0.055, 0.012]).all()
    spread = {
        s.name: made[s.dimensions].region_noise(region(s, DIMENSIONS)).variance for s in segments
    }
    assert np.mean(
        [np.square(o).mean() / spread[name] for name, o in off.items()]
    ) == pytest.approx(1, abs=0.15)


def test_a_segment_that_has_its_answer_is_not_priced_with_those_that_have_none():
    """Not even with one over the same dimensions that asks for more: it costs nothing, and is not
    refused with the other.
    """
    cheap, dear = resolved(
        segment("cheap", "sex = 'F'", epsilon="0.1"), segment("dear", "sex = 'M'", epsilon="5")
    )
    [family] = plan([cheap]).families
    [answer] = release.publish(
        exact(family, np.zeros(sizes(*DIMENSIONS))), family.provenance(NOW), family.tables, policy()
    )

    def found(question, epsilon):
        return answer if question == answer.question and epsilon <= answer.epsilon else None

    [both] = plan([cheap, dear], find=found).families
    assert both.serves() == ("dear",)
    assert [(row["serves"], row["epsilon"], row["stored"]) for row in both.rows()] == [
        (["dear"], 5.0, False),
        (["cheap"], 0.1, True),
    ]
    [alone] = plan([cheap], find=found).families
    assert alone.charges() == []
    made = release.publish(
        exact(both, np.zeros(sizes(*DIMENSIONS))), both.provenance(NOW), both.tables, policy()
    )
    assert {c.segment: c.release.epsilon for c in both.counts(made, policy())} == {
        "cheap": 5 * NANO,
        "dear": 5 * NANO,
    }


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(2, 8))
def test_every_segment_lies_within_a_measured_table_and_every_unit_is_used(seed, many):
    segments = one_family(job(np.random.default_rng(seed), many, most=4, picks=9))
    [family] = plan(segments).families
    for s in segments:
        assert any(
            set(s.dimensions) <= set(m.dimensions) for m in family.measures if m.partition is None
        )
    assert sum(m.cost.epsilon for m in family.measures) == NANO
    assert min(m.cost.epsilon for m in family.measures) > 0


def test_a_segment_of_nearly_everyone_keeps_useful_cells():
    """Its sum alone would want next to nothing of its cells, and its cells are what thresholds look
    at.
    """
    segments = one_family(
        [segment("most", "age_band <> '<18' and sex <> 'unknown'"), segment("few", "visits = '4+'")]
    )
    [family] = plan(segments).families
    most = next(t for t in family.tables if "age_band" in t)
    made = release.publish(
        exact(family, np.zeros(sizes(*DIMENSIONS))), family.provenance(NOW), [most], policy()
    )[0]
    assert made.margin <= 3 * Geometric(NANO).variance ** 0.5 * 6


def test_p13_gaussian_noise_where_the_policy_wants_it_and_the_budgets_have_a_delta():
    segments = one_family(job(np.random.default_rng(2), many=8))
    wants = policy(release=ReleaseTerms("1.0", "discrete_gaussian"))
    made = plan(segments, wants)
    rho = sum(c.cost.rho for c in made.charges())
    assert all(c.cost.epsilon == 0 for c in made.charges())
    assert converted(rho, 1_000) <= NANO < converted(rho + 1, 1_000)
    for row in made.to_dict()["releases"]:
        assert (row["epsilon"], row["delta"]) == (
            converted(round(row["rho"] * NANO), 1_000) / NANO,
            1e-6,
        )
    without = policy(
        release=ReleaseTerms("1.0", "discrete_gaussian"),
        budgets={"prevention": Budget("prevention", "year", NANO)},
    )
    assert all(c.cost.rho == 0 for c in plan(segments, without).charges())


# -- prices and speed ------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [5, 40, 300])
def test_what_a_target_costs(target):
    segments = one_family(job(np.random.default_rng(4), many=5))
    price = price_of(target, segments, policy(), SETTING)
    decimal = f"{price // NANO}.{price % NANO:09d}"
    assert max(plan(segments, epsilon=decimal).errors.values()) <= target
    less = int(price * 0.9)
    assert max(plan(segments, epsilon=f"{less // NANO}.{less % NANO:09d}").errors.values()) > target


def test_a_target_is_met_by_every_family_for_one_price():
    segments = [
        *resolved(segment("wide", "sex in ('F', 'M')")),
        *one_family([segment("rare", "age_band = '80+' and sex = 'F'")]),
    ]
    dearest = max(price_of(40, [s], policy(), SETTING) for s in segments)
    for order in (segments, segments[::-1]):
        assert price_of(40, order, policy(), SETTING) == pytest.approx(dearest, rel=0.01)
    assert price_of(-1, segments, policy(), SETTING) is None


def test_noise_that_is_none_can_be_planned_with():
    assert set(
        plan(one_family(job(np.random.default_rng(4), many=5)), epsilon="1000").errors.values()
    ) == {0}
    assert 0 < Geometric(1000 * NANO).variance < 1e-100


def test_planning_and_noise_for_100_000_cells_take_under_3_seconds():
    from segmenter.noise import mechanisms
    from segmenter.project.policy import Dimension

    wide = {
        f"d{n}": Dimension(f"d{n}", "identity", "patient", "x", bands=tuple(range(1, 9)))
        for n in range(5)
    }  # 10^5 cells
    using = policy(dimensions=wide)
    texts = [f"{a} = '1' and {b} in ('2', '3', '4')" for a in wide for b in wide if a < b] + [
        " and ".join(f"{d} = '1'" for d in wide)
    ]
    segments = resolved(*(segment(f"s{n}", t) for n, t in enumerate(texts)), using=using)
    mechanisms.system(Geometric(NANO), 1)
    with within(3):
        [family] = plan(segments, using).families
        made = release.publish(
            exact(family, np.zeros((10,) * 5), using), family.provenance(NOW), family.tables, using
        )
    assert max(r.values.size for r in made) == 100_000


def test_nothing_to_plan():
    assert plan([]).to_dict()["releases"] == []
    assert planner.predicted([], [Measured((), paid().cost, "")], policy()) == {}


@pytest.mark.parametrize("axes", [(), (0,), (0, 1)])
def test_one_table_alone_is_the_joint_one(axes):
    random = np.random.default_rng(3)
    sizes = tuple((4, 5)[a] for a in axes)
    for gaussian in (False, True):
        job = Workload(
            (4, 5),
            tuple((axes, random.random(sizes) < 0.5) for _ in range(3)),
            0.7,
            gaussian=gaussian,
        )
        joint = dict(job.fixed())["joint"]
        assert (job.alone().tables, job.alone().partitions, job.alone().shares) == (
            joint.tables,
            joint.partitions,
            joint.shares,
        )
        assert job.alone().variance == pytest.approx(joint.variance)


def test_strategies_for_comparison():
    made = Workload(
        (2, 3), (((0,), np.ones(2, dtype=bool)), ((1,), np.array([True, False, False]))), 1.0
    )
    assert {name for name, _ in made.fixed()} == {"separate", "joint", "both"}
    assert made.best().variance <= 1.0001 * min(s.variance for _, s in made.fixed())
