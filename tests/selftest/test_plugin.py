"""The pytest plugin and `budgets.lock`: a project is tested without real data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import segmenter
from segmenter.errors import UsageError
from segmenter.noise import mechanisms
from segmenter.noise.mechanisms import Geometric
from segmenter.planning import budget_lock, lock_terms
from segmenter.pytest_plugin import assert_covered, assert_locked, assert_private
from segmenter.selftest import checks as trial
from segmenter.session import Session

POLICY = """
version: 1
organisation: {name: Clinique, contact: dpo@clinique.example, region: FR}
time_zone: Europe/Paris
roles: {officer: [root]}
notices: ["2026-01"]
categories: {identity: {sensitivity: 1}, contact: {sensitivity: 1},
  care: {sensitivity: 2, dpia: D-1}}
channels: {email: {identifier: email, double_opt_in: true}}
topics: [screening]
purposes:
  prevention: {title: {en: Prevention}, categories: [identity, contact, care], channels: [email],
    topics: [screening],
               min_notice: "2026-01", max_age_days: 400}
dimensions:
  sex: {column: patient.sex, values: [F, M], category: identity}
  age_band: {column: patient.age, bands: [18, 65], category: identity}
  visits: {fact: encounter, measure: count, bands: [1, 2], category: care}
  longest: {fact: encounter, measure: {max: days}, bands: [1, 4], category: care}
