"""A load of which too much was set aside is not used, and no export goes out meanwhile (R3)."""

from __future__ import annotations

import pytest

import segmenter
from segmenter.errors import Refusal, UsageError
from segmenter.workflows.loads import require_passed
from worlds import SOURCES, plain_project, write_yaml

STRICT = {
    **SOURCES,
    "consent": [{"read": "data/consent_*.csv"}],
    "suppression": SOURCES["suppression"][:1],
}
CONSENT = "data/consent_bad.csv"


@pytest.fixture
def session(tmp_path):
    root = plain_project(tmp_path)
    write_yaml(root / "sources.yml", STRICT)
    with segmenter.open(root) as opened:
        opened.ingest()
        opened.run()
        yield opened


def spoil(session):
    """Bring a file whose rows nobody can read."""
    root = session.context.root
    header = min((root / "data").glob("consent_*.csv")).read_text().splitlines()[0]
    rows = "\n".join("torn" for _ in range(5000))
    (root / CONSENT).write_text(f"{header}\n{rows}\n", encoding="utf-8")


def export(session):
    segment = min(path.stem for path in (session.context.root / "segments").glob("*.yml"))
    return session.export(segment, channel="email")


def test_a_refused_load_leaves_the_old_snapshot_and_stops_exports(session):
    journal = session.context.journal
    before = session.context.store.current(journal).id
    spoil(session)
    with pytest.raises(Refusal, match="consent: more rows were set aside") as refused:
        session.ingest()
    assert (refused.value.rule, refused.value.exit_status) == ("R3", 3)
    assert "5000" not in str(refused.value)
    assert session.context.store.current(journal).id == before
    assert len(list((session.context.home / "snapshots").glob("*.duckdb"))) == 1
    with pytest.raises(Refusal, match="newest load was refused") as stopped:
        export(session)
    assert stopped.value.rule == "R3"


def test_a_load_that_passes_ends_it(session):
    spoil(session)
    with pytest.raises(Refusal):
        session.ingest()
    (session.context.root / CONSENT).unlink()
    session.ingest()
    require_passed(session.context)


def test_an_officer_may_accept_it_with_a_reason(session):
    spoil(session)
    with pytest.raises(UsageError, match="reason"):
        session.ingest(accept="R3")
    with pytest.raises(UsageError, match="cannot be accepted"):
        session.ingest(accept="S7", reason="because")
    session.ingest(accept="R3", reason="the file is an empty form")
    body = session.context.journal.read("ingest")[-1].body
    assert (body["accepted"], body["reason"]) == ("R3", "the file is an empty form")
    require_passed(session.context)
