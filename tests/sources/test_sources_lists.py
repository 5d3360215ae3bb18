"""Suppression lists of real senders: who is named, why, and who is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segmenter.engine import DuckDBEngine
from segmenter.errors import SourceError
from segmenter.registers.entries import COLUMNS
from segmenter.sources import lists
from segmenter.sources.lists import hashing
from segmenter.store.keys import Keys
from world.policies import CLINIC, policy_of

EVENTS = Path(__file__).parents[2] / "../shared/data/esp_events"
EXPECTED = EVENTS / "expected_events.jsonl"
# What a sender's word for rejecting means (S4): blocks and time-outs count as soft bounces, as
# deferrals do.
REJECTED = {
    "bounced": "hard_bounce", "spam": "complained", "unsubscribed": "unsubscribed", "invalid": "invalid", "blocked": "soft_bounce",
    "timed_out": "soft_bounce", "other": "soft_bounce",
}  # fmt: skip
ENDS = {
    "bounced": "hard_bounce",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
    "deferred": "soft_bounce",
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with DuckDBEngine(tmp_path_factory.mktemp("spill"), None) as engine:
        yield engine


def read(engine, path, how=None) -> tuple[list[tuple], list[tuple[int, str]]]:
    listed = lists.read(engine, [lists.of_path(path)], "x", how)
    columns = "kind, value, reason, since, channel, event, line, told"
    rows = engine.connection.execute(
        f"SELECT {columns} FROM list_written ORDER BY line, value"
    ).fetchall()
    return rows, [(b.line, b.rule) for b in listed.broken]


def given(engine, tmp_path, content, name="list.csv") -> list[tuple]:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return [row[:4] for row in read(engine, path)[0]]


def implied(case) -> list[tuple[str, str]]:
    found = []
    for event in case["events"]:
        reason = (
            REJECTED[event["reject_reason"]]
            if event["event_type"] == "rejected"
            else ENDS.get(event["event_type"])
        )
        if reason is not None and event.get("recipient"):
            found.append((event["recipient"], reason))
    return sorted(found)


@pytest.mark.skipif(not EXPECTED.exists(), reason="the third-party events are not here")
@pytest.mark.parametrize(
    "case",
    [json.loads(line) for line in EXPECTED.read_text(encoding="utf-8").splitlines()]
    if EXPECTED.exists()
    else [],
    ids=lambda case: case["file"],
)
def test_a_webhook_body_suppresses_whom_it_names(engine, case):
    try:
        rows, broken = read(engine, EVENTS / case["file"])
    except SourceError:
        assert case["exception"] is not None
        return
    assert sorted((row[1], row[2]) for row in rows) == implied(case)
    nameless = [e for e in case["events"] if not e.get("recipient") and e["event_type"] in ENDS]
    assert not nameless or broken == [(1, "S5")]


# -- tables ----------------------------------------------------------------------------------------


def test_generic(engine, tmp_path):
    assert given(engine, tmp_path, "email,phone,reason,channel\na@x.example,0612345678,,sms\n,,manual,\n") == [
        ("phone", "0612345678", "manual", ""), ("email", "a@x.example", "manual", ""), ("email", "", "manual", ""),
    ]  # fmt: skip


def test_a_generic_list_with_an_identifier_twice_is_refused_and_not_half_read(engine, tmp_path):
    with pytest.raises(SourceError, match="not known"):
        given(engine, tmp_path, "email,Email\na@x.example,b@x.example\n")


def test_mailchimp_with_repeated_headers(engine, tmp_path):
    header = "Email Address,First Name,First Name,UNSUB_TIME,CLEAN_TIME,LEID\n"
    rows = "a@x.example,A,A,2026-03-02 10:11:12,,1\nb@x.example,B,B,,2026-03-02 10:11:12,2\nc@x.example,C,C,,,3\n"
    assert [row[1:3] for row in given(engine, tmp_path, header + rows)] == [
        ("a@x.example", "unsubscribed"),
        ("b@x.example", "hard_bounce"),
    ]
    assert given(engine, tmp_path, "Email Address,OPTIN_TIME\na@x.example,2026-01-01\n") == []


def test_an_address_column_alone_is_no_mailchimp_file(engine, tmp_path):
    with pytest.raises(SourceError, match="not known"):
        given(engine, tmp_path, "Email Address,Why\na@x.example,left\n")


def test_sendgrid(engine, tmp_path):
    text = 'status,reason,email,created\n5.1.1,"550 ""no"",\nplease",a@x.example,1760000000\n4.2.2,full,b@x.example,1760000001\n'
    assert given(engine, tmp_path, text) == [
        ("email", "a@x.example", "hard_bounce", "2025-10-09T08:53:20Z"), ("email", "b@x.example", "soft_bounce", "2025-10-09T08:53:21Z"),
    ]  # fmt: skip
    assert (
        given(engine, tmp_path, "ip,email,created\n1.2.3.4,a@x.example,1\n")[0][2] == "complained"
    )
    assert given(engine, tmp_path, "reason,email,created\nbad,a@x.example,1\n")[0][2] == "invalid"
    assert given(engine, tmp_path, "email,created\na@x.example,1\n")[0][2] == "unsubscribed"
    text = '[{"created": 1760000000, "email": "a@x.example", "reason": "r", "status": "5.1.1"}]'
    assert given(engine, tmp_path, text, "l.json") == [
        ("email", "a@x.example", "hard_bounce", "2025-10-09T08:53:20Z")
    ]


def test_ses_lists(engine, tmp_path):
    text = '{"SuppressedDestinationSummaries": [{"EmailAddress": "a@x.example", "Reason": "BOUNCE", "LastUpdateTime": "2026-01-01"}]}'
    assert given(engine, tmp_path, text, "l.json") == [
        ("email", "a@x.example", "hard_bounce", "2026-01-01")
    ]
    assert [r[1:3] for r in given(engine, tmp_path, "a@x.example,BOUNCE\nb@x.example,COMPLAINT\n")] == [
        ("a@x.example", "hard_bounce"), ("b@x.example", "complained"),
    ]  # fmt: skip
    lines = '{"emailAddress": "a@x.example", "reason": "BOUNCE"}\n{"emailAddress": "b@x.example", "reason": "COMPLAINT"}\n'
    assert [r[2] for r in given(engine, tmp_path, lines, "l.jsonl")] == [
        "hard_bounce",
        "complained",
    ]


def test_recipients_come_from_the_bounce_and_never_from_the_message(engine, tmp_path):
    bounce = {
        "bounceType": "Transient",
        "bouncedRecipients": [{"emailAddress": "hit@x.example"}],
        "timestamp": "2026-01-01T00:00:00Z",
    }
    event = {
        "eventType": "Bounce",
        "bounce": bounce,
        "mail": {"destination": ["spared@x.example", "hit@x.example"]},
    }
    envelope = {"Type": "Notification", "Message": json.dumps(event)}
    nobody = {
        "notificationType": "Complaint",
        "complaint": {},
        "mail": {"destination": ["spared@x.example"]},
    }
    path = tmp_path / "events.jsonl"
    path.write_text(
        "\n".join(json.dumps(e) for e in (event, envelope, nobody)) + "\n{broken\n",
        encoding="utf-8",
    )
    rows, broken = read(engine, path)
    assert [(row[1], row[2], row[6]) for row in rows] == [
        ("hit@x.example", "soft_bounce", 1),
        ("hit@x.example", "soft_bounce", 2),
    ]
    assert broken == [(3, "S5"), (4, "I5")]


def test_brevo_hubspot_listmonk(engine, tmp_path):
    first = '{"email": "a@x.example", "reason": {"code": "hardBounce"}, "blockedAt": "2026-05-01"}'
    brevo = f'{{"contacts": [{first}, {{"email": "", "reason": "", "blockedAt": ""}}], "count": 2}}'
    path = tmp_path / "b.json"
    path.write_text(brevo, encoding="utf-8")
    rows, broken = read(engine, path)
    assert [row[:4] for row in rows] == [("email", "a@x.example", "hard_bounce", "2026-05-01")]
    assert broken == [(2, "S5")]
    assert [r[1] for r in given(engine, tmp_path, "Email\na@x.example\nb@x.example\n")] == [
        "a@x.example",
        "b@x.example",
    ]
    flagged = "Email,Portal Unsubscribe,Global Bounce\na@x.example,true,\nb@x.example,,TRUE\nc@x.example,false,no\n"
    assert [r[1:3] for r in given(engine, tmp_path, flagged)] == [
        ("a@x.example", "unsubscribed"),
        ("b@x.example", "hard_bounce"),
    ]
    header = "uuid,email,name,attributes,status\n"
    listmonk = (
        header
        + '1,a@x.example,A,"{""a"": 1}",blocklisted\n2,b@x.example,B,{},enabled\n3,c@x.example,C,{},disabled\n'
    )
    assert [r[1:3] for r in given(engine, tmp_path, listmonk)] == [
        ("a@x.example", "unsubscribed"),
        ("c@x.example", "manual"),
    ]


def test_an_unknown_layout_is_refused_without_showing_a_value(engine, tmp_path):
    with pytest.raises(SourceError, match="not known") as caught:
        given(engine, tmp_path, "jean.dupont@x.example\nmarie@x.example\n")
    assert "dupont" not in str(caught.value.to_dict())
    with pytest.raises(SourceError, match="not known"):
        given(engine, tmp_path, '{"foo": 1}', "l.json")


def test_half_a_character_breaks_nothing(engine, tmp_path):
    rows = given(
        engine,
        tmp_path,
        '{"contacts": [{"email": "a\\ud800@x.example", "reason": "", "blockedAt": ""}]}',
        "l.json",
    )
    assert rows == [("email", "a?@x.example", "unsubscribed", "")]


def kept(engine, path) -> tuple[list[tuple], list[tuple]]:
    """What hashing a list keeps, each once, and the lines it tells of."""
    engine.create("suppression_new", COLUMNS)
    listed = lists.read(engine, [lists.of_path(path)], "x")
    told = lists.hashed(
        engine, Keys(b"k" * 32), policy_of(CLINIC, {}), listed, None, "suppression_new"
    )
    return sorted(engine.rows("list_once"), key=str), told


def test_a_list_read_in_parts_says_the_same(engine, tmp_path, monkeypatch):
    path = tmp_path / "long.csv"
    lines = [
        "a@x.example,p1",
        "b@x.example,p2",
        "A@X.example,p3",
        ",",
        "c@x.example,p1",
        "a@x.example,p1",
        " ,p4",
    ]
    path.write_text(
        "\n".join(
            [
                "email,patient_id,channel",
                *(f"{line},{'pigeon' if 'c@' in line else ''}" for line in lines),
            ]
        ),
        "utf-8",
    )
    whole = kept(engine, path)
    assert (len(whole[0]), [row[2:4] for row in whole[1]]) == (7, [(5, "S5"), (6, "S1"), (8, "S5")])
    for part in (1, 2, 3):
        monkeypatch.setattr(hashing, "PART", part)
        assert kept(engine, path) == whole
