"""Policy, sources and segments as files: what is read, what a rule refuses, which segments are
chosen.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from folders import POLICY, SOURCES, WOMEN, changed, folder, only, segment
from segmenter.errors import FileError, PolicyError, UsageError
from segmenter.model import Role
from segmenter.project.agreement import category_of
from segmenter.project.folder import names, read_project
from segmenter.project.policy import UNDECLARED, Budget
from segmenter.project.policy_file import nano

EXAMPLES = Path(__file__).parents[2] / "../shared/examples"

PAGE = Path(__file__).parents[2] / "../shared/design/project-format.md"


# -- what is read ----------------------------------------------------------------------------------


def test_a_policy_becomes_frozen_values(tmp_path):
    policy = read_project(folder(tmp_path)).policy
    assert policy.region == "FR"
    assert policy.actor("root").roles == {Role.OFFICER, Role.MARKETER}
    assert policy.actor("ana").roles == {Role.MARKETER}
    assert policy.dimensions["payer"].values == {"public": ("01", "MD"), "private": ("HM",)}, (
        "codes stay as they are written"
    )
    assert policy.dimensions["payer"].labels == ("public", "private", "other", "unknown")
    assert policy.dimensions["visits"].labels == ("0", "1", "2-3", "4+", "unknown")
    assert policy.dimensions["age_band"].labels == ("<18", "18-34", "35-64", "65+", "unknown")
    assert (policy.dimensions["last_stay"].measure, policy.dimensions["last_stay"].column) == (
        "max",
        "nights",
    )
    assert (policy.dimensions["ward"].table, policy.dimensions["ward"].column) == (
        "encounter",
        "ward",
    )
    assert not policy.dimensions["ward"].per_patient
    assert policy.channels["email"].cap.contacts == 4
    assert policy.facts["encounter"].clip == {"nights": (0, 14)}
    assert policy.budgets["total"] == Budget("total", "year", 8_000_000_000, 1_000)
    assert policy.encryption
    with pytest.raises(TypeError):
        policy.purposes["more"] = None


def test_sources_become_frozen_values(tmp_path):
    sources = read_project(folder(tmp_path)).sources
    assert sources.patient.read.path == "data/patients.csv"
    assert sources.facts["encounter"].tags == {"*": "care"}
    assert sources.suppression[0].max_age == timedelta(hours=48)
    assert sources.suppression[0].max_shrink == 0.2
    assert (sources.preference.database, sources.preference.table) == (
        "sqlite:///p.db",
        "preferences",
    )
    assert sources.link is None
    assert (sources.patient.read.line, sources.consent[0].read.line) == (1, 4)


def test_destinations_say_how_they_are_encrypted(tmp_path):
    destinations = read_project(folder(tmp_path)).policy.destinations
    assert destinations["mailer"].encrypt is None
    assert destinations["sealed"].encrypt == "age1example"
    assert destinations["silent"].encrypt == UNDECLARED, (
        "neither plain nor a key: an export there is refused, reading is not"
    )


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0.1", 100_000_000),
        ("0.3", 300_000_000),
        ("1e-9", 1),
        ("9.99e-10", 0),
        ("0.0000000019", 1),
        ("8", 8_000_000_000),
        ("1.0e-6", 1000),
    ],
)
def test_allowances_are_exact_and_rounded_down(text, amount):
    assert nano(Decimal(text)) == amount


def test_amounts_are_never_floats(tmp_path):
    release = "release: {epsilon: 0.1, funnel: 0.30000000000000004}\n"
    policy = read_project(folder(tmp_path, changed("budgets:\n", release + "budgets:\n"))).policy
    assert (policy.release.epsilon, policy.release.funnel) == ("0.1", "0.30000000000000004")


def test_off_is_the_text_off(tmp_path):
    assert not read_project(folder(tmp_path, POLICY + "encryption: off\n")).policy.encryption
    assert read_project(folder(tmp_path, POLICY + "encryption: on\n")).policy.encryption
    assert (
        only(folder(tmp_path, POLICY + "encryption: maybe\n"))[2]
        == "`encryption`: expected `on` or `off`"
    )


def test_optional_keys(tmp_path):
    more = """\
