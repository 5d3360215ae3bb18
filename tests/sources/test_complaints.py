"""What goes wrong with mailings elsewhere, one test a complaint, each through the program's own
door from files to a file.

What the rules behind them say in detail is tested beside each part: test_suppression, test_export,
test_recall, test_erase.
"""

from __future__ import annotations

import csv
import json

import pytest

from driving import Program, exported_ids, finished
from worlds import plain_consent, plain_project, write_csv

WOMEN = [f"id{n:04d}" for n in range(0, 12, 2)]
SHE = WOMEN[1]


@pytest.fixture
def program(tmp_path):
    """An ingested project whose segment `women` was released. Nobody shares an address."""
    made = Program(plain_project(tmp_path, patients=12), inside=True)
    write_csv(
        people_of(made),
        [{**row, "postal": f"{n} rue du Port"} for n, row in enumerate(people(made))],
    )
    made.ok("ingest")
    made.ok("run", "women")
    return made


def people_of(program):
    return program.root / "data" / "patients.csv"


def people(program):
    with people_of(program).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def mailed(program):
    """Export the segment by email, and who is in the file."""
    return sorted(exported_ids(program.export("women", "email")["file"]))


def all_but(*left_out):
    return [one for one in WOMEN if one not in left_out]


def test_imports_do_not_resurrect_opt_outs(program):
    """No list that calls her subscribed, no renewed row of hers and no new ingest undoes what she
    said once.
    """
    assert mailed(program) == WOMEN
    out, again, renewed = (
        program.root / name for name in ("out.csv", "audience.csv", "subscribers.csv")
    )
    write_csv(
        out, [{"email": f"{SHE.upper()}@Example.org", "reason": "unsubscribed", "channel": "email"}]
    )
    write_csv(
        again,
        [
            {
                "Email Address": f"{SHE}@example.org",
                "OPTIN_TIME": "2026-11-01 10:00:00",
                "UNSUB_TIME": "",
            }
        ],
    )
    listed = {
        "uuid": "u-1",
        "email": f"{SHE}@example.org",
        "name": "Zoé",
        "attributes": "{}",
        "status": "enabled",
    }
    write_csv(renewed, [listed])
    assert program.ok("suppress", "import", str(out))["created"] == 1
    for file in (again, renewed, out):
        assert program.ok("suppress", "import", str(file))["created"] == 0
    assert mailed(program) == all_but(SHE)
    write_csv(program.root / "data" / "consent_b.csv", plain_consent(SHE, source="form"))
    program.ok("ingest")
    program.ok("run", "women")
    assert mailed(program) == all_but(SHE)


def test_suppression_is_checked_when_it_is_sent_and_not_when_it_is_queued(program):
    """The segment was released before she opted out, and nothing is ingested or run again: the file
    is decided as it is made.
    """
    program.ok("suppress", "add", "email", f"{SHE}@example.org", "--channel", "email")
    assert mailed(program) == all_but(SHE)


def test_get_requests_unsubscribe_nobody(program):
    """A message that was opened, a link that a scanner or a person followed, the unsubscribe page
    looked at: none of it is an opt-out.
    """
    address, at = f"{SHE}@example.org", "2026-11-01T00:00:00Z"
    mail = {"destination": [address], "timestamp": at}
    link = {"link": "https://clinique.example/unsubscribe/1", "timestamp": at}
    bodies = {
        "ses": [
            {"eventType": kind, kind.lower(): link, "mail": mail}
            for kind in ("Open", "Click", "Delivery", "Send")
        ],
        "sendgrid": [
            {"event": kind, "email": address, "timestamp": 1, "sg_event_id": kind}
            for kind in ("open", "click", "delivered")
        ],
        "postmark": [
            {"RecordType": kind, "Recipient": address, "ReceivedAt": at}
            for kind in ("Open", "Click", "Delivery")
        ],
        "mailgun": [
            {"event-data": {"event": kind, "recipient": address, "timestamp": 1}}
            for kind in ("opened", "clicked", "delivered")
        ],
    }
    for name, events in bodies.items():
        file = program.root / f"{name}.jsonl"
        file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
        told = program.ok("suppress", "import", str(file))
        assert (told["created"], told["quarantined"]) == (0, []), name
    assert mailed(program) == WOMEN


def test_deleted_profiles_do_not_come_back_as_new(program):
    """Not under her id, which the sources still hold, and not as a new patient with her address."""
    program.ok("forget", SHE)
    assert mailed(program) == all_but(SHE)
    write_csv(
        people_of(program),
        [
            *people(program),
            {**people(program)[0], "patient_id": "id9998", "email": f"{SHE}@EXAMPLE.org"},
        ],
    )
    write_csv(program.root / "data" / "consent_b.csv", plain_consent("id9998"))
    program.ok("ingest")
    program.ok("run", "women")
    assert mailed(program) == all_but(SHE)


def test_overlapping_rebuilds_lose_nobody(program):
    """Ingests, runs, imports and exports at the same time: afterwards everyone is there, and every
    opt-out holds.
    """
    started = Program(program.root)
    lists = []
    for one in WOMEN[:2]:
        lists.append(program.root / f"{one}.csv")
        write_csv(lists[-1], [{"email": f"{one}@example.org", "channel": "email"}])
    commands = [
        ("ingest",),
        ("ingest",),
        ("run", "women"),
        *(("suppress", "import", str(file)) for file in lists),
        ("export", "women", "--channel", "sms", "--destination", "check"),
    ]
    for ran in [
        finished(process) for process in [started.start(*words, "--json") for words in commands]
    ]:
        assert ran.status == 0, ran.out + ran.err
    assert mailed(program) == WOMEN[2:]
    assert sorted(exported_ids(program.export("women", "sms")["file"])) == WOMEN
    exports = [
        path for path in (program.root / ".segmenter" / "exports").iterdir() if path.is_dir()
    ]
    assert {path.name for path in exports} == {
        path.stem for path in (program.root / ".segmenter" / "registers").iterdir()
    }
    assert len(exports) == 3


def test_one_can_say_who_already_has_the_file(program):
    """Whoever is in a file is found from the file, and every file from whoever is in it."""
    first = program.export("women", "email")
    program.ok("suppress", "add", "email", f"{SHE}@example.org")
    second = program.export("women", "email")
    assert program.ok("exposed", first["export"])["members"] == WOMEN
    assert program.ok("exposed", second["export"])["members"] == all_but(SHE)
    assert [one["export"] for one in program.ok("subject", SHE)["exports"]] == [first["export"]]
    assert {one["destination"] for one in program.ok("subject", WOMEN[0])["exports"]} == {"check"}
    (one,) = program.ok("recall")["recalls"]
    assert one["exports"] == [first["export"]]
    assert exported_ids(one["file"]) == [SHE]
