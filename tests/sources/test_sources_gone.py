"""A file of consent, links or preferences that was read before and is gone: a denial may have stood
in it or come over it, so the ingest refuses and the old snapshot stays.
"""

from __future__ import annotations

import shutil

import pytest

import segmenter
from segmenter.errors import SourceError, UsageError
from worlds import SOURCES, plain_project, write_yaml

DECLARED = {**SOURCES, "consent": SOURCES["consent"][:1], "suppression": SOURCES["suppression"][:1]}


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


@pytest.mark.parametrize("source", ["link", "preference"])
def test_links_and_preferences_that_vanished_are_refused_and_the_old_snapshot_stays_in_use(
    tmp_path, source
):
    root = plain_project(tmp_path)
    file = root / "data" / f"{source}s.csv"
    away = file.rename(file.with_suffix(".away"))
    with segmenter.open(root) as session:
        session.ingest()  # an optional source may be missing as long as it never was there
        away.rename(file)
        before = session.ingest().to_dict()["snapshot"]
        file.rename(away)
        for _ in range(2):
            with pytest.raises(SourceError, match=f"{source}: .* missing") as refused:
                session.ingest()
        assert refused.value.problems[0].file == root / "sources.yml"
        assert refused.value.problems[0].line is not None
        assert session.context.store.current(session.context.journal).id == before
        away.rename(file)
        assert session.ingest().to_dict()["snapshot"] != before


def test_a_pattern_of_links_may_find_other_files_but_not_none(tmp_path):
    root = plain_project(tmp_path)
    write_yaml(root / "sources.yml", {**DECLARED, "link": {"read": "data/link*.csv"}})
    with segmenter.open(root) as session:
        session.ingest()
        renamed = (root / "data" / "links.csv").rename(root / "data" / "link-2.csv")
        session.ingest()
        renamed.unlink()
        with pytest.raises(SourceError, match="missing"):
            session.ingest()


def test_a_source_whose_line_is_taken_out_may_be_gone(tmp_path):
    root = plain_project(tmp_path)
    with segmenter.open(root) as session:
        session.ingest()
    (root / "data" / "links.csv").unlink()
    write_yaml(
        root / "sources.yml", {name: read for name, read in DECLARED.items() if name != "link"}
    )
    with segmenter.open(root) as session:
        session.ingest()


def test_a_snapshot_of_an_earlier_version_is_refused_and_the_next_ingest_reads_everything_anew(
    tmp_path,
):
    root = plain_project(tmp_path)
    with segmenter.open(root) as session:
        session.ingest()
        context = session.context
        old = context.store.current(context.journal)
        with context.bound.rewriting("tests", old.path) as part:
            shutil.copyfile(old.path, part)
            with context.store.engine() as engine, engine.writing(part) as file:
                consent = file.table("consent").name
                engine.connection.execute(f"ALTER TABLE {consent} DROP COLUMN evidenced")
        for state in (context.home / "states").iterdir():
            state.unlink()
        with pytest.raises(UsageError, match="earlier version"):
            session.run()
