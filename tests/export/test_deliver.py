"""What surrounds an export: when it may be planned for, where a refusal points, and an unsubscribe
link on its way back.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from driving import Program
from segmenter.errors import UsageError
from segmenter.selftest.unreal import unreal
from segmenter.session import Session
from worlds import plain_project

URL = "https://clinique.example/out/"
EXPORT = ("export", "women", "--channel", "email", "--destination", "mailer")
DESTINATIONS = {"mailer": {"format": "csv", "columns": ["email"], "encrypt": "none"}}


@pytest.fixture
def program(tmp_path):
    """A project with links to unsubscribe, ingested and released."""
    made = Program(
        plain_project(tmp_path, patients=6, unsubscribe_url=URL, destinations=DESTINATIONS),
        inside=True,
    )
    made.ok("ingest")
    made.ok("run", "women")
    return made


def mailed(program):
    with Path(program.ok(*EXPORT)["file"]).open(encoding="utf-8", newline="") as handle:
        return {row["email"]: row["list_unsubscribe"] for row in csv.DictReader(handle)}


def test_a_planned_time_that_is_over_is_refused(program):
    ran = program(*EXPORT, "--planned-at", "2020-01-01T12:00Z", "--json")
    assert (ran.status, ran.error["message"]) == (2, "the planned time of sending is in the past")
    day_after = datetime.now(UTC) + timedelta(days=2)
    assert (
        program(*EXPORT, "--planned-at", day_after.strftime("%Y-%m-%dT%H:%MZ"), "--json").status
        == 0
    )


def test_a_planned_time_is_over_with_its_minute(tmp_path):
    root = plain_project(tmp_path, patients=6, unsubscribe_url=URL, destinations=DESTINATIONS)
    now = datetime.now(UTC).replace(
        second=50
    )  # it stands still, so that no minute ends while the test runs
    told = {"channel": "email", "destination": "mailer"}
    with unreal(root, now=lambda: now + timedelta(minutes=1)) as context:
        session = Session(context)
        session.ingest()
        session.run("women")
        session.export(
            "women", planned_at=now.replace(second=0, microsecond=0) + timedelta(minutes=1), **told
        )
        with pytest.raises(UsageError, match="in the past"):
            session.export("women", planned_at=now.replace(second=59), **told)


def test_a_channel_the_segment_does_not_list_is_refused_at_its_line(program):
    told = program("export", "women", "--channel", "post", "--destination", "mailer", "--json")
    lines = (program.root / "segments" / "women.yml").read_text(encoding="utf-8").splitlines()
    assert (told.status, told.error["rule"], Path(told.error["file"]).name) == (
        3,
        "C14",
        "women.yml",
    )
    assert "channels" in lines[told.error["line"] - 1]


def test_the_token_of_an_unsubscribe_link_suppresses_whom_it_was_made_for(program):
    links = mailed(program)
    gone, *kept = sorted(links)
    for written in (links[gone], links[gone].removeprefix(URL)):
        told = program("suppress", "add", "token", written, "--json")
        assert told.status == 0
        assert told.json["channel"] == "email"
        assert gone.partition("@")[0] not in told.out
    assert sorted(mailed(program)) == kept
    (recalled,) = program.ok("recall")["recalls"]
    assert gone in Path(recalled["file"]).read_text(encoding="utf-8")


@pytest.mark.parametrize("token", ["0" * 32, "", "x", f"{URL}{'f' * 32}"])
def test_another_token_suppresses_nobody_and_tells_nothing(program, token):
    mailed(program)
    assert program("suppress", "add", "token", token, "--json").status == 2
    assert program("suppress", "add", "token", "0" * 32, "--channel", "sms", "--json").status == 2
    assert len(mailed(program)) == 3
