"""Two clocks: events follow their own `recorded_at`, facts without a date the snapshot of
`known_at`.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from segmenter.selftest.unreal import unreal
from segmenter.session import Session
from worlds import plain_consent, plain_project, write_csv

GRANTED = "2026-11-01T10:00:00Z"
WITHDRAWN = "2026-11-03T10:00:00Z"


def day(number):
    return datetime(2026, 11, number, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A grant is ingested on the 2nd; a withdrawal of the 3rd, and a link, arrive on the 10th."""
    root = plain_project(tmp_path_factory.mktemp("clocks"), patients=4)
    moments = dict.fromkeys(("effective_at", "recorded_at", "confirmed_at"), GRANTED)
    rows = [row for n in range(4) for row in plain_consent(f"id{n:04d}", **moments)]
    write_csv(root / "data" / "consent_a.csv", rows)
    clock = [day(2)]
    with unreal(root, now=lambda: clock[0]) as context:
        opened = Session(context)
        opened.ingest()
        said = {"effective_at": WITHDRAWN, "recorded_at": WITHDRAWN}
        write_csv(
            root / "data" / "consent_b.csv", plain_consent("id0001", state="withdrawn", **said)
        )
        write_csv(root / "data" / "links.csv", [{"patient_id": "id0001", "same_as": "id0002"}])
        clock[0] = day(10)
        opened.ingest()
        yield opened


def rules(session, patient, as_of, known_at):
    answer = session.why(patient, as_of=as_of, known_at=known_at).to_dict()
    return {reason["rule"] for reason in answer["reasons"]}


def test_a_withdrawal_recorded_before_a_moment_denies_then_whenever_it_was_ingested(session):
    assert "C7" in rules(session, "id0001", day(5), day(5))


def test_before_it_was_recorded_it_says_nothing(session):
    assert "C7" not in rules(session, "id0001", day(5), datetime(2026, 11, 3, 9, tzinfo=UTC))


def test_a_link_has_no_date_and_holds_from_its_snapshot_on(session):
    assert "C7" not in rules(session, "id0002", day(5), day(5))
    assert "C7" in rules(session, "id0002", day(11), day(11))
