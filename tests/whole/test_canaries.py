"""Planted identifiers and exact counts are searched for in everything the program says or writes.

An address that nobody else has, an id, a name, a telephone number; and counts made unmistakable by
noise that is never zero.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import logging
import re
import shutil
import traceback
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

import segmenter
from driving import Program
from segmenter.selftest.unreal import unreal
from segmenter.session import Session
from worlds import plain_consent, plain_patient, plain_project, write_csv, write_yaml

ID, NAME, LOCAL, STREET, DIGITS = (
    "CANARY7Q3X",
    "Quetzalinde",
    "zq.canary9",
    "17 impasse du Canari",
    "698765432",
)
SIGNS = (ID, NAME, LOCAL, STREET, DIGITS)
WOMEN, MEN, NOISE = 1237, 1174, 400
CIPHERTEXT = (
    ".duckdb",
    ".sealed",
)  # in which four digits turn up by chance, and nothing else can be read
COUNTS = (WOMEN, MEN, WOMEN + MEN, WOMEN + MEN + 2)
EXPORT = ("export", "women", "--channel", "email", "--destination", "check")


def planted(root, inside=True, **changed):
    """A plain project with the canary in it, and in every source."""
    plain_project(root, patients=30, **changed)
    data = root / "data"
    canary = plain_patient(
        ID, first_name=NAME, email=f"{LOCAL}@example.org", phone=f"+33{DIGITS}", postal=STREET
    )
    append(
        data / "patients.csv",
        [
            canary,
            {**canary, "patient_id": f"{ID}b", "age": NAME},
            {**canary, "patient_id": f"{ID}c"},
            {**canary, "patient_id": f"{ID}c", "sex": "M"},
        ],
    )
    append(
        data / "consent_a.csv",
        [*plain_consent(ID), *plain_consent(ID, state=NAME, effective_at=LOCAL)][:5],
    )
    append(data / "stays.csv", [{"patient_id": ID, "days": NAME}])
    append(data / "links.csv", [{"patient_id": f"{ID}d", "same_as": f"{ID}e"}])
    write_csv(data / "lists" / "canary.csv", [{"email": f"{LOCAL}+x@gmail.com"}])
    return Program(root, inside)


def append(path, rows):
    lines = path.read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    added = [
        ",".join(str(row["sex" if name == "gender" else name]) for name in header) for row in rows
    ]
    path.write_text("\n".join([*lines, *added]) + "\n", encoding="utf-8")


COMMANDS = [
    ("check",),
    ("ingest",),
    ("plan",),
    ("run",),
    EXPORT,
    ("budget",),
    ("recall",),
    ("schema",),
    ("run", "nobody"),
    ("run", "women"),
    ("export", "women", "--channel", "fax"),
    ("export", "women", "--channel", "email", "--destination", "nowhere"),
    (
        "query",
        "SELECT sex, count(*) FROM patient GROUP BY sex",
        "--purpose",
        "statistics",
        "--epsilon",
        "1",
    ),
    ("query", "SELECT email FROM patient", "--purpose", "statistics", "--epsilon", "1"),
    ("query", "SELECT error(first_name) FROM patient", "--purpose", "statistics", "--epsilon", "1"),
    (
        "query",
        "SELECT CAST(first_name AS INTEGER) FROM patient",
        "--purpose",
        "statistics",
        "--epsilon",
        "1",
    ),
    ("export", "stays", "--channel", "sms", "--destination", "check"),
    ("ingest",),
    ("plan",),
]


def search(told, where, signs=SIGNS):
    for sign in signs:
        assert sign.lower() not in told.lower(), f"{sign} stands in {where}"


def search_files(root, payloads):
    """No sign in any byte or name below the private folder, except inside an exported payload."""
    for path in (root / ".segmenter").rglob("*"):
        search(str(path.relative_to(root)), "a file name")
        if path.is_file() and str(path.resolve()) not in payloads:
            content = path.read_bytes()
            for sign in SIGNS:
                for form in (sign.encode(), sign.lower().encode(), sign.encode("utf-16-le")):
                    assert form not in content, f"{sign} stands in {path.relative_to(root)}"


def test_no_output_error_or_file_holds_a_planted_value(tmp_path):
    program = planted(tmp_path)
    outside = planted(
        tmp_path, inside=False
    )  # the same folder, in a process of its own: whatever a library writes to its streams
    for words in (("ingest",), ("run",), EXPORT):
        ran = outside(*words)
        assert ran.status == 0
        search(ran.out + ran.err, f"the streams of {words}")
    payloads = set()
    for words in COMMANDS:
        for form in (words, (*words, "--json")):
            ran = program(*form)
            search(ran.out + ran.err, f"the output of {form}")
            assert "Traceback" not in ran.err
            if ran.status == 0 and words[0] == "export" and "--json" in form:
                payloads.add(ran.json["file"])
                search(Path(ran.json["manifest"]).read_text(encoding="utf-8"), "the manifest")
    assert payloads
    search_files(tmp_path, exported(tmp_path))


def exported(root):
    """The payloads: the one place where a person may stand."""
    return {str(path.resolve()) for path in (root / ".segmenter" / "exports").rglob("*.csv")}


BREAKAGES = {
    "a broken CSV": lambda root: append_text(
        root / "data" / "patients.csv", f'"{ID},{NAME}\n{LOCAL},,,'
    ),
    "another encoding": lambda root: (root / "data" / "patients.csv").write_bytes(
        f"patient_id,age\n{ID},{NAME}é\n".encode("utf-16")
    ),
    "a missing key column": lambda root: write_csv(
        root / "data" / "patients.csv", [{"id": ID, "first_name": NAME}]
    ),
    "a list of unknown layout": lambda root: write_csv(
        root / "data" / "lists" / "canary.csv", [{"who": f"{LOCAL}@example.org"}]
    ),
    "a broken list": lambda root: append_text(
        root / "data" / "lists" / "canary.csv", f'"{LOCAL}@example.org\n,,,"'
    ),
    "a directory for a file": lambda root: (
        (root / "data" / "consent_a.csv").unlink(),
        (root / "data" / "consent_a.csv").mkdir(),
    ),
}


def append_text(path, text):
    with path.open("a", encoding="utf-8") as handle:
        handle.write(text)


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_no_failure_holds_a_planted_value(tmp_path, breakage):
    program = planted(tmp_path)
    program.ok("ingest")
    BREAKAGES[breakage](tmp_path)
    for words in (("ingest",), ("ingest", "--json"), ("run",), EXPORT, ("check", "--json")):
        ran = program(*words)
        assert ran.status in (0, 2, 3), f"{words} is our own failure: {ran.err}"
        search(ran.out + ran.err, f"the output of {words}")
    search_files(tmp_path, exported(tmp_path))


def test_no_traceback_log_or_repr_holds_a_planted_value(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    planted(tmp_path)
    steps = []
    with segmenter.open(tmp_path, progress=lambda *said: steps.append(repr(said))) as session:
        told = [session.ingest(), session.plan(), session.run(), session.budget()]
        told.append(session.export("women", channel="email", destination="check"))
        for result in told:
            search(repr(result), f"the repr of {type(result).__name__}")
            search(
                str(getattr(result, "_repr_html_", str)()), f"the HTML of {type(result).__name__}"
            )
        (tmp_path / "data" / "patients.csv").write_text(
            f"patient_id,age\n{ID},{NAME}\n\x00{LOCAL}", encoding="utf-8"
        )
        try:
            session.ingest()
        except segmenter.SegmenterError as error:
            search("".join(traceback.format_exception(error)), "the traceback")
    search(caplog.text, "the log")
    search("".join(steps), "the progress")


def never_zero(_mechanism, many):
    """Noise that is far from zero."""
    return np.full(many, NOISE, dtype=np.int64)


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """A project whose exact counts nobody could meet by chance, asked with noise that is never
    zero, by a marketer.
    """
    root = tmp_path_factory.mktemp("counted")
    plain_project(root, patients=2, roles={"marketer": ["*"]})
    people = [plain_patient(f"w{n}", email=f"w{n}@example.org") for n in range(WOMEN - 1)]
    people += [plain_patient(f"m{n}", sex="M", email=f"m{n}@example.org") for n in range(MEN - 1)]
    append(root / "data" / "patients.csv", people)
    append(
        root / "data" / "consent_a.csv",
        [row for one in people for row in plain_consent(one["patient_id"])],
    )
    append(
        root / "data" / "stays.csv",
        [{"patient_id": one["patient_id"], "days": "2"} for one in people],
    )
    append(
        root / "data" / "patients.csv",
        [{**people[0], "patient_id": "", "sex": "M"}, {**people[0], "patient_id": ""}],
    )
    return root


def undeclared(context):
    """A session of the same account if the policy declared no roles: a marketer may not ingest."""
    policy = dataclasses.replace(context.policy, roles={})
    return Session(
        dataclasses.replace(context, policy=policy, actor=policy.actor(context.actor.account))
    )


def holds_count(told):
    """Whether an exact count stands in a text as a number of its own.

    Where four digits come by chance or by the machine it is none: ids, hashes, signatures, the
    folder that the test runs in.
    """
    words = re.sub(
        r"[0-9a-f]{12,}|\d{8}T\d{6}Z-[0-9a-f]{8}|[A-Za-z0-9+/=_-]{32,}|/[^\s\"'<>]*/", " ", told
    )
    return [
        count
        for count in COUNTS
        if re.search(rf"(?<![\d.]){count}(?![\d])|(?<![\d.]){count:,}(?!\d)", words)
    ]


def readable(path):
    """The texts in a file of any kind: what stands between its other bytes, eight signs or more in
    a row.
    """
    return " ".join(
        found.decode("ascii") for found in re.findall(rb"[\x20-\x7e]{8,}", path.read_bytes())
    )


@pytest.mark.parametrize(
    "told", ['{"rows":1237}', "1,174 patients", "n=2411, x", "among 1174 others", "<td>1237</td>"]
)
def test_a_count_that_stood_somewhere_would_be_found(tmp_path, told):
    assert holds_count(told)
    (tmp_path / "file").write_bytes(b"\x00\xff" + told.encode() + b"\x01")
    assert holds_count(readable(tmp_path / "file"))


@pytest.mark.parametrize(
    "told",
    [
        "a1237f00b2c3d4e5",
        "20261121T101112Z-b1237f00",
        "/tmp/pytest-1237/counted0/x.csv",
        "0.1237",
        "12374",
    ],
)
def test_four_digits_that_come_by_chance_are_no_count(told):
    assert not holds_count(f'{{"id": "{told}"}}')


def test_no_exact_count_is_told(counted, caplog):
    caplog.set_level(logging.DEBUG)
    steps, out, err = [], io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        unreal(
            counted, noise=never_zero, progress=lambda *said: steps.append(repr(said))
        ) as context,
    ):
        session = Session(context)
        results = [
            undeclared(context).ingest(),
            session.plan(),
            session.run(),
            session.export("women", channel="email", destination="check"),
            session.export("women", channel="sms", destination="check"),
            session.budget(),
            session.plan(),
        ]
    for result in results:
        assert not holds_count(repr(result)), f"the repr of {type(result).__name__}"
        assert not holds_count(json.dumps(result.to_dict(), default=str)), (
            f"the JSON of {type(result).__name__}"
        )
        assert not holds_count(str(getattr(result, "_repr_html_", str)())), (
            f"the HTML of {type(result).__name__}"
        )
    assert not holds_count(caplog.text + out.getvalue() + err.getvalue() + "".join(steps))
    told = {one["segment"]: one["matched"]["count"] for one in results[2].to_dict()["segments"]}
    assert told == {"women": WOMEN + NOISE, "stays": WOMEN + MEN + NOISE}
    manifests = [
        Path(one.to_dict()["manifest"]).read_text(encoding="utf-8") for one in results[3:5]
    ]
    assert not holds_count(json.dumps(manifests))


def test_no_exact_count_is_in_a_file_or_a_name(counted, tmp_path):
    root = shutil.copytree(counted, tmp_path / "copy")
    with unreal(root, noise=never_zero) as context:
        undeclared(context).ingest()
        session = Session(context)
        session.run()
        session.export("women", channel="email", destination="check")
    payloads = set((root / ".segmenter" / "exports").rglob("*.csv"))
    assert payloads
    for path in (root / ".segmenter").rglob("*"):
        assert not holds_count(path.name)
        if path.is_file() and path not in payloads and path.suffix not in CIPHERTEXT:
            assert not holds_count(readable(path)), path.relative_to(root)


def test_a_marketer_is_told_no_exact_count_by_the_commands(counted, tmp_path):
    root = tmp_path / "real"
    shutil.copytree(counted, root, ignore=shutil.ignore_patterns(".segmenter"))
    program = Program(root, inside=True)
    policy = YAML(typ="safe").load((root / "policy.yml").read_text(encoding="utf-8"))
    for words in (("check",), ("ingest",), ("plan",), ("run",), EXPORT, ("budget",)):
        roles = {} if words == ("ingest",) else policy["roles"]  # a marketer may not ingest
        write_yaml(root / "policy.yml", {**policy, "roles": roles})
        for form in (words, (*words, "--json")):
            ran = program(*form)
            assert ran.status in (0, 3), ran.err
            if words[0] in ("ingest", "check", "budget"):
                assert not holds_count(ran.out), form
            assert not holds_count(ran.err), form
