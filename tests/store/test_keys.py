"""The project's key: one text, which is never replaced in silence."""

from __future__ import annotations

import pytest

import segmenter
from segmenter.errors import ProjectKeyError, SegmenterError
from segmenter.store import keys
from worlds import plain_project

OTHER = "another text that is long enough to be a key"


def test_a_new_project_gets_a_key_and_keeps_it(tmp_path):
    first = keys.load(tmp_path)
    assert keys.load(tmp_path).pseudonym("x", "y") == first.pseudonym("x", "y")
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "key": 0o600,
        "key.check": 0o600,
    }


def test_the_environment_wins_and_a_short_key_is_refused(tmp_path, monkeypatch):
    keys.load(tmp_path)
    monkeypatch.setenv(keys.VARIABLE, OTHER)
    with pytest.raises(ProjectKeyError, match="not the key"):
        keys.load(tmp_path)
    monkeypatch.setenv(keys.VARIABLE, "short")
    with pytest.raises(ProjectKeyError, match="shorter than 32"):
        keys.load(tmp_path)


def test_a_lost_key_is_missed_and_not_made_anew(tmp_path):
    keys.load(tmp_path)
    (tmp_path / "key").unlink()
    with pytest.raises(ProjectKeyError, match="missing") as caught:
        keys.load(tmp_path)
    assert caught.value.exit_status == 2
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("lost", [("key.check",), ("key", "key.check")])
def test_another_key_never_becomes_that_of_a_project_in_use(tmp_path, monkeypatch, lost):
    root = plain_project(tmp_path, patients=3)
    with segmenter.open(root) as session:
        session.ingest()
    own = (root / ".segmenter" / "key").read_text(encoding="utf-8")
    for name in lost:
        (root / ".segmenter" / name).unlink()
    monkeypatch.setenv(keys.VARIABLE, OTHER)
    with pytest.raises(SegmenterError), segmenter.open(root) as session:
        session.run()
    monkeypatch.delenv(keys.VARIABLE)
    if "key" in lost:
        with pytest.raises(ProjectKeyError):
            segmenter.open(root)
    monkeypatch.setenv(keys.VARIABLE, own)
    with segmenter.open(root) as session:
        assert session.plan().to_dict()["releases"]
