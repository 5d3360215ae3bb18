"""The command line: what is passed to the session, what is printed where, exit statuses. The
session is a stand-in here.
"""

from __future__ import annotations

import json
import shlex
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

import segmenter
from driving import failed
from folders import folder
from segmenter.cli import examples, output
from segmenter.cli import main as program
from segmenter.errors import BudgetError, EngineError, FileError, Problem

JUNE = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)

CANARY = "CANARY-4711"


class Session:
    """Notes what it is asked; answers what it is told to."""

    def __init__(self):
        self.policy = SimpleNamespace(time_zone="Europe/Paris")
        self.asked = []
        self.answer = {"done": True}
        self.raises = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def __getattr__(self, verb):
        def ask(*arguments, **options):
            self.asked.append((verb, arguments, options))
            if self.raises is not None:
                raise self.raises
            return SimpleNamespace(to_dict=lambda: self.answer)

        return ask


@pytest.fixture
def session(monkeypatch):
    made = Session()
    monkeypatch.setattr(segmenter, "open", lambda _path, **_options: made, raising=False)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    return made


NO_TIMES = {"as_of": None, "known_at": None}


@pytest.mark.parametrize(
    ("words", "verb", "arguments", "options"),
    [
        ("ingest", "ingest", (), {"accept": None, "reason": None}),
        ("plan", "plan", (None,),
         {**NO_TIMES, "epsilon": None, "tables": (), "target": None, "lock": False}),
        ("plan a tag:b --target 50 --lock --epsilon 0.3", "plan", (("a", "tag:b"),),
         {**NO_TIMES, "epsilon": "0.3", "tables": (), "target": 50, "lock": True}),
        ("run", "run", (None,), {**NO_TIMES, "epsilon": None, "tables": ()}),
        ("run w* --as-of 2026-06-01T12:00", "run", (("w*",),),
         {"as_of": JUNE, "known_at": None, "epsilon": None, "tables": ()}),
        ("run --known-at 2026-06-01T10:00Z", "run", (None,),
         {"as_of": None, "known_at": JUNE, "epsilon": None, "tables": ()}),
        ("export s --channel sms", "export", ("s",),
         {"channel": "sms", "destination": None, "planned_at": None}),
        ("export s --channel sms --destination d --planned-at 2026-06-01T12:00+02", "export",
         ("s",),
         {"channel": "sms", "destination": "d", "planned_at": JUNE}),
        ("recall", "recall", (), {}),
        ("recall ack r1", "recall_ack", ("r1",), {}),
        ("suppress", "suppress_show", (), {}),
        ("suppress show", "suppress_show", (), {}),
        ("suppress lift email a@b.example --reason wrong", "suppress_lift",
         ("email", "a@b.example"), {"reason": "wrong", "channel": None}),
        (
            "suppress add phone 0612345678 --channel sms --until 2026-06-01T12:00", "suppress_add",
            ("phone", "0612345678"),
            {"channel": "sms", "purpose": None, "topic": None, "reason": "manual",
             "until": "2026-06-01T12:00"},
        ),
        ("budget", "budget", (), {}),
        ("budget verify", "budget_verify", (), {}),
        ("budget recover", "budget_recover", (), {"restored": False}),
        ("budget recover --restored", "budget_recover", (), {"restored": True}),
        ("query SELECT --purpose p --epsilon 1", "query", ("SELECT",),
         {**NO_TIMES, "purpose": "p", "epsilon": "1"}),
        ("why p1 --segment s --channel c", "why", ("p1",),
         {**NO_TIMES, "segment": "s", "channel": "c", "language": "en"}),
        ("why p1 --lang fr", "why", ("p1",),
         {**NO_TIMES, "segment": None, "channel": None, "language": "fr"}),
        ("receipt p1", "receipt", ("p1",), {"language": "en"}),
        ("subject p1", "subject", ("p1",), {"language": "en"}),
        ("forget p1", "forget", ("p1",), {"confirm": False}),
        ("notice --before 2026-06-01T12:00 --purpose p", "notice", (),
         {"purpose": "p", "before": JUNE, "epsilon": None}),
        ("forecast p", "forecast", ("p",), {"epsilon": None}),
        ("retain", "retain", (), {"confirm": False}),
        ("exposed e1", "exposed", ("e1",), {}),
        ("test", "test", (), {}),
        ("quarantine", "quarantine", (), {}),
        ("trail", "trail", (), {}),
    ],
)  # fmt: skip
def test_each_verb_calls_the_session(session, capsys, words, verb, arguments, options):
    assert program.run([*words.split(), "--json"]) == 0
    assert session.asked == [(verb, arguments, options)]
    assert json.loads(capsys.readouterr().out) == {"done": True}


