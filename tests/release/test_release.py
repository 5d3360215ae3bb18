"""Releases: noise, then threshold; what is shown adds up (P1, P7, P8, P12, P16)."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counting import (
    CLOCKS,
    DIMENSIONS,
    FAMILY,
    NANO,
    NOW,
    SETTING,
    cube,
    fixed,
    paid,
    policy,
    provenance,
    publish,
    resolved,
    seeded,
    segment,
    sizes,
)
from ledgers import KEYS, Clock, journal
from segmenter.budget.accounting import geometric
from segmenter.noise import mechanisms
from segmenter.project import family
from segmenter.project.family import question_key, region
from segmenter.published.segment_count import read_off
from segmenter.release import publish as release
from segmenter.release.answers import Answers

SEX = ("sex",)
TWO = ("sex", "age_band")


def drawn(values):
    """A source that hands out these numbers, one table after the other."""
    left = iter(values)
    return lambda _mechanism, many: np.array([next(left) for _ in range(many)], dtype=np.int64)


# -- threshold -------------------------------------------------------------------------------------


def test_p8_the_margin_holds_for_the_mechanism_that_was_paid():
    made = publish(SEX, [0, 0, 0], paid(0.5))
    decay = np.exp(-0.5)
    assert decay ** (made.margin + 1) / (1 + decay) <= 0.01 < decay**made.margin / (1 + decay)
    assert made.limit == 11 + made.margin


def test_p8_only_the_noisy_count_decides():
    made = publish(SEX, [1000, 0, 5], noise=drawn([-990, 40, 0]))
    assert made.kept.tolist() == [False, True, False]
    assert list(made.cells()) == [
        {"sex": "F", "count": None, "interval": None, "withheld": True},
        {
            "sex": "M",
            "count": 40,
            "interval": [37, 42],
            "withheld": False,
        },
        {"sex": "unknown", "count": None, "interval": None, "withheld": True},
    ]


@settings(max_examples=20)
@given(
    st.sampled_from([0.2, 0.5, 1.0, 2.0]), st.sampled_from([0.9, 0.99, 0.999]), st.integers(1, 30)
)
def test_p8_the_limit_is_where_a_cell_begins_to_show(epsilon, confidence, patients):
    from segmenter.project.policy import Threshold

    using = policy(threshold=Threshold(patients, confidence))
    limit = publish(SEX, [0, 0, 0], paid(epsilon), fixed(0), using).limit
    made = publish(SEX, [limit - 1, limit, limit + 1], paid(epsilon), fixed(0), using)
    assert made.kept.tolist() == [False, True, True]


def test_p8_small_cells_show_as_rarely_as_promised():
    using = policy()
    counts = np.full(sizes("age_band", "visits", "last_stay"), 10)
    made = publish(("age_band", "visits", "last_stay"), counts, paid(0.7), None, using)
    source = seeded(8)
    shares = [
        publish(("age_band", "visits", "last_stay"), counts, paid(0.7), source).kept.mean()
        for _ in range(20)
    ]
    assert 0 < np.mean(shares) <= 0.01 + 5 * np.sqrt(0.01 / (20 * made.values.size))


# -- what is shown ---------------------------------------------------------------------------------


def test_p12_matched_is_the_sum_of_the_kept_cells():
    [one] = resolved(segment("one", "sex in ('F', 'M')"))
    made = publish(SEX, [100, 3, 50], noise=fixed(1))
    count = read_off(one, made, policy())
    assert count.count == 101
    assert count.withheld_cells == 1
    assert count.kept_cells() == [{"sex": "F"}]
    document = count.to_dict()
    assert document["matched"] == {"count": 101, "interval": count.interval.as_list()}
    assert sum(c["count"] or 0 for c in document["cells"]) == 101
    assert len(document["cells"]) == 2


def test_p12_nothing_kept_is_nothing_shown():
    [one] = resolved(segment("one", "sex = 'F'"))
    count = read_off(one, publish(SEX, [3, 3, 3], noise=fixed(0)), policy())
    assert count.to_dict()["matched"] == {"count": 0, "interval": [0, 0]}


def test_p12_counts_are_clamped_last_and_raw_values_stay():
    made = publish(SEX, [0, 100, 20], noise=fixed(-30))
    assert made.values.tolist() == [-30, 70, -10]
    assert made.counts.tolist() == [0, 70, 0]


def test_p12_intervals_hold_in_95_cases_of_100():
    [one] = resolved(segment("one", "age_band in ('18-34', '35-49', '50-64')"))
    exact = np.full(sizes("age_band"), 500)
    cells = matched = 0
    source = seeded(12)
    for _ in range(400):
        count = read_off(one, publish(("age_band",), exact, paid(0.3), source), policy())
        cells += sum(c["interval"][0] <= 500 <= c["interval"][1] for c in count.to_dict()["cells"])
        matched += count.interval.low <= 1500 <= count.interval.high
    assert 0.94 <= cells / 1200 <= 0.98
    assert 0.92 <= matched / 400 <= 0.99


def test_p7_every_declared_cell_is_in_a_release():
    made = publish(TWO, np.zeros(sizes(*TWO)), noise=fixed(20))
    assert len(list(made.cells())) == 3 * 7
    assert all(c["count"] == 20 for c in made.cells())


def test_p1_reprs_show_no_number():
    made = publish(SEX, [77_001, 77_002, 77_003], noise=fixed(0))
    histogram = release.publish_histogram(["a"], [77_001], paid(), fixed(0))
    assert "7700" not in repr(made) + repr(histogram) + repr(cube(SEX, [77_001, 0, 0]))


# -- several tables --------------------------------------------------------------------------------


def test_p12_tables_derived_from_several_add_up():
    random = np.random.default_rng(3)
    joint = random.integers(20, 200, size=sizes(*TWO))
    cubes = [
        cube(TWO, joint, paid(1.0, name="x")),
        cube(SEX, joint.sum(axis=1), paid(2.0, name="y")),
    ]
    both, sex, age = release.publish(cubes, provenance(), [TWO, SEX, ("age_band",)], policy())
    assert np.allclose(both.values.sum(axis=1), sex.values)
    assert np.allclose(both.values.sum(axis=0), age.values)
    assert {m.spend for m in sex.measured} == {"x", "y"}


def test_p8_derived_cells_get_the_margin_of_their_own_noise():
    joint = np.full(sizes(*TWO), 50)
    cubes = [
        cube(TWO, joint, paid(0.3, name="x")),
        cube(SEX, joint.sum(axis=1), paid(1.0, name="y")),
    ]
    sex = release.publish(cubes, provenance(), [SEX], policy())[0]
    alone = publish(SEX, joint.sum(axis=1), paid(1.0))
    summed = release.publish(cubes[:1], provenance(), [SEX], policy())[0]
    assert sex.noise.variance < alone.noise.variance < summed.noise.variance
    assert sex.margin <= alone.margin < summed.margin
    source = seeded(4)
    spread = np.std(
        [
            release.publish(cubes, provenance(), [SEX], policy(), source)[0].values[0]
            for _ in range(600)
        ]
    )
    assert spread == pytest.approx(np.sqrt(sex.noise.variance), rel=0.15)


def test_a_table_outside_what_was_counted_is_refused():
    with pytest.raises(ValueError):
        release.publish([cube(SEX, [0, 0, 0])], provenance(), [("age_band",)], policy())


def test_discrete_gaussian_releases():
    made = publish(SEX, [1000, 1000, 0], paid(rho=0.01))
    assert made.measured[0].cost.rho == NANO // 100
    assert made.noise.variance == pytest.approx(50, rel=0.02)
    assert abs(made.values[0] - 1000) < 100


# -- histograms ------------------------------------------------------------------------------------


def test_p16_a_histogram_has_every_reason_zeros_too():
    made = release.publish_histogram(["a", "b", "c"], [10, 0, 3], paid(0.1), drawn([5, 7, -9]))
    assert [(r["reason"], r["count"]) for r in made.to_dict()] == [("a", 15), ("b", 7), ("c", 0)]
    assert all(r["interval"][0] <= r["count"] <= r["interval"][1] for r in made.to_dict())


# -- questions and the store -----------------------------------------------------------------------


def test_p6_the_same_question_has_one_name():
    assert question_key(FAMILY, ("sex", "age_band"), SETTING) == question_key(
        FAMILY, ("age_band", "sex"), SETTING
    )


@pytest.mark.parametrize(
    ("population", "dimensions", "setting"),
    [
        (family.Family("offers", None, (), ("care", "identity")), SEX, SETTING),
        (family.Family("prevention", "screening", (), ("care", "identity")), SEX, SETTING),
        (family.Family("prevention", None, ("email",), ("care", "identity")), SEX, SETTING),
        (family.Family("prevention", None, (), ("identity",)), SEX, SETTING),
        (FAMILY, TWO, SETTING),
        (FAMILY, SEX, family.Setting("snapshot-2", "policy-1", CLOCKS)),
        (FAMILY, SEX, family.Setting("snapshot-1", "policy-2", CLOCKS)),
        (
            FAMILY,
            SEX,
            family.Setting("snapshot-1", "policy-1", type(CLOCKS)(NOW, NOW.replace(hour=1))),
        ),
    ],
)
def test_p6_another_question_has_another_name(population, dimensions, setting):
    assert question_key(population, dimensions, setting) != question_key(FAMILY, SEX, SETTING)


@pytest.fixture
def stored(tmp_path):
    (tmp_path / "releases").mkdir()
    book = journal(tmp_path, Clock())
    book.read()  # as every command does first: the journal begins before there is an answer
    yield Answers(tmp_path / "releases", KEYS, book)
    book.close()


def test_p6_a_stored_answer_comes_back_whole(stored):
    made = publish(TWO, np.arange(21).reshape(3, 7))
    stored.put("ana", [made], ["one"])
    found = stored.find(made.question)
    assert found is not None
    assert found.to_dict() == made.to_dict()
    assert np.array_equal(found.values, made.values)
    assert stored.find("0" * 32) is None


def test_p6_more_epsilon_than_asked_is_free_and_less_is_not(stored):
    made = publish(SEX, [0, 0, 0])
    stored.put("ana", [made])
    assert stored.find(made.question, NANO // 2) is not None
    assert stored.find(made.question, NANO) is not None
    assert stored.find(made.question, NANO + 1) is None


def test_a_stored_answer_is_sealed_and_damage_is_absence(stored):
    made = publish(SEX, [54_321, 0, 0], noise=fixed(0))
    stored.put("ana", [made])
    [file] = stored.folder.iterdir()
    data = file.read_bytes()
    assert b"54321" not in data
    assert file.stat().st_mode & 0o077 == 0
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert stored.find(made.question) is None
    other = publish(TWO, np.zeros(21))
    file.write_bytes(data)
    file.rename(file.with_name(f"{other.question}.sealed"))
    assert stored.find(other.question) is None


def test_p6_the_latest_release_serves_while_it_is_young(stored):
    clock = stored.journal.now
    made = publish(SEX, [0, 0, 0])
    stored.put("ana", [made])
    assert stored.latest(made.table, clock(), 30) is not None
    clock.turn(days=29, hours=23)
    assert stored.latest(made.table, clock(), 30) is not None
    clock.turn(hours=1)
    assert stored.latest(made.table, clock(), 30) is None
    assert stored.latest("another", clock(), 30) is None


def test_the_journal_names_releases_and_holds_no_count(stored):
    made = publish(SEX, [98_765, 0, 0], noise=fixed(0))
    stored.put("ana", [made])
    [entry] = stored.journal.read("release")
    assert entry.body["tables"][0]["release"] == made.id
    assert re.search(r"(?<![0-9a-f])98765(?![0-9a-f])", json.dumps(entry.body)) is None, (
        "as a number, and not within an id's hex digits"
    )


# -- regions ---------------------------------------------------------------------------------------


def test_a_region_is_what_the_segment_matches():
    [base, used] = resolved(
        segment("base", "sex = 'F'"),
        segment("used", "age_band <> '<18'", include=("base",), exclude=()),
    )
    for one in (base, used):
        held = region(one, DIMENSIONS)
        for place in np.ndindex(held.shape):
            cell = {d: DIMENSIONS[d].labels[n] for d, n in zip(one.dimensions, place, strict=True)}
            assert held[place] == one.matches(cell)


def test_noise_is_drawn_once_for_every_cell_of_every_cube():
    asked = []

    def source(mechanism, many):
        asked.append((mechanism, many))
        return np.zeros(many, dtype=np.int64)

    release.publish(
        [cube(SEX, [0] * 3), cube(TWO, [0] * 21, paid(2.0))], provenance(), [SEX], policy(), source
    )
    assert asked == [
        (mechanisms.paid(geometric(NANO)), 3),
        (mechanisms.paid(geometric(2 * NANO)), 21),
    ]
