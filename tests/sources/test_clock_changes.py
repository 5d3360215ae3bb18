"""Local times of the nights when clocks change: an hour comes twice, or never.

Such a time may be one of two moments. What says no takes the later one, what says yes the earlier
one, so that it can be tied or beaten; a suppression ends at the later one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import segmenter
from driving import Program, exported_ids
from oracle.times import read_moment
from segmenter.engine import DuckDBEngine
from segmenter.inputs import instant
from segmenter.model import naive_utc
from worlds import plain_consent, plain_project, write_csv

NIGHTS = {  # days on which clocks change; in Havana at midnight, on Lord Howe by half an hour
    "Europe/Paris": ["2026-03-29", "2026-10-25"],
    "America/Havana": ["2026-03-08", "2026-11-01"],
    "Australia/Lord_Howe": ["2026-04-05", "2026-10-04"],
    "Asia/Kolkata": ["2026-03-29"],
}
FORMS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


@st.composite
def local_texts(draw):
    """A zone, and dates around its changes of clocks."""
    zone = draw(st.sampled_from(sorted(NIGHTS)))
    text = st.builds(
        lambda day, seconds, form: (
            datetime.fromisoformat(day) + timedelta(seconds=seconds)
        ).strftime(form),
        st.sampled_from(NIGHTS[zone]),
        st.integers(-2 * 3600, 28 * 3600),
        st.sampled_from(FORMS),
    )
    return zone, draw(st.lists(text, min_size=1, max_size=60))


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with DuckDBEngine(tmp_path_factory.mktemp("spill"), None) as opened:
        yield opened


def readings(engine, zone, texts):
    """What the engine reads: text -> the earlier moment, the later one if there are two."""
    with engine.scope():
        table = engine.load(pl.DataFrame({"text": texts}, schema={"text": pl.String}))
        reads, values = {"instant_text": table}, {"time_zone": zone}
        first = engine.rows("instant", reads=reads, values=values)
        later = engine.rows("instant_later", reads=reads, values=values)
    return dict(first), dict(later)


@given(local_texts())
def test_a_date_is_read_as_the_plain_reading_reads_it(engine, zoned):
    zone, texts = zoned
    first, later = readings(engine, zone, texts)
    for text in texts:
        plain = read_moment(text, ZoneInfo(zone))
        assert first[text] == naive_utc(plain.starts_at), (zone, text)
        second = None if plain.latest == plain.starts_at else naive_utc(plain.latest)
        assert later[text] == second, (zone, text)


@given(local_texts())
def test_a_local_time_is_one_of_its_readings_and_no_other(engine, zoned):
    """A reading, told in the zone, is the time that was written; in the hour that never comes, it
    is as far from it as the clocks move.
    """
    zone, texts = zoned
    timed = [text for text in texts if len(text) > len("2026-03-29") and not text.endswith("Z")]
    first, later = readings(engine, zone, timed)
    for text in timed:
        written = datetime.fromisoformat(text)
        told = [
            at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            for at in (first[text], later[text])
            if at is not None
        ]
        if len(told) == 1 or told[0] == written:
            assert set(told) == {written}
        else:
            assert told[0] - written == written - told[1] != timedelta(0)


# -- the whole program -----------------------------------------------------------------------------

TWICE, NEVER = "2024-10-27 02:30:00", "2024-03-31 02:30:00"  # in Paris
BEFORE = {TWICE: "2024-10-27T00:15:00Z", NEVER: "2024-03-31T00:15:00Z"}
BETWEEN = {TWICE: "2024-10-27T01:00:00Z", NEVER: "2024-03-31T01:00:00Z"}
AFTER = {TWICE: "2024-10-27T01:45:00Z", NEVER: "2024-03-31T01:45:00Z"}
AS_OF = "2025-01-15"


def project(tmp_path, **files):
    """A plain project in Paris with other rows in some of its files."""
    root = plain_project(tmp_path, patients=6, time_zone="Europe/Paris")
    for name, rows in files.items():
        write_csv(root / "data" / f"{name}.csv", rows)
    return Program(root, inside=True)


def is_allowed(program):
    asked = ("--segment", "women", "--channel", "email", "--as-of", AS_OF)
    return program.ok("why", "id0000", *asked)["allowed"]


def said(text, state):
    """Consent events that say one thing at one time."""
    return [
        {**row, "effective_at": text, "recorded_at": text, "confirmed_at": text, "state": state}
        for row in plain_consent("id0000")
    ]


@pytest.mark.parametrize("doubtful", [TWICE, NEVER])
@pytest.mark.parametrize(("yes_at", "expected"), [(BEFORE, False), (BETWEEN, False), (AFTER, True)])
def test_a_denial_at_a_doubtful_time_is_lifted_after_its_later_reading_only(
    tmp_path, doubtful, yes_at, expected
):
    grants = said(yes_at[doubtful], "given")
    denial = {**grants[0], "event_id": "no", "channel": "*", "topic": "*", "category": "*"}
    no = {**denial, "state": "withdrawn", "effective_at": doubtful, "recorded_at": doubtful}
    program = project(tmp_path, consent_a=[*grants, no])
    program.ok("ingest")
    assert is_allowed(program) is expected


@pytest.mark.parametrize("doubtful", [TWICE, NEVER])
@pytest.mark.parametrize(("no_at", "expected"), [(BEFORE, True), (BETWEEN, False), (AFTER, False)])
def test_a_grant_at_a_doubtful_time_lifts_what_its_earlier_reading_is_later_than(
    tmp_path, doubtful, no_at, expected
):
    grants = said(doubtful, "given")
    denial = {**grants[0], "event_id": "no", "channel": "*", "topic": "*", "category": "*"}
    at = no_at[doubtful]
    no = {**denial, "state": "withdrawn", "effective_at": at, "recorded_at": at}
    program = project(tmp_path, consent_a=[*grants, no])
    program.ok("ingest")
    assert is_allowed(program) is expected


@pytest.mark.parametrize("doubtful", [TWICE, NEVER])
@pytest.mark.parametrize(
    ("no_at", "yes_at"),
    [("doubtful", BETWEEN), (BETWEEN, "doubtful"), ("doubtful", BEFORE), (AFTER, "doubtful")],
)
def test_a_no_of_preferences_is_not_lifted_by_a_yes_that_may_be_earlier(
    tmp_path, doubtful, no_at, yes_at
):
    def at(when):
        return doubtful if when == "doubtful" else when[doubtful]

    wish = {"patient_id": "id0000", "channel": "*", "topic": "*"}
    no = {**wish, "allowed": "false", "updated_at": at(no_at)}
    yes = {**wish, "allowed": "true", "updated_at": at(yes_at)}
    program = project(tmp_path, preferences=[no, yes])
    program.ok("ingest")
    program.ok("run", "women")
    assert sorted(exported_ids(program.export("women", "email")["file"])) == ["id0002", "id0004"]


def test_a_later_yes_lifts_a_no_of_the_night_before(tmp_path):
    wish = {"patient_id": "id0000", "channel": "*", "topic": "*"}
    no = {**wish, "allowed": "false", "updated_at": TWICE}
    yes = {**wish, "allowed": "true", "updated_at": AFTER[TWICE]}
    program = project(tmp_path, preferences=[no, yes])
    program.ok("ingest")
    program.ok("run", "women")
    assert len(exported_ids(program.export("women", "email")["file"])) == 3


def ends_of(session):
    """The ends of the opt-outs that were entered, each once."""
    entries = [
        entry for line in session.context.journal.read("suppress") for entry in line.body["entries"]
    ]
    return {entry["until"] for entry in entries}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2031-10-26 02:30", "2031-10-26T01:30:00+00:00"),
        ("2031-03-30T02:30", "2031-03-30T01:30:00+00:00"),
        ("2031-10-26T02:30+02:00", "2031-10-26T00:30:00+00:00"),
        ("2031-10-26", "2031-10-25T22:00:00+00:00"),
        (datetime.fromisoformat("2031-10-26T02:30"), "2031-10-26T01:30:00+00:00"),
    ],
)
def test_a_suppression_ends_at_the_later_reading(tmp_path, text, expected):
    assert instant(text, "Europe/Paris", latest=True).isoformat() == expected
    program = project(tmp_path)
    with segmenter.open(program.root) as session:
        session.suppress_add("email", "w@example.org", until=text)
        (until,) = ends_of(session)
        assert datetime.fromisoformat(until) == datetime.fromisoformat(expected)


def test_the_command_line_gives_the_end_as_it_was_written(tmp_path):
    program = project(tmp_path)
    program.ok("suppress", "add", "email", "w@example.org", "--until", "2031-10-26 02:30")
    with segmenter.open(program.root) as session:
        (until,) = ends_of(session)
    assert until.startswith("2031-10-26T01:30:00")