def test_paths_are_absolute(session, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program.run(["verify", "m.json", "--json"])
    program.run(["suppress", "import", "a.csv", "b.csv", "--json"])
    program.run(["suppress", "export", "out.csv", "--json"])
    program.run(["report", "--to", "out", "--json"])
    assert [asked[1] for asked in session.asked] == [
        (tmp_path / "m.json",), ((tmp_path / "a.csv", tmp_path / "b.csv"),),
        (tmp_path / "out.csv",), (None,)
    ]  # fmt: skip
    assert session.asked[-1][2]["to"] == tmp_path / "out"
    capsys.readouterr()


@pytest.mark.parametrize(
    "words",
    [
        ("--json", "budget"),
        ("budget", "--json"),
        ("budget", "--json", "verify"),
        ("budget", "verify", "--json"),
    ],
)
def test_json_before_or_after_the_verb(session, capsys, words):
    assert program.run(list(words)) == 0
    assert json.loads(capsys.readouterr().out) == {"done": True}
    assert len(session.asked) == 1


def test_an_identifier_may_come_by_standard_input(session, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(readline=lambda: "a@b.example\n"))
    assert program.run(["suppress", "add", "email", "-", "--json"]) == 0
    assert session.asked[0][1] == ("email", "a@b.example")
    assert program.run(["suppress", "add", "mail", "x", "--json"]) == 2
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["chek"], "check"),
        (["run", "--epsilom", "1"], "--epsilon"),
        (["export", "s"], "--channel"),
        (["why"], "PATIENT"),
        (["plan", "--target", "many"], "--target"),
        (["why", "p1", "--lang", "de"], "en or fr"),
        (["run", "--as-of", "yesterday"], "a time that was given"),
        (["suppress", "lift", "email", "x"], "--reason"),
    ],
)
def test_usage_is_2_and_json(session, capsys, words, told):
    status, error, err = failed(capsys, *words)
    assert (status, error["code"]) == (2, "usage")
    assert set(error) >= {"code", "rule", "message", "file", "line", "hint"}
    assert told in error["message"]
    assert err.startswith("segmenter: error: ")


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [
        (PermissionError(13, "Permission denied", "/p/.segmenter"), 2, "may not read or write"),
        (OSError(30, "Read-only file system", "/p/.segmenter"), 2, "may not read or write"),
        (OSError(28, "No space left on device"), 1, "the disk is full"),
    ],
)  # fmt: skip
def test_what_the_system_refuses_is_told(session, capsys, fault, status, told):
    session.raises = fault
    found, error, _ = failed(capsys, "run")
    assert (found, error["file"]) == (status, fault.filename)
    assert told in error["message"]
    assert error["hint"]


def test_a_message_moves_no_terminal(session, capsys):
    session.raises = FileError([Problem("a name with \x1b[31m in it")])
    assert "\x1b" not in failed(capsys, "run")[2]


def test_a_patient_is_not_repeated(session, capsys):
    status, error, err = failed(capsys, "why", "p1", CANARY)
    assert status == 2
    assert CANARY not in json.dumps(error) + err


def test_files_that_are_wrong_are_2(session, capsys, tmp_path):
    session.raises = FileError(
        [Problem("one", tmp_path / "policy.yml", 3, "do this"), Problem("two")]
    )
    status, error, err = failed(capsys, "run")
    assert (status, error["code"], error["file"], error["line"], error["hint"]) == (
        2,
        "file",
        str(tmp_path / "policy.yml"),
        3,
        "do this",
    )
    assert err.count("segmenter: error: ") == 2


