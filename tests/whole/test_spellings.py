"""One person, mailbox or number under two spellings is one, from file to export (S2, S3)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from driving import Program
from worlds import plain_consent, plain_patient, plain_project, write_csv

CHECK = {
    "check": {"format": "csv", "columns": ["patient_id", "email", "phone"], "encrypt": "none"},
}


def project(root, people, **tables):
    """Women who all said yes, with these identifiers: id -> fields of the patient's row."""
    made = plain_project(root, patients=2, destinations=CHECK)
    women = [plain_patient(one, **fields) for one, fields in people.items()]
    rows = [{("gender" if key == "sex" else key): row[key] for key in row} for row in women]
    write_csv(made / "data/patients.csv", rows)
    consents = [event for one in people for event in plain_consent(one.strip())]
    write_csv(made / "data/consent_a.csv", consents)
    for name, given in tables.items():
        write_csv(made / f"data/{name}.csv", given)
    return Program(made, inside=True)


def ready(program):
    told = program.ok("ingest")
    program.ok("run", "women")
    return told


def exported(program, channel="email", column=None):
    """The ids in a fresh file, or what a column holds by id."""
    with Path(program.export("women", channel)["file"]).open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    if column is None:
        return {row["patient_id"] for row in rows}
    return {row["patient_id"]: row[column] for row in rows}


def imported(program, tmp_path, lines, *words):
    """Import a list of one column; its first line is the header."""
    file = tmp_path / "list.csv"
    file.write_bytes("\r\n".join(lines).encode("utf-8"))
    return program.ok("suppress", "import", str(file), *words)


def addressed(*names):
    return {name: {"email": f"{name}@clinic.example"} for name in names}


def test_dressed_addresses_of_a_list_suppress_and_what_names_nobody_is_told(tmp_path):
    program = project(tmp_path / "p", addressed("b1", "b2", "b3", "b4", "b5", "b6"))
    ready(program)
    told = imported(
        program,
        tmp_path,
        [
            "email",
            '"""Leroy, Zoé"" <B1@Clinic.example>"',
            "b2@clinic.example / b3@clinic.example",
            "<mailto:b4@clinic.example>",
            "(b5@clinic.example)!",
            "b6 at clinic",
        ],
    )
    assert told["created"] == 5
    assert [(row["line"], row["rule"]) for row in told["quarantined"]] == [(6, "S3")]
    assert exported(program) == {"b6"}


def test_a_lost_plus_is_read_both_ways_and_told(tmp_path):
    people = {
        "plus": {"email": "zoe+stop@clinic.example"},
        "glued": {"email": "zoestop@clinic.example"},
        "other": {"email": "stop@clinic.example"},
    }
    program = project(tmp_path / "p", people)
    ready(program)
    told = imported(program, tmp_path, ["email", "zoe stop@clinic.example"])
    assert (told["created"], len(told["quarantined"])) == (2, 1)
    assert exported(program) == {"other"}


def test_patients_own_addresses_are_read_alike_before_they_are_compared_and_written(tmp_path):
    people = {
        "c1": {"email": "\u2060Zoé <C1@Clinic.example>"},
        "c2": {"email": "c2@cli\u00adnic.example;second@clinic.example"},
        "c3": {"email": "c3@b\u00fccher.example"},
        "c4": {"email": "c1@clinic.example."},
        "c5": {"email": "C.5+x@googlemail.com"},
        "c6": {"email": "c6;=1+1@clinic.example"},
        "c7": {"email": "mailto:c7@clinic.example"},
    }
    listed = [{"email": "second@clinic.example"}, {"email": "c3@xn--bcher-kva.example"}]
    program = project(tmp_path / "p", people, **{"lists/generic": listed})
    ready(program)
    assert exported(program, column="email") == {
        "c1": "c1@clinic.example",  # c4 has the same mailbox
        "c5": "c.5+x@googlemail.com",
        "c7": "c7@clinic.example",
    }
    program.ok("suppress", "add", "email", "c5@gmail.com")
    program.ok("suppress", "add", "email", "<C7@clinic.example>")
    assert exported(program) == {"c1"}
    program.ok("suppress", "lift", "email", "Zoé <c7@clinic.example>", "--reason", "asked for it")
    assert exported(program) == {"c1", "c7"}


def test_overseas_numbers_match_however_they_are_written_and_can_be_dialled(tmp_path):
    people = {
        "d1": {"phone": "0693 12 34 56"},
        "d2": {"phone": "+594694201234"},
        "d3": {"phone": "0596301234.0"},
        "d4": {"phone": "0262123456"},
        "d5": {"phone": "0694 20 12 99 (home) / 06 12 34 56 78"},
    }
    program = project(tmp_path / "p", people)
    ready(program)
    assert exported(program, "sms", "phone") == {
        "d1": "+262693123456",
        "d2": "+594694201234",
        "d3": "+596596301234",
        "d4": "+262262123456",
        "d5": "+594694201299",
    }
    lines = ["phone", "+262693123456", "0694 201 234", "00596596301234", "33612345678.0"]
    told = imported(program, tmp_path, lines)
    assert (told["created"], told["quarantined"]) == (4, [])
    assert exported(program, "sms") == {"d4"}


def test_an_id_is_one_whatever_stands_around_it_in_any_file(tmp_path):
    at = "2026-01-01T00:00:00Z"
    wish = {"channel": "email", "topic": "screening", "allowed": "false", "max_contacts": ""}
    withdrawn = {"state": "withdrawn", "channel": "*", "category": "*"}
    program = project(
        tmp_path / "p",
        {f"e{n}": {} for n in (1, 2, 3, 4, 5)} | {"\u00a0e6": {}, "e7": {}},
        preferences=[
            {"patient_id": "e2\u200b", **wish, "per_days": "", "language": "", "updated_at": at}
        ],
        links=[{"patient_id": "e3", "same_as": " e4\t"}],
        stays=[{"patient_id": "e5 ", "days": "3"}],
        consent_b=[
            {**event, "event_id": f"w-{event['event_id']}-{n}"}
            for n, one in enumerate([" e1", "e4\u2003"])
            for event in plain_consent(one, **withdrawn)
        ],
        **{"lists/generic": [{"patient_id": " e7"}]},
    )
    ready(program)
    assert exported(program) == {"e5", "e6"}
    assert program.ok("why", "e6")


def test_two_ids_that_become_one_and_differ_are_told(tmp_path):
    program = project(tmp_path / "p", {"f1": {}, " f1": {"age": "44"}, "f2": {}})
    told = ready(program)
    assert told["tables"]["patient"]["quarantined"] == 2
    assert exported(program) == {"f2"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [("email", "zoe at clinic"), ("phone", "none"), ("domain", "localnet"), ("postal", "...")],
)
def test_an_identifier_that_names_nobody_is_not_added(tmp_path, kind, value):
    program = project(tmp_path / "p", addressed("g1"))
    ran = program("suppress", "add", kind, value, "--json")
    assert ran.status == 2
    assert "would match nobody" in ran.error["message"]
    assert value not in ran.out


def test_an_added_identifier_with_several_readings_says_so(tmp_path):
    program = project(tmp_path / "p", addressed("g1"))
    assert program.ok("suppress", "add", "email", "zoe x@clinic.example")["doubt"]
    assert program.ok("suppress", "add", "email", "zoe@clinic.example")["doubt"] is None
