"""Whoever was told "done" before an export's entry in the journal is not in its file: opt-outs that
are added or imported, withdrawals in a newer snapshot.

The acts come at every step of an export that it tells of, and from other threads at any moment.
"""

from __future__ import annotations

import csv
import os
import threading
from pathlib import Path

import pytest

import segmenter
from ledgers import POSTGRES, SERVERS, fresh_schema
from segmenter.journal.failures import URL_VARIABLE
from segmenter.registers.entries import ADDED, IMPORTED
from segmenter.registers.exports import EXPORTED
from worlds import plain_project

DESTINATIONS = {"mailer": {"format": "csv", "columns": ["email"], "encrypt": "none"}}
PATIENTS = 60
ROUNDS = 1000  # opt-outs that race exports


@pytest.fixture
def root(tmp_path):
    made = plain_project(tmp_path, patients=PATIENTS, destinations=DESTINATIONS)
    with segmenter.open(made) as session:
        session.ingest()
        session.run("women")
    return made


def exported(session):
    made = session.export("women", channel="email", destination="mailer")
    return made.export, emails(made.file)


def emails(file):
    with Path(file).open(encoding="utf-8", newline="") as handle:
        return [row["email"] for row in csv.DictReader(handle)]


def steps_of(root):
    """Every step that an export tells of, in order."""
    told = []
    with segmenter.open(root, progress=lambda step, _done=None: told.append(step)) as session:
        _, members = exported(session)
    return told[:-1], members  # the last one is told when all is done


def export_with(root, step, act):
    """An export during which `act` happens at the first telling of a step."""
    done = []

    def watch(told, _done=None):
        if told == step and not done:
            done.append(told)
            with segmenter.open(root) as other:
                act(other)

    with segmenter.open(root, progress=watch) as session:
        _, members = exported(session)
    assert done
    return members


def test_an_opt_out_added_at_any_step_is_honoured(root):
    steps, members = steps_of(root)
    assert {"writing", "registering"} <= set(steps)
    for step, gone in zip(steps, members, strict=False):
        left = export_with(root, step, lambda other, gone=gone: other.suppress_add("email", gone))
        assert gone not in left, step


def test_a_list_imported_at_any_step_is_honoured(root, tmp_path):
    steps, members = steps_of(root)
    for step, gone in zip(steps, members, strict=False):
        file = tmp_path / "out.csv"
        file.write_text(f"email\n{gone}\n", encoding="utf-8")
        left = export_with(root, step, lambda other: other.suppress_import(tmp_path / "out.csv"))
        assert gone not in left, step


def test_a_withdrawal_ingested_at_any_step_is_honoured(root):
    steps, members = steps_of(root)
    patients = (root / "data" / "patients.csv").read_text(encoding="utf-8")
    for step, gone in zip(steps, members, strict=False):
        kept = [line for line in patients.splitlines() if gone not in line]
        assert len(kept) < len(patients.splitlines())
        (root / "data" / "patients.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
        left = export_with(root, step, lambda other: other.ingest())
        assert gone not in left, step


def test_an_opt_out_between_the_files_and_the_journal_is_honoured(root, monkeypatch):
    """The last moment: the files are written, the entry is not."""
    from segmenter.journal.journal import Journal

    _, members = steps_of(root)
    gone, decide = members[0], Journal.decide
    other = segmenter.open(root)
    waiting = [gone]

    def late(self, choose):
        if (
            self is not other.context.journal
            and waiting
            and "settle" in choose.__code__.co_freevars
        ):
            other.suppress_add("email", waiting.pop())
        return decide(self, choose)

    monkeypatch.setattr(Journal, "decide", late)
    with segmenter.open(root) as session:
        export, left = exported(session)
        (recalled,) = session.recall().recalls
    assert not waiting
    assert sorted(left) == sorted(set(members) - {gone})
    assert export not in recalled.exports


# -- a race ----------------------------------------------------------------------------------------


@pytest.fixture(params=SERVERS)
def database(request, monkeypatch):
    """The journal on SQLite, and on PostgreSQL if there is a server."""
    if request.param == "sqlite":
        monkeypatch.delenv(URL_VARIABLE, raising=False)
        yield
        return
    if POSTGRES not in os.environ:
        pytest.skip(f"{POSTGRES} is not set")
    for url in fresh_schema():
        monkeypatch.setenv(URL_VARIABLE, url)
        yield


def race(root, opt_out, addresses):
    """Opt everyone out in one thread while another exports; gives the journal and the files."""
    failures = []

    def leave():
        try:
            with segmenter.open(root) as session:
                for address in addresses:
                    opt_out(session, address)
        except BaseException as error:  # noqa: BLE001  told below
            failures.append(error)

    leaver = threading.Thread(target=leave)
    leaver.start()
    with segmenter.open(root) as session:
        while leaver.is_alive():
            exported(session)
        leaver.join()
        assert failures == []
        acts = session.context.journal.read()
        files = {one.export: one.file for one in registered(session)}
    return acts, files


def registered(session):
    from segmenter.workflows.places import registry_of

    return registry_of(session.context).exports()


def hashes(session, address):
    from segmenter.suppression.changes import hashes_of

    return hashes_of(session.context.keys, "FR", "email", address)


def test_of_a_thousand_opt_outs_that_race_exports_none_is_in_a_later_file(tmp_path, database):
    people = plain_project(tmp_path, patients=2 * ROUNDS, destinations=DESTINATIONS)
    with segmenter.open(people) as session:
        session.ingest()
        session.run("women")
        _, members = exported(session)
        known = {digest: one for one in members for digest in hashes(session, one)}
    acts, files = race(people, lambda session, one: session.suppress_add("email", one), members)
    gone, between = set(), 0
    for act in acts:
        if act.kind == ADDED:
            gone |= {known[entry["hash"]] for entry in act.body["entries"]}
        elif act.kind == EXPORTED:
            file = people / ".segmenter" / "exports" / act.body["export"]
            left = emails(file / files[act.body["export"]])
            assert gone.isdisjoint(left)
            assert len(left) == len(members) - len(gone)
            between += 0 < len(gone) < len(members)
    assert len(gone) == len(members) == ROUNDS
    assert between > 0


def test_lists_imported_in_a_race_with_exports_are_honoured(database, root, tmp_path):
    _, members = steps_of(root)

    def import_one(session, address):
        file = tmp_path / f"{address}.csv"
        file.write_text(f"email\n{address}\n", encoding="utf-8")
        session.suppress_import(file)

    acts, files = race(root, import_one, members[:12])
    imported = 0
    for act in acts:
        if act.kind == IMPORTED:
            imported += 1
        elif act.kind == EXPORTED:
            file = root / ".segmenter" / "exports" / act.body["export"]
            left = emails(file / files[act.body["export"]])
            assert set(members[:imported]).isdisjoint(left)
            assert len(left) == len(members) - imported
