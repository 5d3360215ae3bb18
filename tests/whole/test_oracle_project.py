"""The oracle's reading of a project folder, held to the sentences of the documents: labels,
conditions, lists, the order of reasons.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from oracle.addresses import domains_of, email_profiles, email_valid, phone_number, phone_profiles
from oracle.condition import ConditionError, read_condition
from oracle.labels import domain, fact_label, patient_label
from oracle.lists import read_list
from oracle.project import Project
from worlds import plain_project, write_csv

NOW = datetime.now(UTC)
AGES = {"column": "patient.age", "bands": [18, 35, 80], "category": "identity"}
VISITS = {"fact": "stay", "measure": "count", "bands": [1, 2, 4], "category": "care"}
LONGEST = {"fact": "stay", "measure": {"max": "days"}, "bands": [1, 4], "category": "care"}
PAYER = {
    "column": "patient.payer",
    "values": {"public": ["MC", "MD"], "private": ["HM"]},
    "other": "other",
    "category": "identity",
}


def test_domains():
    assert domain(AGES) == ("<18", "18-34", "35-79", "80+", "unknown")
    assert domain(VISITS) == ("0", "1", "2-3", "4+", "unknown")
    assert domain(LONGEST) == ("<1", "1-3", "4+", "unknown")
    assert domain(PAYER) == ("public", "private", "other", "unknown")


def test_labels():
    assert [patient_label(AGES, {}, age) for age in (17, 18, 34, 80, None)] == [
        "<18",
        "18-34",
        "18-34",
        "80+",
        "unknown",
    ]
    assert [patient_label(PAYER, {"payer": value}, None) for value in ("MD", "HM", "?")] == [
        "public",
        "private",
        "other",
    ]
    assert [fact_label(VISITS, [{}] * n) for n in (0, 1, 3, 4)] == ["0", "1", "2-3", "4+"]
    assert [
        fact_label(LONGEST, [{"days": day} for day in days])
        for days in ((), ("",), ("0", ""), ("1", "9"))
    ] == [
        "unknown",
        "unknown",
        "<1",
        "4+",
    ]


DOMAINS = {"a": ("x", "it's", "unknown"), "b": ("1", "2")}


@pytest.mark.parametrize(
    ("where", "labels", "answer"),
    [
        ("a = 'x' or a = 'unknown' and b = '1'", {"a": "x", "b": "2"}, True),
        ("(a = 'x' or a = 'unknown') and b = '1'", {"a": "x", "b": "2"}, False),
        ("NOT a IN ('x', 'it''s')", {"a": "unknown", "b": "2"}, True),
        ("a <> 'x'", {"a": "unknown", "b": "2"}, True),
        ("a not in('x')AND b='2'", {"a": "unknown", "b": "2"}, True),
        ("not not a = 'x'", {"a": "x", "b": "1"}, True),
    ],
)
def test_conditions(where, labels, answer):
    assert read_condition(where, DOMAINS)[0](labels) is answer


@pytest.mark.parametrize(
    "where",
    [
        "",
        "a",
        "a = x",
        "A = 'x'",
        "a = 'X'",
        "a == 'x'",
        "a = 'x' b",
        "a in ()",
        "a in 'x'",
        "a = 'x",
        "not",
        "(a = 'x'",
        "c = '1'",
        'a = "x"',
        "a = 'x' -- and",
        "(" * 40 + "a = 'x'" + ")" * 40,
        "a = 'x' or " * 600 + "a = 'x'",
    ],
)
def test_conditions_that_are_none(where):
    with pytest.raises(ConditionError):
        read_condition(where, DOMAINS)


def test_addresses():
    assert (
        email_profiles(" Bo@Example.ORG ")
        == email_profiles("ｂo@example.org")
        == ["bo@example.org"]
    )
    assert email_profiles("A.n.n+x@googlemail.com") == [
        "a.n.n+x@googlemail.com",
        "ann@gmail.com",
    ]
    assert email_profiles("a.b+c@example.org") == ["a.b+c@example.org"], (
        "dots and suffixes are Gmail's alone"
    )
    valid = {
        "a@b.fr": True,
        "a@b": False,
        "a@b@c.fr": False,
        "@b.fr": False,
        "x@": False,
        "a@b..fr": False,
        "": False,
        "c d@e.fr": True,
    }
    assert {text: email_valid(text) for text in valid} == valid
    assert domains_of("A@B.Fr") == ["b.fr", "*.fr"]


def test_telephones():
    spellings = ("06 12 34 56 78", "+33612345678", "0033612345678")
    assert {phone_number(one, "FR") for one in spellings} == {"+33612345678"}
    assert phone_number("12", "FR") is None
    assert phone_number("call me", "FR") is None
    assert phone_profiles("1-2", "FR") == ["12"]


PARIS = ZoneInfo("Europe/Paris")


def test_lists_by_their_shape(tmp_path):
    write_csv(
        tmp_path / "a.csv",
        [
            {"Email Address": "left@x.fr", "UNSUB_TIME": "2026-03-02 10:11:12"},
            {"Email Address": "stays@x.fr", "UNSUB_TIME": ""},
        ],
    )
    write_csv(
        tmp_path / "b.csv",
        [
            {
                "status": "5.1.1",
                "reason": '550,\n"no"',
                "email": "hard@x.fr",
                "created": "1760000000",
            },
            {"status": "4.2.2", "reason": "full", "email": "soft@x.fr", "created": "1760000000"},
        ],
    )
    write_csv(tmp_path / "c.csv", [{"Email": "hubspot@x.fr"}])
    write_csv(
        tmp_path / "d.csv",
        [
            {"patient_id": "p1", "channel": "", "until": ""},
            {"patient_id": "p2", "channel": "sms", "until": "2020-01-01"},
        ],
    )
    assert [one.value for one in read_list(tmp_path / "a.csv", "email", PARIS)] == ["left@x.fr"]
    assert [(one.value, one.reason) for one in read_list(tmp_path / "b.csv", "email", PARIS)] == [
        ("hard@x.fr", "hard_bounce")
    ]
    assert [one.value for one in read_list(tmp_path / "c.csv", "email", PARIS)] == ["hubspot@x.fr"]
    first, second = read_list(tmp_path / "d.csv", "*", PARIS)
    assert first.covers("sms", "any", None, NOW)
    assert (first.reason, first.channel) == ("manual", "*")
    assert not second.covers("sms", "any", None, NOW)


def test_events_name_their_own_recipients(tmp_path):
    mail = {"destination": ["spared@x.fr", "hit@x.fr"], "timestamp": "2026-01-01T00:00:00Z"}

    def bounce(kind, address):
        told = {
            "bounceType": kind,
            "bouncedRecipients": [{"emailAddress": address}],
            "timestamp": mail["timestamp"],
        }
        return {"eventType": "Bounce", "bounce": told, "mail": mail}

    complaint = {
        "notificationType": "Complaint",
        "complaint": {"complainedRecipients": [{"emailAddress": "angry@x.fr"}]},
        "mail": mail,
    }
    lines = [
        bounce("Permanent", "hit@x.fr"),
        {"Message": json.dumps(complaint)},
        bounce("Transient", "full@x.fr"),
    ]
    lines.append({"eventType": "Open", "mail": mail})
    (tmp_path / "e.jsonl").write_text(
        "\n".join(json.dumps(line) for line in lines), encoding="utf-8"
    )
    assert [(one.value, one.reason) for one in read_list(tmp_path / "e.jsonl", "email", PARIS)] == [
        ("hit@x.fr", "hard_bounce"),
        ("angry@x.fr", "complained"),
    ]


def test_the_third_soft_bounce_within_thirty_days(tmp_path):
    def soft(address, *days):
        return [{"email": address, "reason": "soft_bounce", "since": f"2026-{day}"} for day in days]

    rows = [*soft("thrice@x.fr", "01-01", "01-10", "01-31"), *soft("twice@x.fr", "01-01", "01-02")]
    rows += soft("slow@x.fr", "01-01", "01-20", "02-20")
    write_csv(tmp_path / "f.csv", rows + soft("again@x.fr", "01-01", "01-01", "01-01"))
    assert {one.value for one in read_list(tmp_path / "f.csv", "email", PARIS)} == {"thrice@x.fr"}


def rewrite(root, name, change):
    import csv

    with (root / "data" / name).open(newline="", encoding="utf-8") as handle:
        rows = [change(row) for row in csv.DictReader(handle)]
    write_csv(root / "data" / name, rows)


def test_the_first_reason_counts(tmp_path):
    root = plain_project(tmp_path, patients=20)
    mails = {
        "id0002": "",
        "id0004": "a@b",
        "id0006": "ID0000@example.org",
        "id0008": "hit@example.org",
    }
    rewrite(
        root,
        "patients.csv",
        lambda row: {**row, "email": mails.get(row["patient_id"], row["email"])},
    )
    write_csv(root / "data" / "lists" / "generic.csv", [{"email": "HIT@example.org"}])
    wish = {"channel": "email", "topic": "*", "max_contacts": "", "per_days": "", "language": ""}
    write_csv(
        root / "data" / "preferences.csv",
        [
            {"patient_id": "id0010", "allowed": "false", "updated_at": "2026-01-01", **wish},
            {"patient_id": "id0012", "allowed": "false", "updated_at": "2026-01-01", **wish},
            {"patient_id": "id0012", "allowed": "true", "updated_at": "2026-01-02", **wish},
            {
                "patient_id": "id0014",
                "allowed": "false",
                "updated_at": "2026-01-02",
                **wish,
                "channel": "sms",
            },
        ],
    )
    rewrite(
        root,
        "consent_a.csv",
        lambda row: {**row, "channel": "sms"} if row["patient_id"] == "id0016" else row,
    )
    outcome = Project.read(root).export("women", "email", [{"sex": "F"}], NOW, ["patient_id"])
    assert outcome.reasons == {
        "id0002": "no_address",
        "id0004": "invalid_address",
        "id0006": "duplicate_address",
        "id0008": "suppressed",
        "id0010": "preference",
        "id0016": "no_channel_consent",
    }
    assert outcome.members == ("id0000", "id0012", "id0014", "id0018")
    later = {"id0000": [NOW - timedelta(days=1)] * 4, "id0012": [NOW - timedelta(days=31)] * 9}
    project = Project.read(root)
    project.policy["channels"]["email"]["cap"] = {"contacts": 4, "per_days": 30}
    again = project.export("women", "email", [{"sex": "F"}], NOW, ["patient_id"], later)
    assert again.members == ("id0006", "id0012", "id0014", "id0018"), (
        "whoever has the address next may be written to"
    )
    assert again.funnel()["frequency_cap"] == 1


def test_a_column_of_health_needs_consent_of_its_own(tmp_path):
    project = Project.read(plain_project(tmp_path, patients=4))
    assert project.categories("women") == ["identity"]
    assert project.categories("stays") == ["care", "identity"]
    assert project.export("women", "email", [], NOW, ["patient_id"]).members == ()
