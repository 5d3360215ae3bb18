"""Segments that published numbers suggest (P18): they parse, they stand out, and only what is
protected is kept.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from asking import NANO, NOW, policy
from segmenter.errors import UsageError
from segmenter.learning import private_model
from segmenter.learning.discover import propose
from segmenter.learning.goal import Goal, read_goal
from segmenter.model import Clocks, Cost, Cube, Spend
from segmenter.project import condition, grammar, order
from segmenter.project.family import Family, Setting
from segmenter.published.release import Provenance
from segmenter.release import publish as release

NAMES = ("sex", "age_band", "visits")
FAMILY = Family("statistics", None, (), ("care", "identity"))
OWN = policy()


def cube(epsilon=NANO):
    """Many visits are ten times as frequent among women of 65 and more as elsewhere."""
    shape = [len(OWN.dimensions[n].labels) for n in NAMES]
    counts = np.full(shape, 40, dtype=np.int64)
    counts[0, 2, 2] = 400
    return Cube(NAMES, counts.ravel(), Spend("s1", "statistics", "q", Cost(epsilon=epsilon), 1))


def published(noise=lambda mechanism, many: np.zeros(many, dtype=np.int64)):
    provenance = Provenance(FAMILY, Setting("s", "p", Clocks(NOW, NOW)), NANO, NOW)
    (found,) = release.publish([cube()], provenance, [NAMES], OWN, noise)
    return found


def test_a_goal_is_found_where_it_is_frequent():
    goal = read_goal("visits = '2+'", OWN)
    best, *_ = propose(published(), goal)
    found = grammar.parse(best.where)
    assert condition.matches(found, {"sex": "F", "age_band": "65+", "visits": "2+"})
    assert not condition.matches(found, {"sex": "M", "age_band": "<18", "visits": "2+"})
    assert best.lift > 1.5
    assert best.interval.low <= best.patients <= best.interval.high


def test_without_a_goal_pairs_that_meet_more_often_than_expected_are_found():
    found = propose(published())
    assert found
    pairs = [condition.dimensions_of(grammar.parse(p.where)) for p in found]
    assert all(len(pair) == 2 for pair in pairs)
    assert all(p.lift > 1 for p in found)
    assert len({p.name for p in found}) == len(found)


def test_nothing_stands_out_of_noise_alone():
    flat = Cube(
        NAMES, np.full(math.prod(len(OWN.dimensions[n].labels) for n in NAMES), 40), cube().spend
    )
    provenance = Provenance(FAMILY, Setting("s", "p", Clocks(NOW, NOW)), NANO, NOW)
    (quiet,) = release.publish(
        [flat], provenance, [NAMES], OWN, lambda mechanism, many: np.zeros(many, dtype=np.int64)
    )
    assert propose(quiet) == ()
    assert propose(quiet, read_goal("visits = '2+'", OWN)) == ()


def test_withheld_cells_take_no_part():
    hidden = published(lambda mechanism, many: np.full(many, -1000))
    assert propose(hidden) == ()
    assert propose(hidden, read_goal("visits = '2+'", OWN)) == ()


def test_a_proposal_is_a_segment_file(tmp_path):
    from ruamel.yaml import YAML

    best, *_ = propose(published(), read_goal("visits = '2+'", OWN))
    read = YAML(typ="safe", pure=True).load(best.yaml())
    assert read["name"] == best.name
    assert read["purpose"] == "statistics"
    assert str(grammar.parse(read["where"])) == best.where
    assert list(order.misnamed(grammar.parse(read["where"]), OWN.dimensions)) == []


def test_what_to_look_for_is_one_test_of_a_declared_dimension():
    assert read_goal("visits <> '0'", OWN).labels == ("1", "2+", "unknown")
    for text in ("visits = '2'", "vists = '2+'", "visits = '2+' and sex = 'F'", "ward = 'heart'"):
        with pytest.raises(UsageError):
            read_goal(text, OWN)
    with pytest.raises(UsageError):
        propose(published(), Goal("origin", ("x",)))


def test_a_private_model_finds_the_goal_and_keeps_only_what_is_protected():
    goal = read_goal("visits = '2+'", OWN)
    model = private_model.fit_private(
        cube(20 * NANO), [OWN.dimensions[n] for n in NAMES], FAMILY, goal
    )
    assert model.epsilon == 20 * NANO
    assert set(model.__slots__) == {
        "family",
        "goal",
        "epsilon",
        "spend",
        "domains",
        "weights",
        "intercept",
    }
    assert model.score({"sex": "F", "age_band": "65+"}) > model.score(
        {"sex": "M", "age_band": "<18"}
    )
    best, *_ = private_model.propose_private(model)
    assert condition.matches(grammar.parse(best.where), {"sex": "F", "age_band": "65+"})
    assert best.patients is None


def test_a_private_model_needs_no_particular_data():
    goal = read_goal("visits = '2+'", OWN)
    empty = Cube(
        NAMES,
        np.zeros(math.prod(len(OWN.dimensions[n].labels) for n in NAMES), dtype=np.int64),
        cube().spend,
    )
    model = private_model.fit_private(empty, [OWN.dimensions[n] for n in NAMES], FAMILY, goal)
    assert 0 <= model.score({"sex": "F", "age_band": "65+"}) <= 1
    with pytest.raises(UsageError):
        private_model.fit_private(empty, [OWN.dimensions["visits"]], FAMILY, goal)
