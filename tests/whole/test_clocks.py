"""A wrong clock must not stop a no: what only tightens is accepted, what spends is not (P5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import segmenter
from driving import Program, exported_ids
from segmenter import context as contexts
from worlds import plain_project


@pytest.fixture
def clinic(tmp_path):
    """A project after an export."""
    program = Program(plain_project(tmp_path / "clinic", patients=12), inside=True)
    program.ok("ingest")
    program.ok("run", "women")
    program.export("women", "email")
    return program


def turned(monkeypatch, **by):
    """The machine's clock, so much ahead or behind."""
    off = timedelta(**by)
    monkeypatch.setattr(contexts, "clock", lambda: datetime.now(UTC) + off)


def test_after_a_year_ahead_nobody_who_says_no_is_turned_away(clinic, monkeypatch):
    with monkeypatch.context() as wrong:
        turned(wrong, days=365)
        clinic.ok("suppress", "add", "patient_id", "id0000")
    clinic.ok("suppress", "add", "patient_id", "id0002")
    listed = clinic.root / "listed.csv"
    listed.write_text("patient_id\nid0004\n", encoding="utf-8")
    clinic.ok("suppress", "import", str(listed))
    clinic.ok("forget", "id0006")
    clinic.ok("recall")
    clinic.ok("ingest")
    for words in (("run", "stays"), ("export", "women", "--channel", "sms")):
        ran = clinic(*words, "--json")
        assert (ran.status, ran.error["rule"]) == (3, "P5"), ran.out
        assert "clock" in ran.error["hint"]
    clinic.ok("budget", "recover")
    with segmenter.open(clinic.root) as session:
        suppressed = session.context.journal.read("suppress")
        assert len(suppressed) == 2


def test_seconds_behind_are_waited_for(clinic, monkeypatch):
    with monkeypatch.context() as wrong:
        turned(wrong, seconds=2)
        clinic.ok("suppress", "add", "patient_id", "id0000")
    clinic.ok("run", "stays")
    answer = clinic.export("women", "sms")
    assert "id0000" not in exported_ids(answer["file"])


def test_retain_far_ahead_asks_before_it_deletes(clinic, monkeypatch):
    files = set((clinic.root / ".segmenter" / "exports").rglob("*.csv"))
    turned(monkeypatch, days=365)
    ran = clinic("retain", "--json")
    assert (ran.status, ran.error["rule"]) == (3, "P5")
    assert "--confirm" in ran.error["hint"]
    assert set((clinic.root / ".segmenter" / "exports").rglob("*.csv")) == files
    assert clinic.ok("retain", "--confirm")["removed"]["exports"]
