"""Law 6 through ingest itself: files come one after the other, and each state that follows equals
one that is made from all events.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import segmenter
from segmenter.consent import state
from segmenter.workflows.decisions import settle
from worlds import plain_consent, plain_patient, plain_project, write_csv

TABLES = ("person", "kin", "linked", "buried", *state.NEWEST)


def rows(context, path):
    """What a state holds."""
    with context.store.engine() as engine:
        engine.attach("state", path)
        return {
            table: sorted(engine.connection.execute(f"FROM state.{table}").fetchall(), key=repr)
            for table in TABLES
        }


def touched(context):
    """Whom the newest ingest touched: ids, and whether they merely said something new."""
    with context.store.reading(context.store.current(context.journal)) as engine:
        found = "SELECT patient_id, bool_and(since IS NOT NULL) FROM touched JOIN identity USING (patient) GROUP BY ALL"
        return dict(engine.connection.execute(found).fetchall())


def denials():
    """Files of new denials alone: one before the grants that lift it, one to come, one known later,
    a bare date, several scopes at once.
    """
    say = plain_consent
    earlier, later = (
        (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        for days in (-20, 5)
    )
    yield (
        "g",
        say("id0007", state="refused", effective_at=earlier)
        + say("id0003", state="refused", effective_at=earlier),
    )
    yield (
        "h",
        say("id0007", state="withdrawn", effective_at=later)
        + say("id0008", state="refused", recorded_at=later),
    )
    yield (
        "i",
        say("id0008", state="objected", effective_at=later[:10], channel="sms")
        + say("id0007", state="deferred"),
    )
    yield (
        "j",
        say("id0007", state="withdrawn", effective_at=earlier[:10])
        + say("id0009", state="revoked", topic="screening"),
    )
    yield (
        "k",
        say("id0009", state="refused", category="")[:1]
        + say("id0009")
        + say("id0001", state="refused"),
    )
    yield "l", say("id0009", state="refused", effective_at=earlier, channel="email")


def test_states_that_follow_each_other_equal_ones_made_anew(tmp_path):
    root = plain_project(tmp_path, patients=12)
    data = root / "data"
    people = [plain_patient(f"id{n:04d}") for n in (*range(12), 99)]
    renamed = [
        {("gender" if name == "sex" else name): text for name, text in row.items()}
        for row in people
    ]
    steps = [
        lambda: write_csv(
            data / "consent_b.csv", plain_consent("id0001", state="withdrawn", evidence="")[:1]
        ),
        lambda: write_csv(
            data / "consent_c.csv",
            plain_consent("id0001", channel="email") + plain_consent("id0002", purpose="offers"),
        ),
        lambda: write_csv(data / "links.csv", [{"patient_id": "id0001", "same_as": "id0003"}]),
        lambda: write_csv(
            data / "consent_d.csv", plain_consent("id0003", state="objected", channel="sms")
        ),
        lambda: write_csv(
            data / "patients.csv", [*renamed[:4], {**renamed[4], "age": "12"}, *renamed[6:]]
        ),
        lambda: write_csv(
            data / "consent_e.csv",
            plain_consent("id0099") + plain_consent("id0005", state="refused"),
        ),
        lambda: write_csv(
            data / "consent_f.csv", plain_consent("id0006", state="who knows", effective_at="soon")
        ),
    ]
    steps += [
        lambda name=name, rows=rows: write_csv(data / f"consent_{name}.csv", rows)
        for name, rows in denials()
    ]
    merely = []
    with segmenter.open(root) as session:
        session.ingest()
        context = session.context
        for step in steps:
            step()
            session.ingest()
            merely.append(touched(context))
            snapshot = context.store.current(context.journal)
            path = context.store.state_path(snapshot, state.mark(context.policy))
            followed = rows(context, path)
            path.unlink()
            settle(context, snapshot)
            assert rows(context, path) == followed
    assert merely[0] == {"id0001": True}
    assert merely[1] == {"id0001": True, "id0002": True}
    assert merely[4].items() >= {"id0004": False, "id0005": False, "id0099": False}.items()
