"""What a project keeps is for its owner's account alone, whatever the account's umask says."""

from __future__ import annotations

import os
import sqlite3
import stat

import pytest

from driving import Program
from ledgers import Clock, journal
from segmenter.private.files import PART
from worlds import plain_project

SHARED = stat.S_IRWXG | stat.S_IRWXO
QUESTION = (
    "query",
    "SELECT sex, count(*) FROM patient GROUP BY sex",
    "--purpose",
    "statistics",
    "--epsilon",
    "1",
)


@pytest.fixture(params=[0o022, 0o000], ids=["umask 022", "umask 000"])
def loose(request):
    """A umask that would let others read."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def shared(root):
    """The files and folders below `root` that group or others may read, write or search."""
    return [
        str(path.relative_to(root))
        for path in root.rglob("*")
        if stat.S_IMODE(path.lstat().st_mode) & SHARED
    ]


def test_no_file_of_a_used_project_can_be_read_by_others(tmp_path, loose):
    root = plain_project(tmp_path / "clinic", patients=12)
    (tmp_path / "more.csv").write_text("email\nsomebody@elsewhere.example\n", encoding="utf-8")
    program = Program(root, inside=True)
    for words in (
        ("ingest",), ("run",), QUESTION,
        ("export", "women", "--channel", "email", "--destination", "check"),
        ("suppress", "add", "email", "id0000@example.org", "--reason", "unsubscribed"),
        ("suppress", "import", str(tmp_path / "more.csv")),
        ("recall",), ("report",), ("forget", "id0004"), ("ingest",), ("retain",),
    ):  # fmt: skip
        program.ok(*words)
    home = root / ".segmenter"
    assert {path.suffix for path in home.rglob("*")} >= {
        ".duckdb",
        ".sqlite",
        ".sealed",
        ".csv",
        ".json",
    }
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert shared(home) == []


def test_a_journal_set_aside_is_private(tmp_path, loose):
    root = plain_project(tmp_path / "clinic", patients=3)
    program = Program(root, inside=True)
    program.ok("ingest")
    database = sqlite3.connect(root / ".segmenter" / "control.sqlite")
    with database:
        database.execute("UPDATE journal SET actor = 'nobody' WHERE seq = 1")
    database.close()
    program.ok("budget", "recover")
    assert list((root / ".segmenter").glob("control.sqlite.aside-*"))
    assert shared(root / ".segmenter") == []


def test_sealed_parts_of_a_killed_process_are_swept_at_the_next_start(tmp_path):
    root = plain_project(tmp_path / "clinic", patients=3)
    program = Program(root, inside=True)
    program.ok("ingest")
    home = root / ".segmenter"
    left = [home / folder / f".x.sealed.0123abcd{PART}" for folder in ("", "releases", "registers")]
    for path in left:
        path.write_bytes(b"sealed")
    program.ok("budget")
    assert not [path for path in left if path.exists()]


def test_the_journal_is_private_while_it_is_open_and_where_it_was_not_before(tmp_path, loose):
    (tmp_path / "control.sqlite").touch()
    (tmp_path / "control.sqlite").chmod(0o644)
    book = journal(tmp_path, Clock())
    book.append("ana", "note", {})
    reader = sqlite3.connect(tmp_path / "control.sqlite")
    reader.execute("SELECT count(*) FROM journal").fetchone()
    assert {path.name for path in tmp_path.glob("control.sqlite*")} == {
        "control.sqlite",
        "control.sqlite-wal",
        "control.sqlite-shm",
    }
    assert [name for name in shared(tmp_path) if name.startswith("control")] == []
    reader.close()
    book.close()