def test_rules_are_3(session, capsys):
    session.raises = BudgetError("P5", "not enough", hint="wait")
    status, error, err = failed(capsys, "run")
    assert (status, error["rule"]) == (3, "P5")
    assert err == "segmenter: refused [P5]: not enough (wait)\n"


@pytest.mark.parametrize(
    "fault",
    [
        RuntimeError(CANARY),
        KeyError(CANARY),
        EngineError("the engine failed"),
        MemoryError(),
        RecursionError(),
    ],
)
def test_our_own_failures_are_1_and_hold_no_value(session, capsys, fault):
    session.raises = fault
    status, error, err = failed(capsys, "run")
    assert status == 1
    assert CANARY not in json.dumps(error) + err
    assert "Traceback" not in err


def test_cancelled_is_130(session, capsys):
    session.raises = KeyboardInterrupt()
    status, error, _ = failed(capsys, "run")
    assert (status, error["code"]) == (130, "cancelled")


def test_what_fails_without_json_prints_nothing_on_standard_output(session, capsys):
    session.raises = BudgetError("P5", "not enough")
    assert program.run(["run"]) == 3
    assert capsys.readouterr().out == ""


# -- for people ------------------------------------------------------------------------------------


CELLS = [
    {"sex": "Female", "count": 1234, "interval": [1200, 1260], "withheld": False},
    {"sex": "unknown", "count": None, "interval": None, "withheld": True},
]

WOMEN_RUN = {
    "segment": "women",
    "release": "r",
    "matched": {"count": 1234, "interval": [1200, 1260]},
    "withheld_cells": 1,
    "cells": CELLS,
}

BALANCE = {
    "purpose": "prevention",
    "period": "quarter",
    "epsilon": {"allowed": "3", "spent": "0.5", "remaining": "2.5"},
    "delta": {},
}

RELEASE = {
    "id": "r",
    "dimensions": ["sex"],
    "epsilon": 2,
    "delta": 0,
    "cells": 3,
    "serves": ["women"],
    "predicted_error": 4.5,
    "stored": False,
}

REFUSED = {"segment": "x", "rule": "C14", "reason": "because"}

ASIDE = {"source": "p", "line": 3, "rule": "I1", "reason": "no key"}

DOCUMENTS = {
    "ingest": (
        {
            "snapshot": "s1",
            "tables": {"patient": {"rows": 12, "quarantined": 1}},
            "quarantine": [ASIDE] * 30,
        },
        ["s1", "patient", "I1", "segmenter quarantine"],
    ),
    "plan": (
        {"releases": [RELEASE], "budgets": [], "refused": [REFUSED]},
        ["women", "±4.5", "refused [C14]: x: because"],
    ),
    "run": (
        {"segments": [WOMEN_RUN], "spent": "0.5", "budgets": [BALANCE]},
        ["1,234", "1,200 to 1,260", "1 cells withheld", "█", "2.5"],
    ),
    "export s --channel email": (
        {
            "export": "e1",
            "alias": "blue-fox",
            "file": "/x/blue-fox.csv",
            "manifest": "/x/blue-fox.json",
            "funnel": None,
        },
        ["/x/blue-fox.csv"],
    ),
    "budget": (
        {
            "budgets": [
                {**BALANCE, "forecast": None, "to": "2027-01-01T00:00:00Z"},
                {**BALANCE, "forecast": "2026-12-24T05:06:07Z"},
            ],
            "entries": [
                {
                    "at": "2026-11-21T23:24:07.913920Z",
                    "question": "0123456789abcdef0123",
                    "serves": ["women"],
                    "epsilon": 1,
                },
                {
                    "at": "2026-11-21T23:24:08Z",
                    "question": "0123456789abcdef0123",
                    "serves": [],
                    "epsilon": 1,
                },
                {
                    "at": "2026-11-21T23:24:09Z",
                    "question": "funnel women email",
                    "serves": [],
                    "epsilon": 1,
                },
            ],
        },
        [
            "anew on 2027-01-01",
            "runs out about 2026-12-24",
            "2026-11-21 23:24:07Z",
            "women",
            "0123456789ab ",
            "funnel women email",
        ],
    ),
    "report": (
        {
            "reports": [
                {"segment": "women", "html": "/a/w.html", "csv": "/a/w.csv", "json": "/a/w.json"}
            ]
        },
        ["women html: /a/w.html"],
    ),
    "query x --purpose p": (
        {
            "columns": ["sex", "count"],
            "rows": [["F", 12]],
            "intervals": [[[1, 2]]],
            "epsilon": "1",
            "release": "r",
        },
        ["sex", "12 (1 to 2)"],
    ),
    "receipt p --lang fr": ({"sentences": {"en": ["No."], "fr": ["Non."]}}, ["Non."]),
    "receipt p": ({"sentences": "No."}, ["No."]),
    "why p": (
        {
            "allowed": False,
            "reasons": [{"rule": "C1", "reason": "no_consent", "events": []}],
            "exports": [],
        },
        ["no", "C1"],
    ),
    "trail": (
        {"entries": [{"at": "t", "actor": "a", "kind": "run"}], "title": "[bold]x[/bold]\x1b[31m"},
        ["actor", "[bold]x[/bold]\N{REPLACEMENT CHARACTER}[31m"],
    ),
}


