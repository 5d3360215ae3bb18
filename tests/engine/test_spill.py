"""Folders of spills: one an engine, left ones go, and one that goes meanwhile stops nobody."""

from __future__ import annotations

import os
from pathlib import Path

from segmenter.engine.duckdb.spill import own_folder


def test_a_folder_that_no_process_holds_goes(tmp_path):
    (tmp_path / "spill-left").mkdir()
    folder, held = own_folder(tmp_path)
    other, also_held = own_folder(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([folder, other])
    os.close(held)
    os.close(also_held)


def test_a_folder_that_its_process_removes_just_now_stops_nobody(tmp_path, monkeypatch):
    gone = tmp_path / "spill-gone"
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter([gone]))
    folder, held = own_folder(tmp_path)
    assert folder.is_dir()
    os.close(held)
