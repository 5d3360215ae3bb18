"""Policy, sources and segments as files: what is read, what is wrong with them, what a rule refuses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from folders import POLICY, SOURCES, WOMEN, folder, segment
from segmenter.errors import FileError, PolicyError, UsageError
from segmenter.model import Role
from segmenter.policy import UNDECLARED, Budget
from segmenter.project.folder import names, read_project
from segmenter.project.policy_file import nano
from segmenter.project.sources_file import category_of

EXAMPLES = Path(__file__).parents[1] / "../shared/examples"
PAGE = Path(__file__).parents[1] / "../shared/design/project-format.md"


def problems(root):
    """All problems of a project's files, as (file's name, line, message, hint)."""
    with pytest.raises(FileError) as caught:
        read_project(root)
    assert caught.value.exit_status == 2
    return [(p.file.name, p.line, p.message, p.hint or "") for p in caught.value.problems]


def only(root):
    """The one problem of a project."""
    (found,) = problems(root)
    return found


def changed(old, new, text=POLICY):
    assert old in text
    return text.replace(old, new, 1)


# -- what is read ------------------------------------------------------------------------------------------------------


def test_a_policy_becomes_frozen_values(tmp_path):
    policy = read_project(folder(tmp_path)).policy
    assert policy.region == "FR"
    assert policy.actor("root").roles == {Role.OFFICER, Role.MARKETER}
    assert policy.actor("ana").roles == {Role.MARKETER}
    assert policy.dimensions["payer"].values == {"public": ("01", "MD"), "private": ("HM",)}, "codes stay as they are written"
    assert policy.dimensions["payer"].labels == ("public", "private", "other", "unknown")
    assert policy.dimensions["visits"].labels == ("0", "1", "2-3", "4+", "unknown")
    assert policy.dimensions["age_band"].labels == ("<18", "18-34", "35-64", "65+", "unknown")
    assert (policy.dimensions["last_stay"].measure, policy.dimensions["last_stay"].column) == ("max", "nights")
    assert (policy.dimensions["ward"].table, policy.dimensions["ward"].column) == ("encounter", "ward")
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
    assert (sources.preference.database, sources.preference.table) == ("sqlite:///p.db", "preferences")
    assert sources.link is None
    assert (sources.patient.read.line, sources.consent[0].read.line) == (1, 4)


def test_destinations_say_how_they_are_encrypted(tmp_path):
    destinations = read_project(folder(tmp_path)).policy.destinations
    assert destinations["mailer"].encrypt is None
    assert destinations["sealed"].encrypt == "age1example"
    assert destinations["silent"].encrypt == UNDECLARED, "neither plain nor a key: an export there is refused, reading is not"


@pytest.mark.parametrize(
    ("text", "amount"),
    [("0.1", 100_000_000), ("0.3", 300_000_000), ("1e-9", 1), ("9.99e-10", 0), ("0.0000000019", 1), ("8", 8_000_000_000), ("1.0e-6", 1000)],
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
    assert only(folder(tmp_path, POLICY + "encryption: maybe\n"))[2] == "`encryption`: expected `on` or `off`"


def test_optional_keys(tmp_path):
    more = """\
max_linked: 5
min_age: 16
anchors: [/srv/anchor]
hosting: {hds: {certificate: C1, activities: [1, 2], valid_until: 2027-01-01}}
retention: {prospects: 1095, exports: 30}
unsubscribe_url: https://clinique.example/u
webhooks: {sendgrid: KEY}
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
    policy, sources, women, *_ = (part.split("```")[0] for part in PAGE.read_text(encoding="utf-8").split("```yaml\n")[1:])
    sources = sources.replace("grants: {...}", 'grants: {notice_version: "2026-01", categories: [identity]}')
    project = read_project(folder(tmp_path, policy, sources, senior_frequent=women))
    assert project.resolved("senior_frequent").dimensions == ("age_band", "visits")