max_linked: 5
min_age: 16
anchors: [/srv/anchor]
hosting: {hds: {certificate: C1, activities: [1, 2], valid_until: 2027-01-01}}
retention: {prospects: 1095, exports: 30}
unsubscribe_url: https://clinique.example/u
release: {epsilon: 0.25, mechanism: discrete_gaussian, funnel: 0.1, max_age_days: 7}
threshold: {patients: 20, confidence: 0.95}
"""
    policy = read_project(folder(tmp_path, POLICY + more)).policy
    assert (policy.max_linked, policy.min_age, policy.anchors) == (5, 16, ("/srv/anchor",))
    assert policy.hosting["hds"]["valid_until"] == "2027-01-01"
    assert policy.retention == {"prospects": 1095, "exports": 30}
    assert (policy.release.mechanism, policy.threshold.patients) == ("discrete_gaussian", 20)


def test_the_shared_example_reads_cleanly():
    if not EXAMPLES.exists():
        pytest.skip("the shared example project is not here")
    project = read_project(EXAMPLES)
    assert len(project.chosen()) == 4


def test_the_page_s_own_example_reads_cleanly(tmp_path):
    if not PAGE.exists():
        pytest.skip("the page of the format is not here")
    policy, sources, women, *_ = (
        part.split("```")[0] for part in PAGE.read_text(encoding="utf-8").split("```yaml\n")[1:]
    )
    sources = sources.replace(
        "grants: {...}", 'grants: {notice_version: "2026-01", categories: [identity]}'
    )
    project = read_project(folder(tmp_path, policy, sources, senior_frequent=women))
    assert project.resolved("senior_frequent").dimensions == ("age_band", "visits")


# -- what a rule refuses ---------------------------------------------------------------------------


def refused(root):
    with pytest.raises(PolicyError) as caught:
        read_project(root)
    assert caught.value.exit_status == 3
    return caught.value


def test_l1_health_needs_an_impact_assessment(tmp_path):
    error = refused(
        folder(tmp_path, changed("care: {sensitivity: 2, dpia: D1}", "care: {sensitivity: 2}"))
    )
    assert (error.rule, error.problems[0].line) == ("L1", 9)
    assert "`care`" in str(error)


def test_l1_a_category_that_nothing_uses_is_no_processing(tmp_path):
    policy = changed("origin: {sensitivity: 3, dpia: D1}", "origin: {sensitivity: 3}")
    assert refused(folder(tmp_path, policy)).rule == "L1", "a dimension uses it"
    policy = changed(
        "  origin: {column: patient.origin, values: [north, south], category: origin}\n", "", policy
    )
    read_project(folder(tmp_path, policy))


def test_l2_a_prescriber_column_feeds_nothing(tmp_path):
    policy = changed("column: patient.origin", "column: patient.prescriber")
    error = refused(folder(tmp_path, policy))
    assert (error.rule, error.problems[0].line) == ("L2", 28)
    everything = changed("{'*': care}", "{'*': prescriber}", SOURCES)
    assert refused(folder(tmp_path, sources=everything)).rule == "L2"


def test_a_dimension_is_at_least_as_sensitive_as_its_column(tmp_path):
    error = refused(folder(tmp_path, changed("category: origin}", "category: care}")))
    assert "more sensitive `origin`" in str(error)
    assert (
        refused(
            folder(
                tmp_path,
                changed("bands: [1, 4], category: care", "bands: [1, 4], category: identity"),
            )
        ).exit_status
        == 3
    )
    assert (
        refused(
            folder(
                tmp_path,
                changed("bands: [1, 2, 4], category: care", "bands: [1, 2, 4], category: identity"),
            )
        ).exit_status
        == 3
    )
    read_project(
        folder(
            tmp_path,
            changed("bands: [1, 2, 4], category: care", "bands: [1, 2, 4], category: origin"),
        )
    )


def test_files_that_are_wrong_come_before_rules(tmp_path):
    policy = changed("care: {sensitivity: 2, dpia: D1}", "care: {sensitivity: 2}")
    root = folder(tmp_path, policy, women=WOMEN.replace("sex", "sexx"))
    assert only(root)[0] == "women.yml"


def test_the_category_of_a_column(tmp_path):
    sources = read_project(folder(tmp_path)).sources
    found = [
        category_of(sources, "patient", column)
        for column in ("sex", "email", "phone", "postal", "origin", "prescriber")
    ]
    assert found == ["identity", "contact", "contact", "contact", "origin", "prescriber"]
    assert (
        category_of(sources, "encounter", "nights")
        == category_of(sources, "encounter", None)
        == "care"
    )


# -- which segments --------------------------------------------------------------------------------


@pytest.fixture
def several(tmp_path):
    return folder(
        tmp_path,
        women=WOMEN,
        women_old=segment(
            "women_old",
            "tags: [spring, old]",
            "where: age_band = '65+'",
            "include: [men]",
            "exclude: [base]",
        ),
        men=segment("men", "where: sex = 'Male'"),
        base=segment("base", "where: payer = 'public'"),
        broken="name: broken\nporpose: x\ntags: [spring]\n",
    )


@pytest.mark.parametrize(
    ("asked", "selected", "read"),
    [
        (["women"], ("women",), {"women"}),
        (["men", "women", "men"], ("men", "women"), {"men", "women"}),
        (["women_*"], ("women_old",), {"women_old", "men", "base"}),
        (["tag:old"], ("women_old",), {"women_old", "men", "base"}),
        (["[mw]*n"], ("men", "women"), {"men", "women"}),
        ([], (), set()),
    ],
)
def test_only_what_is_selected_and_used_is_read(several, asked, selected, read):
    project = read_project(several, segments=asked)
    assert project.selected == selected
    assert set(project.segments) == read


def test_a_broken_segment_disturbs_only_who_selects_it(several):
    for asked in (["broken"], ["*"], None):
        with pytest.raises(FileError):
            read_project(several, segments=asked)
    assert names(several) == ("base", "broken", "men", "women", "women_old")


@pytest.mark.parametrize(
    ("asked", "near"),
    [("womn", "`women`"), ("x*", "nearest"), ("tag:nothing", "tags"), ("../policy", ""), ("", "")],
)
def test_a_name_that_selects_nothing(several, asked, near):
    with pytest.raises(UsageError) as caught:
        read_project(several, segments=["women", asked])
    assert caught.value.exit_status == 2
    assert near in (caught.value.problems[0].hint or "")


def test_nothing_to_select(tmp_path):
    root = folder(tmp_path)
    (root / "segments" / "women.yml").unlink()
    with pytest.raises(UsageError, match="nothing is selected"):
        read_project(root).chosen()


def test_a_pattern_is_no_name(several):
    project = read_project(several, segments=["wom*"])
    with pytest.raises(UsageError, match="there is no segment"):
        project.resolved("wom*")
