"""An erased person stays erased: no file that is read again brings them back, and a killed erasure
is finished by whoever comes next.
"""

from __future__ import annotations

import pytest

import segmenter
from segmenter.erasure import rewrite
from segmenter.errors import UsageError
from worlds import plain_project


def known(session, patient):
    """Whether the snapshot in use knows a patient."""
    try:
        session.why(patient)
    except UsageError:
        return False
    return True


def rows(session, patient):
    """How often a patient id stands in the snapshot in use, read as it lies on disk."""
    context = session.context
    with context.store.engine() as engine:
        tables = engine.attach(context.store.current(context.journal).path)
        people = engine.rows("linked_person", reads=tables, values={"patient_id": patient})
        return [patient_id for _, patient_id, *_ in people].count(patient)


def test_s8_a_source_that_still_names_the_erased_does_not_bring_them_back(tmp_path):
    root = plain_project(tmp_path)
    with segmenter.open(root) as session:
        session.ingest()
        assert known(session, "id0004")
        assert rows(session, "id0004") == 1
        session.forget("id0004")
        session.ingest()
        assert rows(session, "id0004") == 0
        assert not known(session, "id0004")
        assert known(session, "id0006")


def test_a_killed_erasure_is_finished_by_the_next_who_opens_the_project(tmp_path, monkeypatch):
    root = plain_project(tmp_path)
    with segmenter.open(root) as session:
        session.ingest()
        real, calls = rewrite.rewrite_snapshot, []

        def killed(*given, **named):
            calls.append(given)
            raise KeyboardInterrupt

        monkeypatch.setattr(rewrite, "rewrite_snapshot", killed)
        with pytest.raises(KeyboardInterrupt):
            session.forget("id0004")
        assert calls
        assert rows(session, "id0004") == 1
        monkeypatch.setattr(rewrite, "rewrite_snapshot", real)
    with segmenter.open(root) as session:
        assert rows(session, "id0004") == 0