@pytest.mark.parametrize("words", DOCUMENTS)
def test_tables_for_people(session, capsys, words):
    session.answer, expected = DOCUMENTS[words]
    assert program.run(words.split()) == 0
    out = capsys.readouterr().out
    for told in expected:
        assert told in out
    assert "\x1b" not in out, "colour only on a terminal"


@pytest.mark.parametrize(
    ("words", "told"), [("why p", "Not allowed."), ("why p --lang fr", "Refusé.")]
)
def test_a_result_that_speaks_is_told_in_its_words(session, capsys, monkeypatch, words, told):
    spoken = SimpleNamespace(
        to_dict=lambda: {"allowed": False},
        sentences=lambda lang: [{"en": "Not allowed.", "fr": "Refusé."}[lang]],
    )
    monkeypatch.setattr(session, "why", lambda *_, **__: spoken, raising=False)
    assert program.run(words.split()) == 0
    assert capsys.readouterr().out == f"{told}\n"


def test_a_result_may_end_the_process_with_its_own_status(session, capsys, monkeypatch):
    failing = SimpleNamespace(to_dict=lambda: {"passed": False}, exit_status=2)
    monkeypatch.setattr(session, "test", lambda: failing, raising=False)
    assert program.run(["test", "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == {"passed": False}


@pytest.mark.parametrize(
    ("variables", "spoken"),
    [
        ({"LC_ALL": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "fr"}, "fr"),
        ({"LANG": "de_DE"}, "en"),
        ({"LC_ALL": "C", "LANG": "fr"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_of_the_environment(monkeypatch, variables, spoken):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert output.spoken(None) == spoken
    assert output.spoken("fr") == "fr"


@pytest.mark.parametrize("line", [line for lines in examples.EXAMPLES.values() for line in lines])
def test_the_examples_of_help_are_commands(session, capsys, monkeypatch, tmp_path, line):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(readline=lambda: "a@b.example\n"))
    words = shlex.split(line.replace("-C clinic", f"-C {folder(tmp_path)}"))[1:]
    if words[0] in ("init", "demo"):
        monkeypatch.setattr("segmenter.project.init.init", lambda *_: {})
        monkeypatch.setattr("segmenter.demo.run", lambda *_: {})
    assert program.run(words) == 0
    capsys.readouterr()
    assert (
        program.run([*words[: 2 if words[0] == "-C" else 0], examples_verb(words), "--help"]) == 0
    )
    assert line in capsys.readouterr().out


def examples_verb(words):
    return words[2] if words[0] == "-C" else words[0]
