"""Every file of the private folder damaged in every way: a refusal that names it, or no difference;
never a failure of ours that asks to be reported.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path

import pytest

from driving import Program
from worlds import plain_project

VERIFY = ("budget", "verify")
EXPORT = ("export", "women", "--channel", "sms", "--destination", "check")
RECALL, INGEST, RUN = ("recall",), ("ingest",), ("run", "women")
VERBS = {  # what reads the files of a folder, besides the verification
    "snapshots": (INGEST, EXPORT),
    "states": (EXPORT,),
    "releases": (RUN,),  # what is stored and damaged is asked again
    "registers": (RECALL,),
    "suppressions": (EXPORT,),
    "exports": (RECALL,),
}
OURS = ("key", "key.check", "journal.mark", "control.sqlite")  # refused by every verb
BOUND = ("snapshots", "states", "registers", "suppressions")  # refused by `budget verify`
NOBODY = 65534


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A project with a file of each kind, and two of most."""
    root = plain_project(tmp_path_factory.mktemp("clinic") / "clinic", patients=12)
    program = Program(root, inside=True)
    for words in (
        ("ingest",), ("run", "women"),
        ("export", "women", "--channel", "email", "--destination", "check"),
        ("suppress", "add", "patient_id", "id0002"), ("suppress", "import", "a.csv"),
        ("suppress", "import", "b.csv"),
        ("recall",), ("forecast", "prevention", "--epsilon", "0.1"), ("report", "women"),
        ("ingest",),
    ):  # fmt: skip
        for name, patient in (("a.csv", "id0004"), ("b.csv", "id0006")):
            (root / name).write_text(f"patient_id\n{patient}\n", encoding="utf-8")
        program.ok(*[str(root / word) if word.endswith(".csv") else word for word in words])
    return root


def files(root):
    home = root / ".segmenter"
    return [path.relative_to(home) for path in sorted(home.rglob("*")) if path.is_file()]


def noise(path):
    path.write_bytes(secrets.token_bytes(max(path.stat().st_size, 64)))


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def swapped(path):
    """Another file of its kind takes its place, else one of another kind."""
    alike = [one for one in path.parent.iterdir() if one.is_file() and one != path]
    alike.sort(key=lambda one: (one.suffix != path.suffix, one.name))
    shutil.copyfile(alike[0] if alike else path.parent.parent / "key", path)


def empty(path):
    path.write_bytes(b"")


def folder(path):
    path.unlink()
    path.mkdir()


def no_text(path):
    path.write_bytes(b"\xff\xfe\x00\x80" * 16)


def dangling(path):
    path.unlink()
    path.symlink_to(path.with_name("nowhere") / "at all")


DAMAGES = (noise, cut, swapped, empty, folder, no_text, dangling)


def judge(ran, name, verb, damage):
    """The outcome of a verb on a project with one damaged file."""
    text = ran.out + ran.err
    where = f"{damage.__name__} of {name}, {' '.join(verb)}: {text}"
    assert ran.status in (0, 2, 3), where
    assert "please report" not in text, where
    if ran.status:
        assert name.name in text, where
    first = name.parts[0]
    if first in OURS and damage is not swapped:
        is_note = first == "key.check" and damage is dangling
        assert ran.status or is_note, where
    if first in BOUND and name.suffix == ".duckdb" and verb == VERIFY:
        assert ran.status in (2, 3), where


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named(used, tmp_path, damage):
    for name in files(used):
        root = tmp_path / "clinic"
        shutil.copytree(used, root, symlinks=True)
        damage(root / ".segmenter" / name)
        for verb in (VERIFY, *VERBS.get(name.parts[0], ())):
            judge(Program(root, inside=True)(*verb, "--json"), name, verb, damage)
        shutil.rmtree(root)


@pytest.fixture
def elsewhere():
    """A folder that any account can go through."""
    place = Path(tempfile.mkdtemp(prefix="clinic-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another account")
def test_a_file_that_this_account_may_not_read_is_named_with_its_owner(used, elsewhere):
    root = elsewhere / "clinic"
    shutil.copytree(used, root)
    for path in (root, *root.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    for name in files(used):
        path = root / ".segmenter" / name
        os.chown(path, 0, 0)
        path.chmod(0o600)
        ran = as_nobody(Program(root, inside=True), "budget", "verify")
        text = ran.out + ran.err
        assert ran.status in (0, 2), f"{name}: {text}"
        assert "recover" not in text
        if name.parts[0] in (*OURS, *BOUND) and ran.status == 0:
            assert name.suffix == ".lock", f"{name}: {text}"
        if ran.status:
            assert name.name in text
        os.chown(path, NOBODY, NOBODY)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another account")
@pytest.mark.parametrize("verb", [VERIFY, EXPORT, RECALL, INGEST])
def test_another_account_is_told_whose_the_project_is(used, elsewhere, verb):
    root = elsewhere / "clinic"
    shutil.copytree(used, root)
    ran = as_nobody(Program(root, inside=True), *verb)
    assert ran.status == 2, ran.out
    assert "root" in ran.error["message"], ran.out
    assert "recover" not in ran.out + ran.err


def as_nobody(program, *words):
    os.seteuid(NOBODY)
    try:
        return program(*words, "--json")
    finally:
        os.seteuid(0)
