"""Files are bound to their names and to the journal: an older one under a newer one's name, a
swapped or damaged one is refused (P4).
"""

from __future__ import annotations

import json
import os
import shutil

import pytest

import segmenter
from driving import Program
from segmenter.errors import DamagedError
from segmenter.store import bound
from segmenter.store.bound import Bound
from worlds import plain_project

EXPORT = ("export", "women", "--channel", "email", "--destination", "check")
VERIFY = ("budget", "verify")


@pytest.fixture
def clinic(tmp_path):
    """A project after an ingest, a run, an export and an imported list."""
    program = Program(plain_project(tmp_path / "clinic", patients=12), inside=True)
    program.ok("ingest")
    program.ok("run", "women")
    program.export("women", "email")
    imported(program, "id0002")
    return program


def imported(program, patient):
    file = program.root / f"{patient}.csv"
    file.write_text(f"patient_id\n{patient}\n", encoding="utf-8")
    program.ok("suppress", "import", str(file))


def newest(program, folder):
    """The file of a folder that was written last."""
    found = (program.root / ".segmenter" / folder).glob("*.duckdb")
    return max(found, key=lambda path: path.stat().st_mtime_ns)


def refused(program, *words, file):
    """A command that refuses a file, and names it."""
    ran = program(*words, "--json")
    assert (ran.status, ran.error["code"], ran.error["file"]) == (2, "damaged", str(file)), ran.out


def test_an_older_snapshot_under_a_newer_name_is_refused(clinic):
    older = newest(clinic, "snapshots")
    clinic.ok("ingest")
    file = newest(clinic, "snapshots")
    shutil.copyfile(older, file)
    for words in (EXPORT, ("run", "stays"), ("recall",), ("ingest",), VERIFY):
        refused(clinic, *words, file=file)


def test_an_older_list_under_a_newer_name_is_refused(clinic):
    older = newest(clinic, "suppressions")
    imported(clinic, "id0004")
    file = newest(clinic, "suppressions")
    shutil.copyfile(older, file)
    more = clinic.root / "more.csv"
    more.write_text("patient_id\nid0006\n", encoding="utf-8")
    for words in (EXPORT, ("suppress", "import", str(more)), ("recall",), VERIFY):
        refused(clinic, *words, file=file)


def test_registers_that_changed_places_are_refused(clinic):
    first = newest(clinic, "registers")
    clinic.export("women", "sms")
    second = newest(clinic, "registers")
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)
    for words in (("recall",), VERIFY):
        ran = clinic(*words, "--json")
        assert (ran.status, ran.error["code"]) == (2, "damaged")
        assert ran.error["file"] in (str(first), str(second))


@pytest.mark.parametrize("folder", ["snapshots", "registers"])
def test_a_file_from_before_an_erasure_is_refused(clinic, tmp_path, folder):
    file = newest(clinic, folder)
    shutil.copyfile(file, tmp_path / "before")
    clinic.ok("forget", "id0006")
    clinic.ok(*VERIFY)
    shutil.copyfile(tmp_path / "before", file)
    refused(clinic, "recall", file=file)
    refused(clinic, *VERIFY, file=file)


def test_a_state_that_is_another_one_is_made_again(clinic):
    file = newest(clinic, "states")
    asked = clinic.ok("run", "women")["segments"]
    file.write_bytes(b"no state at all")
    refused(clinic, *VERIFY, file=file)
    assert clinic.ok("run", "women")["segments"] == asked
    clinic.export("women", "sms")
    clinic.ok(*VERIFY)


def test_a_file_that_is_gone_is_missed(clinic):
    for folder in ("registers", "suppressions", "snapshots"):
        file = newest(clinic, folder)
        kept = file.rename(clinic.root / "kept")
        ran = clinic(*VERIFY, "--json")
        assert ran.status in (2, 3)
        assert ran.error["file"] == str(file)
        kept.rename(file)


def test_verify_says_how_many_files_it_checked(clinic):
    assert clinic.ok(*VERIFY)["files"] == 4, "a snapshot, its state, a register, a list"


def test_whole_files_are_hashed_once(clinic, monkeypatch):
    clinic.ok("recall")
    hashed = []
    original = Bound._hashed
    monkeypatch.setattr(
        Bound, "_hashed", lambda self, path: hashed.append(path) or original(self, path)
    )
    clinic.ok("run", "stays")
    clinic.ok("recall")
    assert hashed == []
    clinic.ok(*VERIFY)
    assert len(hashed) == 5, "a verification looks at all of them again"


def test_a_file_of_the_same_size_and_time_is_hashed_again(clinic):
    clinic.ok("run", "women")
    file = newest(clinic, "snapshots")
    before = file.stat()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    with file.open("r+b") as handle:
        handle.write(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    refused(clinic, "run", "stays", file=file)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"[]\nno proof\n", b"one line"])
def test_what_was_seen_is_believed_only_with_its_proof(clinic, text):
    seen = clinic.root / ".segmenter" / bound.SEEN
    seen.write_bytes(text)
    clinic.ok("recall")
    rows = json.loads(seen.read_text(encoding="utf-8").splitlines()[0])
    assert rows, "it is written anew"


def test_files_of_an_earlier_version_are_bound_when_they_are_written_next(tmp_path, monkeypatch):
    program = Program(plain_project(tmp_path / "clinic", patients=12), inside=True)
    with monkeypatch.context() as earlier:
        earlier.setattr(Bound, "files", lambda *_: {})
        program.ok("ingest")
        program.ok("run", "women")
        program.export("women", "email")
        imported(program, "id0002")
    assert program.ok(*VERIFY)["files"] == 0
    program.ok("run", "stays")
    program.export("women", "sms")
    program.ok("recall")
    program.ok("forget", "id0004")
    program.ok("ingest")
    assert program.ok(*VERIFY)["files"] > 3
    file = newest(program, "snapshots")
    file.write_bytes(file.read_bytes()[:-1])
    refused(program, *VERIFY, file=file)


def test_an_erasure_that_is_cut_off_before_a_file_is_replaced_is_finished(clinic, monkeypatch):
    with monkeypatch.context() as cut:
        announce = Bound._announce

        def deadly(self, actor, path, part):
            announce(self, actor, path, part)
            raise KeyboardInterrupt

        cut.setattr(Bound, "_announce", deadly)
        assert clinic("forget", "id0006", "--json").status == 130
    clinic.ok(*VERIFY)
    clinic.ok("recall")
    clinic.ok(*VERIFY)
    for file in (clinic.root / ".segmenter" / "snapshots").glob("*.duckdb"):
        assert b"id0006" not in file.read_bytes()


def test_what_an_officer_restored_is_taken_as_it_stands(clinic):
    older = newest(clinic, "snapshots")
    clinic.ok("ingest")
    file = newest(clinic, "snapshots")
    shutil.copyfile(older, file)
    recovered = clinic.ok("budget", "recover", "--restored")
    assert recovered["files_unknown"] == [f"snapshots/{file.name}"]
    assert recovered["to_confirm"]
    clinic.ok("ingest")
    clinic.ok(*VERIFY)


def test_python_says_it_too(clinic):
    file = newest(clinic, "snapshots")
    file.write_bytes(b"")
    with segmenter.open(clinic.root) as session, pytest.raises(DamagedError):
        session.run(["stays"])
