"""The whole job, compared member by member with the plain reading of the documents in `oracle`."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest

import segmenter
from driving import MAKE_WORLD, Program, exported_ids, kept_cells, make_world
from oracle.addresses import profiles
from oracle.events import DATES, SCOPE, text
from oracle.project import Project
from segmenter.selftest.unreal import unreal
from segmenter.session import Session
from worlds import plain_project, random_project

needs_make_world = pytest.mark.skipif(
    not MAKE_WORLD.is_file(), reason="../shared/tools/make_world.py is not beside this checkout"
)


def loosen(root):
    """Few patients are enough for a cell to show, and nearly no noise: more members to compare."""
    path = root / "policy.yml"
    terms = path.read_text(encoding="utf-8").replace(
        "patients: 11, confidence: 0.99", "patients: 1, confidence: 0.9"
    )
    path.write_text(
        terms.replace("release: {epsilon: 2.0", "release: {epsilon: 12.0"), encoding="utf-8"
    )


class Job:
    """One project through ingest, run and every export, and beside it the oracle."""

    def __init__(self, root, clock=lambda: datetime.now(UTC)):
        self.plain = Project.read(root)
        self.clock = clock
        self.contacted = {}
        self.files = {}

    def pairs(self):
        return [
            (name, channel)
            for name, segment in self.plain.segments.items()
            for channel in segment["channels"]
        ]

    def compare(self, run, export):
        """`export(segment, channel)` gives the contract's answer. Returns how many members were
        compared.
        """
        for segment, channel in self.pairs():
            answer = export(segment, channel)
            found = exported_ids(answer["file"])
            now = self.clock()
            wanted = self.plain.export(
                segment,
                channel,
                kept_cells(run, segment),
                now,
                ["patient_id"],
                self.contacted.get(channel),
            )
            assert len(found) == len(set(found)), (
                f"{segment} {channel}: somebody is in the file twice"
            )
            self.explain(segment, channel, set(found), set(wanted.members), wanted.reasons)
            self.files[segment, channel] = found
            for one in found:
                self.contacted.setdefault(channel, {}).setdefault(one, []).append(now)
        return sum(len(found) for found in self.files.values())

    def explain(self, segment, channel, found, wanted, reasons):
        extra = {
            one: reasons.get(one, "not a member of the kept cells")
            for one in sorted(found - wanted)[:5]
        }
        missing = sorted(wanted - found)[:5]
        assert not extra, f"{segment} by {channel}: in the file, and should not be: {extra}"
        assert not missing, f"{segment} by {channel}: should be in the file: {missing}"

    def nobody_who_must_not_be(self):
        """Looked up in the raw rows, one sentence at a time."""
        now = self.clock()
        rows = {row["patient_id"].strip(): row for row in self.plain.rows["patient"]}
        listed = {
            form
            for entry in self.plain.entries
            if entry.channel in ("*", "email")
            and entry.until is None
            and entry.purpose == entry.topic == "*"
            for form in profiles(entry.kind, entry.value, "FR")
        }
        told = {}
        for given in self.plain.rows["consent"]:
            row = {
                name: text(given, name)
                for name in (
                    *SCOPE,
                    *DATES,
                    "patient_id",
                    "state",
                    "evidence",
                    "notice_version",
                    "method",
                )
            }
            told.setdefault(row["patient_id"].strip(), []).append(row)
        for (segment, channel), found in self.files.items():
            terms = self.plain.policy["purposes"][self.plain.segments[segment]["purpose"]]
            fresh = now - timedelta(days=terms["max_age_days"])
            for one in found:
                assert rows[one]["deceased"] in ("", "false", "0", "no")
                assert (self.plain.world.age(one, now) or 0) >= self.plain.policy["min_age"]
                if channel == "email":
                    assert not listed & set(profiles("email", rows[one]["email"], "FR"))
                proven = [
                    row
                    for row in told[one]
                    if row["state"] in ("given", "renewed")
                    and row["evidence"]
                    and row["notice_version"]
                    and row["method"] not in ("import", "sync", "merge", "default")
                    and row["purpose"] == self.plain.segments[segment]["purpose"]
                ]
                assert proven
                assert max(row["effective_at"] for row in proven) > fresh.strftime("%Y-%m-%d")
                last = max((row["effective_at"] for row in proven), default="")
                denied = [
                    row
                    for row in told[one]
                    if row["state"] == "withdrawn"
                    and row["effective_at"][:2] == "20"
                    and all(
                        row[field] in ("", "*")
                        for field in ("purpose", "channel", "topic", "category")
                    )
                ]
                due = [
                    row
                    for row in denied
                    if last < row["effective_at"] < f"{now:%F}" and row["recorded_at"] < f"{now:%F}"
                ]
                assert not due


MOMENTS = (
    *("2026-11-22T10:20:30", "2028-02-29T23:59:59", "2026-12-31T23:59:59"),
    *("2027-03-28T01:00:00", "2027-10-31T01:00:00", "2035-07-01T00:00:00"),
)


@pytest.mark.parametrize(("seed", "moment"), list(enumerate(MOMENTS)))
def test_random_projects_export_exactly_what_the_documents_say(tmp_path, seed, moment):
    """At moments when days, years, leap days and summer times begin and end; the clock stands
    still.
    """
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    root = random_project(tmp_path, seed, now)
    with unreal(root, now=lambda: now) as context:
        session = Session(context)
        session.ingest()
        run = session.run().to_dict()
        job = Job(root, lambda: now)
        job.compare(
            run,
            lambda segment, channel: session.export(
                segment, channel=channel, destination="check"
            ).to_dict(),
        )
    job.nobody_who_must_not_be()


@needs_make_world
@pytest.mark.parametrize(
    ("seed", "patients", "loose", "inside"),
    [(1, 400, True, False), (2, 3000, True, True), (3, 9000, False, True)],
)
def test_worlds_around_real_patients_export_exactly_what_the_documents_say(
    tmp_path, seed, patients, loose, inside
):
    root = make_world(tmp_path, seed, patients)
    if loose:
        loosen(root)
    program = Program(root, inside)
    program.ok("ingest")
    run = program.ok("run")
    job = Job(root)
    compared = job.compare(run, program.export)
    job.nobody_who_must_not_be()
    assert compared > patients / 20, "too few members to mean anything"


def test_a_loose_plain_project_exports_everybody(tmp_path):
    root = plain_project(tmp_path)
    with segmenter.open(root) as session:
        session.ingest()
        run = session.run()
        answer = session.export("women", channel="email", destination="check").to_dict()
    assert kept_cells(run.to_dict(), "women") == [{"sex": "F"}]
    assert sorted(exported_ids(answer["file"])) == [f"id{n:04d}" for n in range(0, 40, 2)]


def test_caps_count_what_was_exported(tmp_path):
    capped = {"identifier": "email", "cap": {"contacts": 2, "per_days": 30}}
    channels = {"email": capped, "sms": {"identifier": "phone"}, "post": {"identifier": "postal"}}
    root = plain_project(tmp_path, channels=channels)
    with segmenter.open(root) as session:
        session.ingest()
        session.run()
        sizes = [
            len(
                exported_ids(
                    session.export("women", channel=channel, destination="check").to_dict()["file"]
                )
            )
            for channel in ("email", "email", "email", "sms")
        ]
    assert sizes == [20, 20, 0, 20]


def test_a_withdrawal_after_the_ingest_counts_once_it_is_ingested_and_an_export_needs_no_new_run(
    tmp_path,
):
    root = plain_project(tmp_path)
    with segmenter.open(root) as session:
        session.ingest()
        session.run()
        with (root / "data" / "consent_a.csv").open("a", newline="", encoding="utf-8") as handle:
            at = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
            fields = [
                "w1",
                "id0004",
                "",
                "",
                "",
                "",
                "withdrawn",
                at,
                at,
                "",
                "",
                "chatbot",
                "self",
                "",
                "",
                "bot",
            ]
            csv.writer(handle).writerow(fields)
        session.ingest()
        answer = session.export("women", channel="email", destination="check").to_dict()
    found = exported_ids(answer["file"])
    assert "id0004" not in found
    assert len(found) == 19
