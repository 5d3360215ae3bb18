"""A file of consent that was read before and is gone: denials may have stood in it, so the ingest refuses and the old snapshot stays."""

from __future__ import annotations

import pytest

import segmenter
from segmenter.errors import SourceError
from worlds import plain_project


def test_consent_that_vanished_is_refused_and_the_old_snapshot_stays_in_use(tmp_path):
    root = plain_project(tmp_path)
    consents = sorted((root / "data").glob("consent*"))
    with segmenter.open(root) as session:
        before = session.ingest().to_dict()["snapshot"]
        moved = [file.rename(file.with_suffix(".away")) for file in consents]
        with pytest.raises(SourceError, match="missing") as refused:
            session.ingest()
        assert refused.value.problems[0].file == root / "sources.yml"
        assert session.context.store.current(session.context.journal).id == before
        for file, away in zip(consents, moved, strict=True):
            away.rename(file)
        assert session.ingest().to_dict()["snapshot"] != before


def test_consent_that_never_was_there_may_be_missing(tmp_path):
    root = plain_project(tmp_path)
    for file in (root / "data").glob("consent*"):
        file.unlink()
    with segmenter.open(root) as session:
        session.ingest()
        session.ingest()
