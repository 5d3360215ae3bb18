"""Policy, sources and segments as files: whatever is wrong is told, with its place, and all of it
at once.
"""

from __future__ import annotations

import pytest

from folders import POLICY, SOURCES, WOMEN, changed, folder, only, problems, segment
from segmenter.project.folder import read_project

# -- what is wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line", "message", "hint"),
    [
        ("notices:", "notice:", 5, "unknown key `notice`", "`notices`"),
        ("double_opt_in", "double_optin", 12, "unknown key `double_optin`", "`double_opt_in`"),
        ("per_days: 30", "per_day: 30", 12, "unknown key `per_day`", "`per_days`"),
        (
            "category: identity}\n  age",
            "categorie: identity}\n  age",
            22,
            "unknown key `categorie`",
            "`category`",
        ),
        ("region: FR", "regoin: FR", 2, "unknown key `regoin`", "`region`"),
        ("marketer: ['*']", "marketeer: ['*']", 4, "unknown key `marketeer`", "`marketer`"),
        (
            "identifier: email",
            "identifier: mail",
            12,
            "`channels.email.identifier`: expected `email` or `phone` or `postal`",
            "`email`",
        ),
        (
            "max_age_days: 1095}\n  offers",
            "max_age_days: soon}\n  offers",
            18,
            "`purposes.prevention.max_age_days`: expected a whole number",
            "",
        ),
        (
            "epsilon: 3.0",
            "epsilon: much",
            30,
            "`budgets.prevention.epsilon`: expected a decimal number",
            "",
        ),
        (
            "epsilon: 3.0",
            "epsilon: " + "1" * 300,
            30,
            "`budgets.prevention.epsilon`: expected a decimal number",
            "",
        ),
        (
            "epsilon: 3.0",
            "epsilon: .inf",
            30,
            "`budgets.prevention.epsilon`: expected a decimal number",
            "",
        ),
        ("period: quarter", "period: quater", 30, "expected `day` or `week`", "`quarter`"),
        (
            "[identity, contact, care], channels",
            "[identity, contact, caer], channels",
            17,
            "the category `caer` is not declared",
            "`care`",
        ),
        (
            "channels: [email, sms]",
            "channels: [email, smss]",
            17,
            "the channel `smss` is not declared",
            "`sms`",
        ),
        (
            "topics: [screening, newsletter],\n",
            "topics: [screning, newsletter],\n",
            17,
            "the topic `screning` is not declared",
            "`screening`",
        ),
        (
            'min_notice: "2026-01"',
            'min_notice: "2026-02"',
            19,
            "the notice `2026-02` is not declared",
            "`2026-01`",
        ),
        (
            "bands: [18, 35, 65], category: identity",
            "bands: [18, 35, 65], category: identiti",
            23,
            "`identiti` is not declared",
            "`identity`",
        ),
        ("bands: [18, 35, 65]", "bands: [18, 65, 35]", 23, "have to rise", ""),
        ("bands: [18, 35, 65]", "bands: [18, 18]", 23, "have to rise", ""),
        (
            "bands: [18, 35, 65]",
            "bands: {from: 0, to: 100, step: 7}",
            23,
            "a whole number of steps above",
            "",
        ),
        ("bands: [18, 35, 65]", "bands: {from: 9, to: 9}", 23, "whole number of steps", ""),
        ("bands: [18, 35, 65]", "bands: [18.5]", 23, "expected a whole number", ""),
        ("bands: [1, 2, 4]", "bands: [0, 2]", 25, "first bound of a count", ""),
        (
            "measure: count, bands: [1, 2, 4]",
            "measure: count, values: ['1']",
            25,
            "needs `bands`",
            "",
        ),
        ("measure: {max: nights}", "measure: {avg: nights}", 26, "a measure is `count`", ""),
        (
            "fact: encounter, measure: count",
            "fact: encouter, measure: count",
            25,
            "sources.yml has no table `encouter`",
            "`encounter`",
        ),
        (
            "column: patient.sex",
            "column: patients.sex",
            22,
            "sources.yml has no table `patients`",
            "`patient`",
        ),
        ("column: patient.sex", "column: sex", 22, "not of the form TABLE.COLUMN", ""),
        (
            "values: [Female, Male]",
            "values: [Female, Male], bands: [1]",
            22,
            "exactly one of `values` and `bands`",
            "",
        ),
        ("private: HM", "private: MD", 24, "one raw value stands under two labels", ""),
        ("values: [Female, Male]", "values: [Female, Female]", 22, "a label stands here twice", ""),
        ("  sex:", "  not:", 22, "a word of conditions", ""),
        ("  sex:", "  Visits:", 25, "upper and lower case only", ""),
        (
            "time_zone: Europe/Paris",
            "time_zone: Europe/Pariss",
            3,
            "there is no time zone `Europe/Pariss`",
            "`Europe/Paris`",
        ),
        (
            "  prevention: {epsilon",
            "  preventoin: {epsilon",
            30,
            "the purpose `preventoin` is not declared",
            "`prevention`",
        ),
        (
            "  encounter: {max",
            "  encouter: {max",
            33,
            "sources.yml has no fact table `encouter`",
            "`encounter`",
        ),
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
        (
            "preference: {read: {database",
            "preferences: {read: {database",
            7,
            "the key `patient` is missing",
            "`preference`",
        ),
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
    found = [
        p for p in problems(folder(tmp_path, sources=changed(old, new, SOURCES))) if message in p[2]
    ]
    assert found, problems(tmp_path)
    assert found[0][:2] == ("sources.yml", line)
    assert hint in found[0][3]


def test_all_problems_of_all_files_at_once(tmp_path):
    policy = changed("notices:", "notice:", changed("period: quarter", "period: fortnight"))
    sources = changed("key:", "kee:", SOURCES)
    root = folder(
        tmp_path,
        policy,
        sources,
        women=changed("purpose:", "porpose:", WOMEN),
        men=segment("men", "where: sex = Male"),
    )
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
    policy = changed(
        "notices:", "colour: red\nnotices:", changed("channels: [email]", "channels: [emial]")
    )
    sources = changed("key: patient_id", "key: patient_id, colour: red", SOURCES)
    women = (
        changed("where: sex", "where: sexx", WOMEN) + "holdot: 0.1\nepsilon: -1\ninclude: [man]\n"
    )
    root = folder(
        tmp_path,
        policy=policy,
        women=women,
        men=segment("men", "where: sex = 'Mal'", "colour: red"),
    )
    assert {(file, message) for file, _, message, _ in problems(root)} >= {
        ("policy.yml", "unknown key `colour`"),
        ("policy.yml", "the channel `emial` is not declared"),
        ("women.yml", "unknown key `holdot`"),
        ("women.yml", "`epsilon`: it should be greater than 0"),
        ("women.yml", "there is no segment `man`"),
    }
    found = {
        (file, message)
        for file, _, message, _ in problems(folder(tmp_path, sources=sources, women=women))
    }
    assert {
        ("sources.yml", "unknown key `colour`"),
        ("women.yml", "there is no dimension `sexx`"),
    } <= found


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (POLICY + "min_age: 18\nmin_age: 3\n", 39, "the key `min_age` stands here twice"),
        (
            changed("{sensitivity: 1}", "{sensitivity: 1, sensitivity: 3}"),
            7,
            "the key `sensitivity` stands here twice",
        ),
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
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    assert any("too many values" in p[2] for p in problems(folder(tmp_path, bomb)))


def test_a_misspelt_key_that_is_required_hides_no_other_problem(tmp_path):
    wrong = (
        segment("women", "where: sex = 'F'")
        .replace("purpose:", "purpos:")
        .replace("screening", "screning")
    )
    found = {message for _, _, message, _ in problems(folder(tmp_path, women=wrong))}
    assert found >= {"unknown key `purpos`", "the key `purpose` is missing"}
    assert found >= {"the topic `screning` is not declared", "the dimension `sex` has no value 'F'"}


def test_a_region_without_telephones_is_refused(tmp_path):
    assert (
        only(folder(tmp_path, changed("region: FR", "region: ZZ")))[2] == "there is no region `ZZ`"
    )
    assert (
        read_project(folder(tmp_path / "be", changed("region: FR", "region: BE"))).policy.region
        == "BE"
    )
