"""A full disk, a server that is gone, an account without rights: told as what they are, the project
as it was before, and no advice that costs anything.
"""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from driving import Program
from worlds import plain_project

PAGE = 4096
LEFT = (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597)
VERBS = {
    "ingest": ("ingest",),
    "run": ("run", "stays"),
    "query": (
        *("query", "SELECT sex, count(*) FROM patient GROUP BY sex"),
        *("--purpose", "statistics", "--epsilon", "1"),
    ),
    "export": ("export", "women", "--channel", "sms", "--destination", "check"),
    "suppress add": ("suppress", "add", "patient_id", "id0002"),
    "suppress import": ("suppress", "import", "more.csv"),
    "suppress lift": ("suppress", "lift", "patient_id", "id0008", "--reason", "asked on paper"),
    "recall": ("recall",),
    "forget": ("forget", "id0004"),
    "retain": ("retain",),
    "report": ("report", "women"),
    "budget": ("budget",),
    "budget verify": ("budget", "verify"),
    "why": ("why", "id0006"),
}  # fmt: skip
COSTLY = ("recover", "Exception", "Error:", "please report")


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A project that was used: ingested, run, exported, with opt-outs that recalls wait for."""
    root = plain_project(tmp_path_factory.mktemp("clinic") / "clinic", patients=24)
    (root / "more.csv").write_text("email\nid0010@example.org\n", encoding="utf-8")
    (root / "before.csv").write_text("email\nid0012@example.org\n", encoding="utf-8")
    program = Program(root, inside=True)
    program.ok("ingest")
    program.ok("run", "women")
    program.export("women", "email")
    program.ok("suppress", "import", str(root / "before.csv"))
    program.ok("suppress", "add", "patient_id", "id0008")
    return root


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this account may not mount a disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk, left):
    """Leave so many bytes of the disk free."""
    free = os.statvfs(disk)
    size = free.f_bavail * free.f_frsize - left
    with (disk / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, max(size, 1))


def told_of(ran, *words):
    """A failure that names the outage, and gives no advice that costs anything."""
    text = ran.out + ran.err
    assert ran.status == 1, text
    assert ran.error["code"] == "outage", text
    assert any(word in ran.error["message"] for word in words), text
    assert [word for word in COSTLY if word in text] == []


@pytest.mark.parametrize("verb", VERBS)
def test_a_full_disk_is_named_and_costs_nothing(used, disk, verb, monkeypatch):
    root = disk / "clinic"
    shutil.copytree(used, root)
    monkeypatch.chdir(root)
    program = Program(root, inside=True)
    before = program.ok("budget")["lifetime"]
    for pages in LEFT:
        fill(disk, pages * PAGE)
        ran = program(*VERBS[verb], "--json")
        (disk / "filler").unlink()
        if ran.status == 0 or (verb == "forget" and "no snapshot knows" in ran.out):
            break  # an erasure that was begun is finished when the project is opened again
        told_of(ran, "disk")
        program.ok("budget", "verify")
    if ran.status == 1:
        program.ok(*VERBS[verb])
    if verb not in ("run", "query", "export"):
        assert program.ok("budget")["lifetime"] == before


@pytest.mark.parametrize("verb", VERBS)
def test_a_server_that_is_gone_is_named_and_costs_nothing(used, verb, monkeypatch, tmp_path):
    monkeypatch.chdir(used)
    nowhere = f"postgresql+psycopg://segmenter@/segmenter?host={tmp_path}&port=54999"
    monkeypatch.setenv("SEGMENTER_CONTROL_URL", nowhere)
    told_of(Program(used, inside=True)(*VERBS[verb], "--json"), "server")


@pytest.mark.parametrize("url", ["no address", "mysql+nothing://x/y", "http://x"])
def test_an_address_that_cannot_be_read_is_the_callers(used, url, monkeypatch):
    monkeypatch.setenv("SEGMENTER_CONTROL_URL", url)
    ran = Program(used, inside=True)("budget", "--json")
    assert (ran.status, ran.error["code"]) == (2, "usage")
    assert "SEGMENTER_CONTROL_URL" in ran.error["hint"]
