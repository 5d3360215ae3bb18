"""Suppression lists of real senders: who is named, why, and who is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from segmenter.engine import DuckDBEngine
from segmenter.errors import SourceError
from segmenter.private.keys import Keys
from segmenter.registers.entries import COLUMNS
from segmenter.sources import lists
from segmenter.sources.lists import hashing
from world.policies import CLINIC, policy_of

EVENTS = Path(__file__).parents[2] / "../shared/data/esp_events"
EXPECTED = EVENTS / "expected_events.jsonl"
# What a sender's word for rejecting means (S4): blocks and time-outs count as soft bounces, as
# deferrals do.
REJECTED = {
    "bounced": "hard_bounce", "spam": "complained", "unsubscribed": "unsubscribed",
    "invalid": "invalid", "blocked": "soft_bounce",
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
        f"SELECT {columns} FROM {listed.table.name} ORDER BY line, value"
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
    assert given(engine, tmp_path,
     "email,phone,reason,channel\na@x.example,0612345678,,sms\n,,manual,\n") == [
        ("phone", "0612345678", "manual", ""), ("email", "a@x.example", "manual", ""),
        ("email", "", "manual", ""),
    ]  # fmt: skip


def test_a_generic_list_with_an_identifier_twice_is_refused_and_not_half_read(engine, tmp_path):
    with pytest.raises(SourceError, match="not known"):
        given(engine, tmp_path, "email,Email\na@x.example,b@x.example\n")


def test_mailchimp_with_repeated_headers(engine, tmp_path):
    header = "Email Address,First Name,First Name,UNSUB_TIME,CLEAN_TIME,LEID\n"
    rows = (
        "a@x.example,A,A,2026-03-02 10:11:12,,1\nb@x.example,B,B,,2026-03-02 10:11:12,2\n"
        "c@x.example,C,C,,,3\n"
    )
    assert [row[1:3] for row in given(engine, tmp_path, header + rows)] == [
        ("a@x.example", "unsubscribed"),
        ("b@x.example", "hard_bounce"),
    ]
    assert given(engine, tmp_path, "Email Address,OPTIN_TIME\na@x.example,2026-01-01\n") == []


def test_an_address_column_alone_is_no_mailchimp_file(engine, tmp_path):
    with pytest.raises(SourceError, match="not known"):
        given(engine, tmp_path, "Email Address,Why\na@x.example,left\n")


def test_sendgrid(engine, tmp_path):
    text = (
        'status,reason,email,created\n5.1.1,"550 ""no"",\nplease",a@x.example,1760000000\n'
        "4.2.2,full,b@x.example,1760000001\n"
    )
    assert given(engine, tmp_path, text) == [
        ("email", "a@x.example", "hard_bounce", "2025-10-09T08:53:20Z"),
        ("email", "b@x.example", "soft_bounce", "2025-10-09T08:53:21Z"),
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
    text = (
        '{"SuppressedDestinationSummaries": [{"EmailAddress": "a@x.example", "Reason": "BOUNCE", '
        '"LastUpdateTime": "2026-01-01"}]}'
    )
    assert given(engine, tmp_path, text, "l.json") == [
        ("email", "a@x.example", "hard_bounce", "2026-01-01")
    ]
    assert [r[1:3] for r in given(engine, tmp_path,
      "a@x.example,BOUNCE\nb@x.example,COMPLAINT\n")] == [
        ("a@x.example", "hard_bounce"), ("b@x.example", "complained"),
    ]  # fmt: skip
    lines = (
        '{"emailAddress": "a@x.example", "reason": "BOUNCE"}\n'
        '{"emailAddress": "b@x.example", "reason": "COMPLAINT"}\n'
    )
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
    flagged = (
        "Email,Portal Unsubscribe,Global Bounce\na@x.example,true,\nb@x.example,,TRUE\n"
        "c@x.example,false,no\n"
    )
    assert [r[1:3] for r in given(engine, tmp_path, flagged)] == [
        ("a@x.example", "unsubscribed"),
        ("b@x.example", "hard_bounce"),
    ]
    header = "uuid,email,name,attributes,status\n"
    listmonk = header + (
        '1,a@x.example,A,"{""a"": '
        '1}",blocklisted\n2,b@x.example,B,{},enabled\n3,c@x.example,C,{},disabled\n'
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


def kept(engine, path, how=None, channel=None) -> tuple[list[tuple], list[tuple]]:
    """What hashing a list keeps, each once, and the lines it tells of."""
    new = engine.create(COLUMNS)
    listed = lists.read(engine, [lists.of_path(path)], "x", how)
    policy = policy_of(CLINIC, {})
    told = lists.hashed(engine, Keys(b"k" * 32), policy, listed, channel, new)
    return sorted(engine.rows("list_once", reads={"suppression_new": new}), key=str), told


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


# -- whose a file is -------------------------------------------------------------------------------


def refused(engine, tmp_path, content, name="list.csv", how=None) -> SourceError:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        kept(engine, path, how)
    return caught.value


def test_a_layout_that_is_recognised_in_part_is_refused_and_named(engine, tmp_path):
    error = refused(engine, tmp_path, "EMAIL,SMS,EMAIL_BLOCKLISTED\na@x.example,,TRUE\n")
    assert "Brevo's in part only: it lacks SMS_BLOCKLISTED" in str(error)
    assert "a@x" not in str(error.to_dict())
    error = refused(engine, tmp_path, "email,LEID\na@x.example,7\n")
    assert "columns that may hold" not in str(error)


def test_documents_of_two_senders_in_one_file_are_refused(engine, tmp_path):
    brevo = {"event": "spam", "email": "a@x.example", "message-id": "<m>"}
    mailjet = {"event": "spam", "email": "b@x.example", "time": 1, "MessageID": 2}
    text = f"{json.dumps(brevo)}\n{json.dumps(mailjet)}\n"
    error = refused(engine, tmp_path, text, "l.jsonl")
    assert "changes from Brevo's to Mailjet's" in str(error)
    assert error.problems[0].line == 2


def test_one_document_that_nobody_knows_refuses_the_file_by_its_keys(engine, tmp_path):
    brevo = json.dumps({"event": "spam", "email": "a@x.example", "message-id": "<m>"})
    error = refused(
        engine, tmp_path, f'{brevo}\n{{"event": "x", "who": "b@y.example"}}\n', "l.jsonl"
    )
    assert error.problems[0].hint == "keys seen: event, who"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("email,subscribed", "a@x.example,true"),
        ("email,Abonné", "a@x.example,oui"),
        ("email,is_active", "a@x.example,1"),
        ("email,consent_given", "a@x.example,1"),
    ],
)
def test_a_list_of_ones_own_that_may_say_who_is_in_is_refused(engine, tmp_path, header, row):
    error = refused(engine, tmp_path, f"{header}\n{row}\n")
    assert (error.rule, error.exit_status) == ("R1", 2)


def test_a_status_that_is_not_known_refuses_the_list_with_its_line(engine, tmp_path):
    text = "email,status\na@x.example,unsubscribed\nb@x.example,chez sa fille\n"
    error = refused(engine, tmp_path, text)
    assert error.problems[0].line == 3
    assert "fille" not in str(error.to_dict())
    how = lists.Reading(ignored=["status"])
    path = tmp_path / "list.csv"
    assert [row[1] for row in read(engine, path, how)[0]] == ["a@x.example", "b@x.example"]


# -- opt-out columns that nothing reads (R1) -------------------------------------------------------


@pytest.mark.parametrize(
    "column",
    ["Unsub", "optOut SMS", "Refusé", "STOP", "désinscrit_le", "Do Not Call", "DNC", "bounces"],
)
def test_a_column_that_looks_like_an_opt_out_is_read_or_ignored_by_name(engine, tmp_path, column):
    text = f"email,{column}\na@x.example,1\n"
    error = refused(engine, tmp_path, text)
    assert (error.rule, error.exit_status) == ("R1", 2)
    assert column in str(error)
    rows, _ = read(engine, tmp_path / "list.csv", lists.Reading(ignored=[column]))
    assert [row[1] for row in rows] == ["a@x.example"]


def test_a_sender_s_export_with_an_opt_out_of_one_s_own_is_refused(engine, tmp_path):
    text = "EMAIL,SMS,EMAIL_BLOCKLISTED,SMS_BLOCKLISTED,STOP_APPELS\na@x.example,,FALSE,FALSE,oui\n"
    assert "STOP_APPELS" in str(refused(engine, tmp_path, text))
    how = lists.Reading(ignored=["STOP_APPELS"])
    assert read(engine, tmp_path / "list.csv", how) == ([], [])


def test_a_contact_s_key_that_looks_like_an_opt_out_is_read_or_ignored_by_name(engine, tmp_path):
    contact = {"email": "a@x.example", "emailBlacklisted": False, "smsBlacklisted": False}
    text = json.dumps({"contacts": [{**contact, "pushBlacklisted": True}], "count": 1})
    error = refused(engine, tmp_path, text, "l.json")
    assert (error.rule, error.exit_status) == ("R1", 2)
    assert "pushBlacklisted" in str(error)
    how = lists.Reading(ignored=["pushBlacklisted"])
    assert read(engine, tmp_path / "l.json", how) == ([], [])


def test_a_column_to_rename_or_to_ignore_has_to_be_there(engine, tmp_path):
    text = "Courriel,nom\na@x.example,A\n"
    rows, _ = read(engine, written(tmp_path, text), lists.Reading(rename={"email": "Courriel"}))
    assert [row[1] for row in rows] == ["a@x.example"]
    for how in (
        lists.Reading(rename={"email": "Couriel", "phone": "Courriel"}),
        lists.Reading(rename={"email": "Courriel"}, ignored=["Nom"]),
    ):
        assert "has no column" in str(refused(engine, tmp_path, text, how=how))
    json_list = '{"emailAddress": "a@x.example", "reason": "BOUNCE"}\n'
    how = lists.Reading(rename={"email": "emailAddress"})
    assert "`rename` is for tables" in str(refused(engine, tmp_path, json_list, "l.jsonl", how))


def written(tmp_path, content, name="list.csv") -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


# -- words, lines that are broken, files that say nothing ------------------------------------------


def test_a_flag_is_read_in_both_languages_and_any_other_word_counts_and_is_told(engine, tmp_path):
    words = ["oui", "Non", "VRAI", "faux", "NULL", "N", "1.0", "0.0", "", "peut-être"]
    lines = "".join(f"p{n}@x.example,,{word},FALSE\n" for n, word in enumerate(words))
    path = written(tmp_path, f"EMAIL,SMS,EMAIL_BLOCKLISTED,SMS_BLOCKLISTED\n{lines}")
    rows, _ = read(engine, path)
    assert [(row[1], bool(row[7])) for row in rows] == [
        ("p0@x.example", False), ("p2@x.example", False), ("p6@x.example", False),
        ("p9@x.example", True),
    ]  # fmt: skip
    assert [(told[2], told[3]) for told in kept(engine, path)[1]] == [(11, "S1")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("b.csv", (
            "EMAIL,SMS,EMAIL_BLOCKLISTED,SMS_BLOCKLISTED\nin@x.example,,FALSE,FALSE\n"
            "lost@x.example,TRUE\n"
        )),
        ("k.csv", ("Email,First name,Last name,Data,Status,External "
                  "ID\nin@x.example,A,A,,active,\nlost@x.example,B\n")),
        ("s.csv",
         'status,reason,email,created\n4.2.2,full,in@x.example,1\n5.1.1,"550,lost@x.example,2\n'),
        ("m.json", ('{"RecordType": "Open", "Recipient": "in@x.example"}\n{"RecordType": '
                   '"Bounce", "Email": "lost@x.example"\n')),
        ("r.jsonl", ('{"event": "opened", "email": "in@x.example", "message-id": '
                    '"<m>"}\n{"event": "spam", "email": "lost@x.example\n')),
    ],
)  # fmt: skip
def test_a_broken_line_of_a_sender_s_list_still_opts_out_and_is_told(
    engine, tmp_path, name, content
):
    path = written(tmp_path, content, name)
    rows, broken = read(engine, path)
    assert ("email", "lost@x.example", "manual") in [row[:3] for row in rows]
    assert [line for line, _ in broken] == [content.count("\n", 0, content.index("lost")) + 1]
    assert kept(engine, path)[0]


def test_a_number_in_a_broken_line_is_an_entry_too(engine, tmp_path):
    text = "number,creationDatetime\n+33611110001,2026-01-01\n+33611110002,2026-01-01,x\n"
    assert {row[:2] for row in read(engine, written(tmp_path, text))[0]} == {
        ("phone", "+33611110001"),
        ("phone", "+33611110002"),
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"event": "hovered", "email": "a@x.example", "message-id": "<m>"}\n'),
        ("b.json", "[{}]"),
        ("c.csv", "email,phone\n,\n ,\n"),
        ("d.csv", "uuid,email,name,attributes,status\n1,a@x.example,A,{},jaune\n"),
    ],
)
def test_a_file_of_which_every_row_is_set_aside_is_not_readable(engine, tmp_path, name, content):
    error = refused(engine, tmp_path, content, name)
    assert (error.rule, error.exit_status) == ("S7", 2)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "email\n"),
        ("b.json", '{"contacts": [], "count": 0}'),
        ("c.json", '{"items": [], "paging": {}}'),
        ("d.json", "[]"),
        ("e.jsonl", '{"event": "opened", "email": "a@x.example", "message-id": "<m>"}\n'),
    ],
)
def test_a_file_that_opts_nobody_out_is_readable(engine, tmp_path, name, content):
    assert kept(engine, written(tmp_path, content, name)) == ([], [])


# -- scopes ----------------------------------------------------------------------------------------


def scopes(engine, path, channel=None) -> list[tuple]:
    return sorted((row[0], row[3]) for row in kept(engine, path, channel=channel)[0])


def test_a_row_with_a_phone_alone_in_a_list_of_email_stops_sms_too(engine, tmp_path):
    text = "email,phone,reason\na@x.example,0611110001,\n,0611110002,\n"
    assert scopes(engine, written(tmp_path, text), "email") == [
        ("email", "email"), ("phone", "*"), ("phone", "email"),
    ]  # fmt: skip


def test_each_channel_of_a_contact_is_its_own_whatever_the_source_says(engine, tmp_path):
    header = "EMAIL,SMS,WHATSAPP,EMAIL_BLOCKLISTED,SMS_BLOCKLISTED,WHATSAPP_BLOCKLISTED\n"
    text = f"{header}a@x.example,33611110001,,FALSE,TRUE,FALSE\nb@x.example,,,FALSE,FALSE,TRUE\n"
    for channel in (None, "email", "post"):
        assert scopes(engine, written(tmp_path, text), channel) == [
            ("email", "sms"), ("email", "whatsapp"), ("phone", "sms"),
        ]  # fmt: skip


def test_one_message_s_retries_are_one_bounce(engine, tmp_path):
    def deferral(number, message):
        return {
            "event": "deferred", "email": "a@x.example", "timestamp": 1_790_000_000 + number,
            "sg_event_id": f"e{number}", "sg_message_id": message,
        }  # fmt: skip

    events = [deferral(n, "m1") for n in range(5)] + [deferral(9, "m2")]
    rows, _ = read(engine, written(tmp_path, json.dumps(events), "l.json"))
    assert {(row[2], row[5]) for row in rows} == {("soft_bounce", "m1"), ("soft_bounce", "m2")}