# -- what is wrong -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "hint"),
    [
        ("notices:", "notice:", 5, "unknown key `notice`", "`notices`"),
        ("double_opt_in", "double_optin", 12, "unknown key `double_optin`", "`double_opt_in`"),
        ("per_days: 30", "per_day: 30", 12, "unknown key `per_day`", "`per_days`"),
        ("category: identity}\n  age", "categorie: identity}\n  age", 22, "unknown key `categorie`", "`category`"),
        ("region: FR", "regoin: FR", 2, "unknown key `regoin`", "`region`"),
        ("marketer: ['*']", "marketeer: ['*']", 4, "unknown key `marketeer`", "`marketer`"),
        ("identifier: email", "identifier: mail", 12, "`channels.email.identifier`: expected `email` or `phone` or `postal`", "`email`"),
        (
            "max_age_days: 1095}\n  offers",
            "max_age_days: soon}\n  offers",
            18,
            "`purposes.prevention.max_age_days`: expected a whole number",
            "",
        ),
        ("epsilon: 3.0", "epsilon: much", 30, "`budgets.prevention.epsilon`: expected a decimal number", ""),
        ("epsilon: 3.0", "epsilon: " + "1" * 300, 30, "`budgets.prevention.epsilon`: expected a decimal number", ""),
        ("epsilon: 3.0", "epsilon: .inf", 30, "`budgets.prevention.epsilon`: expected a decimal number", ""),
        ("period: quarter", "period: quater", 30, "expected `day` or `week`", "`quarter`"),
        ("[identity, contact, care], channels", "[identity, contact, caer], channels", 17, "the category `caer` is not declared", "`care`"),
        ("channels: [email, sms]", "channels: [email, smss]", 17, "the channel `smss` is not declared", "`sms`"),
        (
            "topics: [screening, newsletter],\n",
            "topics: [screning, newsletter],\n",
            17,
            "the topic `screning` is not declared",
            "`screening`",
        ),
        ('min_notice: "2026-01"', 'min_notice: "2026-02"', 19, "the notice `2026-02` is not declared", "`2026-01`"),
        (
            "bands: [18, 35, 65], category: identity",
            "bands: [18, 35, 65], category: identiti",
            23,
            "`identiti` is not declared",
            "`identity`",
        ),
        ("bands: [18, 35, 65]", "bands: [18, 65, 35]", 23, "have to rise", ""),
        ("bands: [18, 35, 65]", "bands: [18, 18]", 23, "have to rise", ""),
        ("bands: [18, 35, 65]", "bands: [18.5]", 23, "expected a whole number", ""),
        ("bands: [1, 2, 4]", "bands: [0, 2]", 25, "first bound of a count", ""),
        ("measure: count, bands: [1, 2, 4]", "measure: count, values: ['1']", 25, "needs `bands`", ""),
        ("measure: {max: nights}", "measure: {avg: nights}", 26, "a measure is `count`", ""),
        ("fact: encounter, measure: count", "fact: encouter, measure: count", 25, "sources.yml has no table `encouter`", "`encounter`"),
        ("column: patient.sex", "column: patients.sex", 22, "sources.yml has no table `patients`", "`patient`"),
        ("column: patient.sex", "column: sex", 22, "not of the form TABLE.COLUMN", ""),
        ("values: [Female, Male]", "values: [Female, Male], bands: [1]", 22, "exactly one of `values` and `bands`", ""),
        ("private: HM", "private: MD", 24, "one raw value stands under two labels", ""),
        ("values: [Female, Male]", "values: [Female, Female]", 22, "a label stands here twice", ""),
        ("  sex:", "  not:", 22, "a word of conditions", ""),
        ("  sex:", "  Visits:", 25, "upper and lower case only", ""),
        ("time_zone: Europe/Paris", "time_zone: Europe/Pariss", 3, "there is no time zone `Europe/Pariss`", "`Europe/Paris`"),
        ("  prevention: {epsilon", "  preventoin: {epsilon", 30, "the purpose `preventoin` is not declared", "`prevention`"),
        ("  encounter: {max", "  encouter: {max", 33, "sources.yml has no fact table `encouter`", "`encounter`"),
        ("clip: [0, 14]", "clip: [14, 0]", 33, "[low, high]", ""),
        ("encrypt: none", "encrypt: off", 35, "expected `none`, or the recipient's public key", ""),
        ("  contact: {sensitivity: 1}\n", "", 6, "the category `contact` has to be declared", ""),
        ("version: 1", "version: 2", 1, "`version`", ""),
        ("sensitivity: 2", "sensitivity: 4", 9, "`categories.care.sensitivity`", ""),
        ("quiet: fr_phone_canvassing", "quiet: none", 14, "expected `fr_phone_canvassing`", ""),
        ("region: FR", "region: France", 2, "`organisation.region`", ""),
    ],
)
def test_a_wrong_policy_says_where_and_what(tmp_path, old, new, line, message, hint):
    found = [p for p in problems(folder(tmp_path, changed(old, new))) if message in p[2]]
    assert found, problems(tmp_path)
    assert found[0][:2] == ("policy.yml", line)
    assert hint in found[0][3]


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "hint"),
    [
        ("suppression:", "supression:", 5, "expected a mapping", "`suppression`"),
        ("preference: {read: {database", "preferences: {read: {database", 7, "the key `patient` is missing", "`preference`"),
        ("key: patient_id", "keys: patient_id", 1, "unknown key `keys`", "`key`"),
        ("max_age: 48h", "max_age: two days", 6, "expected a duration", ""),
        ("max_age: 48h", "max_ag: 48h", 6, "unknown key `max_ag`", "`max_age`"),
        ("channel: email", "channel: mail", 6, "the channel `mail` is not declared", "`email`"),
        ("{'*': care}", "{'*': caer}", 2, "the category `caer` is not declared", "`care`"),
        (", table: preferences", "", 7, "`read` is a path", ""),
        ("encounter:", "en counter:", 2, "not a name for a fact table", ""),
        ("read: data/patients.csv, ", "", 1, "the key `read` is missing", ""),
    ],
)
def test_wrong_sources_say_where_and_what(tmp_path, old, new, line, message, hint):
    found = [p for p in problems(folder(tmp_path, sources=changed(old, new, SOURCES))) if message in p[2]]
    assert found, problems(tmp_path)
    assert found[0][:2] == ("sources.yml", line)
    assert hint in found[0][3]