threshold: {patients: 3, confidence: 0.9}
release: {epsilon: 1.0}
budgets: {prevention: {epsilon: 5.0, period: quarter}, total: {epsilon: 9.0, period: year}}
anchors: [outside.mark]
"""
SOURCES = """
patient: {read: data/patients.csv, key: patient_id}
encounter: {read: data/encounters.csv, patient: patient_id, tags: {'*': care}}
consent: [{read: data/consent.csv}]
"""


def segment(root, name, where, more=""):
    text = (
        f"name: {name}\npurpose: prevention\nchannels: [email]\ntopic: screening\n"
        f"where: {where}\n{more}"
    )
    (root / "segments" / f"{name}.yml").write_text(text)


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "clinic"
    (root / "segments").mkdir(parents=True)
    (root / "policy.yml").write_text(POLICY)
    (root / "sources.yml").write_text(SOURCES)
    segment(root, "women", "sex = 'F'")
    segment(root, "frequent", "visits = '2+' and age_band <> '<18'")
    budget_lock.write(root)
    return root


def rewrite(root, old, new):
    path = root / "policy.yml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def failure(check, *args, **named):
    with pytest.raises(pytest.fail.Exception) as failed:
        check(*args, **named)
    return str(failed.value)


# -- budgets.lock ----------------------------------------------------------------------------------


def test_a_lock_holds_until_something_costs_more(project):
    assert_locked(project)
    rewrite(project, "release: {epsilon: 1.0}", "release: {epsilon: 1.5}")
    assert "epsilon 1 -> epsilon 1.5" in failure(assert_locked, project)


def test_what_becomes_cheaper_is_no_rise(project):
    rewrite(project, "release: {epsilon: 1.0}", "release: {epsilon: 0.5}")
    assert_locked(project)
    assert [c.rise for c in budget_lock.changes(project)] == [False, False]


def test_a_further_table_is_a_rise(project):
    segment(project, "old", "age_band = '65+'")
    assert "age_band" in failure(assert_locked, project)


def test_a_lower_threshold_is_a_rise(project):
    rewrite(project, "patients: 3", "patients: 2")
    assert "threshold: patients: 3 -> 2" in failure(assert_locked, project)


def test_every_term_of_the_policy_that_decides_what_can_be_lost_is_locked(project):
    """Each direction by itself: what lets more out is a rise, the way back is none."""
    locked = json.loads((project / "budgets.lock").read_text())["terms"]
    for name, value in locked.items():
        direction = lock_terms.LETS_MORE_OUT[name.rpartition(": ")[2]]
        assert lock_terms.lets_more_out(name, value, value + direction)
        assert not lock_terms.lets_more_out(name, value, value - direction)
        assert lock_terms.lets_more_out(name, None, value)
        assert not lock_terms.lets_more_out(name, value, None)
    words = {name.rpartition(": ")[2] for name in locked}
    assert {"epsilon", "delta", "days of its period", "years", "days that consent lasts"} <= words


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("epsilon: 5.0", "epsilon: 6.0", "budget prevention: epsilon: 5 -> 6"),
        ("min_age: 18", "min_age: 16", "years: 18 -> 16"),
        ("max_age_days: 400", "max_age_days: 800", "days that consent lasts: 400 -> 800"),
    ],
)
def test_a_policy_that_lets_more_out_is_a_rise(project, old, new, told):
    text = (project / "policy.yml").read_text()
    if old not in text:
        assert old == "min_age: 18"
        (project / "policy.yml").write_text(text + f"\n{new}\n")
    else:
        (project / "policy.yml").write_text(text.replace(old, new, 1))
    assert told in failure(assert_locked, project)


def test_a_lock_is_written_where_no_data_is(project):
    (project / "budgets.lock").unlink()
    with segmenter.open(project) as session:
        assert session.plan(lock=True).lock == str(project / "budgets.lock")
    assert_locked(project)


def test_titles_and_comments_change_nothing(project):
    rewrite(project, "{en: Prevention}", "{en: Other words}")
    (project / "segments" / "women.yml").write_text(
        "# a comment\n" + (project / "segments" / "women.yml").read_text()
    )
    assert budget_lock.changes(project) == ()


@pytest.mark.parametrize("text", [None, "", "{}", "[1]"])
def test_a_lock_that_is_missing_or_broken_says_what_to_do(project, text):
    lock = project / "budgets.lock"
    lock.unlink() if text is None else lock.write_text(text)
    with pytest.raises(UsageError) as error:
        budget_lock.changes(project)
    assert "plan --lock" in error.value.problems[0].hint


def test_a_lock_is_the_same_each_time(project):
    assert budget_lock.text(project) == (project / "budgets.lock").read_text()
    assert json.loads(budget_lock.text(project))["version"] == 2


# -- an invented world -----------------------------------------------------------------------------


def test_segments_find_somebody_in_the_invented_world(project):
    assert_covered(project)


def test_a_segment_that_can_find_nobody_is_told(project):
    segment(project, "never", "visits = '0' and longest = '4+'")
    segment(project, "minors", "age_band = '<18'")
    found = failure(assert_covered, project)
    assert "never" in found
    assert "minors" in found
    assert "women" not in found


def test_nothing_of_the_real_project_is_touched(project, monkeypatch):
    monkeypatch.setenv("SEGMENTER_CONTROL_URL", "postgresql://nowhere.invalid/x")
    before = sorted(project.rglob("*"))
    with trial.invented(project) as invented:
        made = Session(invented).run()
        assert {s["segment"] for s in made.to_dict()["segments"]} == {"women", "frequent"}
    assert sorted(project.rglob("*")) == before


# -- privacy ---------------------------------------------------------------------------------------


def test_the_project_is_private(project):
    assert_private(project, epsilon="2.0", runs=3_000)


def test_noise_that_is_too_small_is_found(project):
    def weak(mechanism, many):
        return mechanisms.system(Geometric(mechanism.epsilon * 2, mechanism.sensitivity), many)

    assert "leaks at least" in failure(assert_private, project, epsilon=2.0, noise=weak, runs=3_000)


def test_a_human_who_is_counted_twice_is_found(project, monkeypatch):
    count = trial.cube.count

    def twice(*args):
        made = count(*args)
        return type(made)(made.dimensions, made.counts * 2, made.spend)

    monkeypatch.setattr(trial.cube, "count", twice)
    monkeypatch.setattr(trial, "_told", lambda *_: iter(()))
    assert "one human changes more" in failure(assert_private, project)


# -- the plugin ------------------------------------------------------------------------------------


def test_a_report_of_all_checks(project, monkeypatch):
    monkeypatch.setattr(trial, "leaks", lambda _root: [])
    assert trial.examine(project).to_dict()["passed"] is True
    segment(project, "never", "visits = '0' and longest = '4+'")
    report = trial.examine(project)
    assert report.exit_status == 2
    assert [c.passed for c in report.checks] == [False, False, True]
    assert report.to_polars().height == 3


def pytest_of(project, *options):
    """What pytest says of a project, in a process of its own."""
    root = str(Path(__file__).parents[2])
    start = (
        f"import sys; sys.path.insert(0, {root!r}); import pytest;"
        " raise SystemExit(pytest.main(sys.argv[1:]))"
    )
    plugin = [] if _installed() else ["-p", "segmenter.pytest_plugin"]
    command = [
        sys.executable,
        "-c",
        start,
        *plugin,
        "-p",
        "no:cacheprovider",
        "-q",
        "--rootdir",
        str(project),
        *options,
    ]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pytest_collects_a_project(project):
    assert "2 passed" in pytest_of(project, "--segmenter", "-k", "not privacy", str(project))


def _installed():
    from importlib.metadata import entry_points

    return any(one.name == "segmenter" for one in entry_points(group="pytest11"))


def test_the_fixtures_open_an_invented_world(project):
    (project / "test_ours.py").write_text(
        "def test_run(segmenter_session, segmenter_project):\n"
        "    assert (segmenter_project / 'policy.yml').is_file()\n"
        "    assert len(segmenter_session.run().segments) == 2\n"
    )
    assert "1 passed" in pytest_of(project, "test_ours.py")
