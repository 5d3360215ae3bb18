"""Lists of senders through the program's own door: who asked a sender to stop is in no file, and
who did not ask is.
"""

from __future__ import annotations

import json

import pytest

from driving import Program, exported_ids
from worlds import plain_project

WOMEN = [f"id{n:04d}" for n in range(0, 12, 2)]
SHE, OTHER = WOMEN[1], WOMEN[2]


@pytest.fixture
def program(tmp_path):
    """A project that was ingested and whose segment `women` was released."""
    made = Program(plain_project(tmp_path, patients=12), inside=True)
    made.ok("ingest")
    made.ok("run", "women")
    return made


def mailed(program, channel="email"):
    return sorted(exported_ids(program.export("women", channel)["file"]))


def all_but(*left_out):
    return [one for one in WOMEN if one not in left_out]


def written(program, name, content):
    file = program.root / name
    file.write_text(content, encoding="utf-8")
    return str(file)


def address(one):
    return f"{one}@example.org"


def test_complaints_that_brevo_and_mailjet_tell_of_are_opt_outs(program):
    brevo = {"event": "complaint", "email": address(SHE), "ts": 1_790_000_000, "message-id": "<k>"}
    mailjet = {"event": "unsub", "email": address(OTHER), "time": 1_790_000_000, "mj_list_id": 7}
    for name, event in (("brevo.json", brevo), ("mailjet.json", mailjet)):
        told = program.ok("suppress", "import", written(program, name, json.dumps(event)))
        assert (told["created"], told["quarantined"]) == (1, [])
    assert mailed(program) == all_but(SHE, OTHER)


def test_spam_reports_and_bounces_of_hubspot_are_opt_outs(program):
    content = (
        "Email,Portal Unsubscribe,Portal Spam Report,Portal Bounce\n"
        f"{address(SHE)},FALSE,TRUE,\n{address(OTHER)},FALSE,FALSE,NO_SUCH_USER\n"
        f"{address(WOMEN[0])},FALSE,FALSE,FALSE\n"
    )
    program.ok("suppress", "import", written(program, "hubspot.csv", content))
    assert mailed(program) == all_but(SHE, OTHER)


def test_whoever_a_file_calls_subscribed_is_written_to(program):
    mautic = f"email,doNotEmail\n{address(SHE)},non\n{address(OTHER)},oui\n"
    contact = {"emailBlacklisted": False, "smsBlacklisted": False, "email": address(SHE)}
    brevo = json.dumps({"contacts": [contact], "count": 1})
    own = f"email,status\n{address(SHE)},Abonnée\n"
    for name, content in (("m.csv", mautic), ("b.json", brevo), ("o.csv", own)):
        program.ok("suppress", "import", written(program, name, content), "--channel", "email")
    assert mailed(program) == all_but(OTHER)


def test_a_block_is_no_bounce_until_the_third_message(program):
    lines = [
        f'554,"554 5.7.1 sender reputation",{address(SHE)},{1_790_000_000 + n}\n' for n in range(3)
    ]
    for count in (2, 3):
        content = "status,reason,email,created\n" + "".join(lines[:count])
        program.ok("suppress", "import", written(program, "blocks.csv", content))
        assert mailed(program) == (WOMEN if count == 2 else all_but(SHE))


def test_phones_and_ids_of_one_s_own_list_count_beside_a_column_created(program):
    content = f"patient_id,email,phone,reason,created\n{SHE},,,unsubscribed,2026-10-02\n"
    told = program.ok("suppress", "import", written(program, "own.csv", content))
    assert told["created"] == 1
    assert mailed(program) == all_but(SHE)
    assert mailed(program, "sms") == all_but(SHE)


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("odd.json", '{"event": "spam", "mail": "id0002@example.org"}', None),
        ("half.csv", "EMAIL,SMS_BLOCKLISTED\nid0002@example.org,TRUE\n", None),
        ("flag.csv", "email,opt_out\nid0002@example.org,non\n", "R1"),
        ("none.csv", "status,reason,email,created\nactive,,id0002@example.org,1\n", "S7"),
    ],
)
def test_what_is_not_clear_is_refused_and_changes_nothing(program, name, content, rule):
    ran = program("suppress", "import", written(program, name, content), "--json")
    assert (ran.status, ran.error["rule"]) == (2, rule)
    assert "id0002" not in ran.out + ran.err
    assert mailed(program) == WOMEN


def test_a_column_may_be_left_unread_by_name(program):
    file = written(program, "own.csv", f"email,stop_pub\n{address(SHE)},1\n")
    assert program("suppress", "import", file).status == 2
    program.ok("suppress", "import", file, "--ignore", "stop_pub")
    assert mailed(program) == all_but(SHE)


def test_a_declared_feed_that_is_not_readable_refuses_the_load(program):
    feed = next((program.root / "data" / "lists").glob("generic*"))
    before = feed.read_text(encoding="utf-8")
    for content in ("email,phone\n,\n", f"email,optout\n{address(SHE)},0\n"):
        feed.write_text(content, encoding="utf-8")
        assert program("ingest", "--json").error["code"] == "source"
    feed.write_text(before + f"{address(SHE)}\n", encoding="utf-8")
    program.ok("ingest")
    program.ok("run", "women")
    assert mailed(program) == all_but(SHE)