def test_all_problems_of_all_files_at_once(tmp_path):
    policy = changed("notices:", "notice:", changed("period: quarter", "period: fortnight"))
    sources = changed("key:", "kee:", SOURCES)
    root = folder(tmp_path, policy, sources, women=changed("purpose:", "porpose:", WOMEN), men=segment("men", "where: sex = Male"))
    found = {(file, line) for file, line, _, _ in problems(root)}
    assert found == {
        ("policy.yml", 5),
        ("policy.yml", 1),
        ("policy.yml", 30),
        ("sources.yml", 1),
        ("women.yml", 3),
        ("women.yml", 1),
        ("men.yml", 5),
    }


def test_an_unknown_key_hides_nothing_else_of_its_file(tmp_path):
    policy = changed("notices:", "colour: red\nnotices:", changed("channels: [email]", "channels: [emial]"))
    sources = changed("key: patient_id", "key: patient_id, colour: red", SOURCES)
    women = changed("where: sex", "where: sexx", WOMEN) + "holdot: 0.1\nepsilon: -1\ninclude: [man]\n"
    root = folder(tmp_path, policy=policy, women=women, men=segment("men", "where: sex = 'Mal'", "colour: red"))
    assert {(file, message) for file, _, message, _ in problems(root)} >= {
        ("policy.yml", "unknown key `colour`"),
        ("policy.yml", "the channel `emial` is not declared"),
        ("women.yml", "unknown key `holdot`"),
        ("women.yml", "`epsilon`: it should be greater than 0"),
        ("women.yml", "there is no segment `man`"),
    }
    found = {(file, message) for file, _, message, _ in problems(folder(tmp_path, sources=sources, women=women))}
    assert {("sources.yml", "unknown key `colour`"), ("women.yml", "there is no dimension `sexx`")} <= found


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (POLICY + "min_age: 18\nmin_age: 3\n", 39, "the key `min_age` stands here twice"),
        (changed("{sensitivity: 1}", "{sensitivity: 1, sensitivity: 3}"), 7, "the key `sensitivity` stands here twice"),
        (POLICY + "topics: [a\n", None, "this is not YAML"),
        ("", 1, "the file is empty"),
        ("# nothing\n", 1, "the file is empty"),
        ("[1, 2]\n", 1, "expected a mapping"),
        ("a: &x [*x]\n", 1, ""),
        ("? [a]\n: 1\n", 1, "a key has to be text"),
        ("a: !!python/object:os.system x\n", 1, ""),
        ("a: 1\n---\nb: 2\n", None, "this is not YAML"),
        ("a: \x01\n", None, "this is not YAML"),
        ("x: " + "[" * 200 + "]" * 200, None, ""),
        ("a: [" + ", ".join(["1"] * 60_000) + "]", None, "too many values"),
        ("- " * 40 + "x", 1, "nests too deep"),
    ],
)
def test_files_that_are_not_right_as_yaml(tmp_path, text, line, message):
    found = [p for p in problems(folder(tmp_path, text)) if message in p[2]]
    assert found
    assert line is None or found[0][1] == line


