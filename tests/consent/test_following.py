"""Law 6 through ingest itself: files come one after the other, and each state that follows equals
one made from all events.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import segmenter
from segmenter.consent import state
from segmenter.workflows.decisions import settle
from world.settled import STATE_TABLES
from worlds import plain_consent, plain_patient, plain_project, write_csv


def state_rows(context, path):
    """What a state holds."""
    rows = {}
    with context.store.engine() as engine:
        held = engine.attach(path)
        for table in STATE_TABLES:
            found = engine.connection.execute(f"FROM {held[table].name}").fetchall()
            rows[table] = sorted(found, key=repr)
    return rows


def touched(context):
    """Whom the newest ingest touched: ids, and whether they merely said something new."""
    with context.store.engine() as engine:
        tables = engine.attach(context.store.current(context.journal).path)
        counting = (
            "SELECT patient_id, bool_and(since IS NOT NULL) "
            f"FROM {tables['touched'].name} JOIN {tables['identity'].name} USING (patient) "
            "GROUP BY ALL"
        )
        return dict(engine.connection.execute(counting).fetchall())


def moment(days):
    """So many days from now."""
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def files_of_denials():
    """Files of new denials alone: lifted ones, some to come or known later, a bare date, several
    scopes.
    """
    say = plain_consent
    earlier, later = moment(-20), moment(5)
    return [
        say("id0007", state="refused", effective_at=earlier)
        + say("id0003", state="refused", effective_at=earlier),
        say("id0007", state="withdrawn", effective_at=later)
        + say("id0008", state="refused", recorded_at=later),
        say("id0008", state="objected", effective_at=later[:10], channel="sms")
        + say("id0007", state="deferred"),
        say("id0007", state="withdrawn", effective_at=earlier[:10])
        + say("id0009", state="revoked", topic="screening"),
        say("id0009", state="refused", category="")[:1]
        + say("id0009")
        + say("id0001", state="refused"),
        say("id0009", state="refused", effective_at=earlier, channel="email"),
    ]


def files_of_events():
    say = plain_consent
    return [
        say("id0001", state="withdrawn", evidence="")[:1],
        say("id0001", channel="email") + say("id0002", purpose="offers"),
    ]


def more_files_of_events():
    say = plain_consent
    return [
        say("id0099") + say("id0005", state="refused"),
        say("id0006", state="who knows", effective_at="soon"),
    ]


def changed_patients():
    """Another name for a column, another age, and one patient fewer."""
    rows = []
    for number in (*range(12), 99):
        row = plain_patient(f"id{number:04d}")
        rows.append({"gender" if name == "sex" else name: text for name, text in row.items()})
    return [*rows[:4], {**rows[4], "age": "12"}, *rows[6:]]


def steps():
    """The files that come, in order: (name, rows)."""
    link = [{"patient_id": "id0001", "same_as": "id0003"}]
    objection = plain_consent("id0003", state="objected", channel="sms")
    events = [*files_of_events(), *more_files_of_events(), *files_of_denials()]
    named = [(f"consent_{number:02}.csv", rows) for number, rows in enumerate(events)]
    return [
        *named[:2],
        ("links.csv", link),
        ("consent_after_link.csv", objection),
        ("patients.csv", changed_patients()),
        *named[2:],
    ]


def test_states_that_follow_each_other_equal_ones_made_anew(tmp_path):
    root = plain_project(tmp_path, patients=12)
    touched_by = []
    with segmenter.open(root) as session:
        session.ingest()
        context = session.context
        for name, rows in steps():
            write_csv(root / "data" / name, rows)
            session.ingest()
            touched_by.append(touched(context))
            snapshot = context.store.current(context.journal)
            path = context.store.state_path(snapshot, state.mark(context.policy))
            followed = state_rows(context, path)
            path.unlink()
            settle(context, snapshot)
            context.record("settle", context.bound.files(path))
            assert state_rows(context, path) == followed
    assert touched_by[0] == {"id0001": True}
    assert touched_by[1] == {"id0001": True, "id0002": True}
    assert touched_by[4].items() >= {"id0004": False, "id0005": False, "id0099": False}.items()