def test_files_that_cannot_be_read(tmp_path):
    assert "no policy here" in only(tmp_path)[2]
    root = folder(tmp_path)
    (root / "sources.yml").write_bytes(b"patient: \xff\xfe")
    assert only(root)[2] == "the file is not UTF-8 text"
    (root / "sources.yml").unlink()
    assert only(root)[2] == "there is no such file"
    (root / "sources.yml").write_bytes(b"#" * 1_000_001)
    assert "larger than" in only(root)[2]


def test_aliases_are_bounded(tmp_path):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    assert any("too many values" in p[2] for p in problems(folder(tmp_path, bomb)))


# -- what a rule refuses -----------------------------------------------------------------------------------------------


def refused(root):
    with pytest.raises(PolicyError) as caught:
        read_project(root)
    assert caught.value.exit_status == 3
    return caught.value


def test_l1_health_needs_an_impact_assessment(tmp_path):
    error = refused(folder(tmp_path, changed("care: {sensitivity: 2, dpia: D1}", "care: {sensitivity: 2}")))
    assert (error.rule, error.problems[0].line) == ("L1", 9)
    assert "`care`" in str(error)


def test_l1_a_category_that_nothing_uses_is_no_processing(tmp_path):
    policy = changed("origin: {sensitivity: 3, dpia: D1}", "origin: {sensitivity: 3}")
    assert refused(folder(tmp_path, policy)).rule == "L1", "a dimension uses it"
    policy = changed("  origin: {column: patient.origin, values: [north, south], category: origin}\n", "", policy)
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
    assert refused(folder(tmp_path, changed("bands: [1, 4], category: care", "bands: [1, 4], category: identity"))).exit_status == 3
    assert refused(folder(tmp_path, changed("bands: [1, 2, 4], category: care", "bands: [1, 2, 4], category: identity"))).exit_status == 3
    read_project(folder(tmp_path, changed("bands: [1, 2, 4], category: care", "bands: [1, 2, 4], category: origin")))


def test_files_that_are_wrong_come_before_rules(tmp_path):
    policy = changed("care: {sensitivity: 2, dpia: D1}", "care: {sensitivity: 2}")
    root = folder(tmp_path, policy, women=WOMEN.replace("sex", "sexx"))
    assert only(root)[0] == "women.yml"


def test_the_category_of_a_column(tmp_path):
    sources = read_project(folder(tmp_path)).sources
    found = [category_of(sources, "patient", column) for column in ("sex", "email", "phone", "postal", "origin", "prescriber")]
    assert found == ["identity", "contact", "contact", "contact", "origin", "prescriber"]
    assert category_of(sources, "encounter", "nights") == category_of(sources, "encounter", None) == "care"


# -- which segments ----------------------------------------------------------------------------------------------------


@pytest.fixture
def several(tmp_path):
    return folder(
        tmp_path,
        women=WOMEN,
        women_old=segment("women_old", "tags: [spring, old]", "where: age_band = '65+'", "include: [men]", "exclude: [base]"),
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


@pytest.mark.parametrize(("asked", "near"), [("womn", "`women`"), ("x*", "nearest"), ("tag:nothing", "tags"), ("../policy", ""), ("", "")])
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
