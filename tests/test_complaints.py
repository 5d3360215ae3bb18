"""What goes wrong with mailings elsewhere, one test a complaint. Those that need a whole erasure or recall stand in their own files.

    imports resurrect opt-outs                        test_suppression.test_imports_never_resurrect_an_opt_out
    deleted profiles come back as new                 test_erase.test_deleted_profiles_do_not_come_back_as_new
    nobody can say who already has the file           test_recall.test_one_can_say_who_already_has_the_file
"""

from __future__ import annotations

import csv
import json
import multiprocessing

from segmenter.engine import DuckDBEngine
from segmenter.export import entries, suppression
from segmenter.sources import lists
from world.mailing import CHECK, OFFICER, Mailing, named

PEOPLE = [{"patient_id": name, "email": f"{name}@example.org"} for name in "abcd"]


def test_suppression_is_checked_when_it_is_sent_and_not_when_it_is_queued(tmp_path):
    world = Mailing(tmp_path, PEOPLE)
    assert set(world.reasons().values()) == {None}
    suppression.add(world.journal, OFFICER, [named("b@example.org", reason="unsubscribed")])
    with world.export(CHECK).file.open(newline="") as handle:
        assert sorted(row["patient_id"] for row in csv.DictReader(handle)) == ["a", "c", "d"]


def test_get_requests_unsubscribe_nobody(tmp_path):
    """A link that a scanner opens, a message read, a click: none of it is an opt-out."""
    file = tmp_path / "events.jsonl"
    told = {"timestamp": "2026-11-01T00:00:00Z"}
    mail = {"destination": ["a@example.org"]}
    events = [{"eventType": kind, kind.lower(): told, "mail": mail} for kind in ("Open", "Click", "Delivery")]
    file.write_text("\n".join(json.dumps(event) for event in events), encoding="utf-8")
    with DuckDBEngine(tmp_path / "spill", None) as engine:
        listed = lists.read(engine, [lists.of_path(file)], "mail")
    assert (listed.read, listed.entries) == (3, 0)


def import_one(home, address, gate):
    world = Mailing(home, PEOPLE)
    engine = world.open()
    gate.wait()
    with suppression.imports(world.home):
        suppression.load(engine, world.home, world.journal.read())
        engine.load("suppression_incoming", entries.frame([named(address, source=address)]))
        suppression.import_entries(engine, world.home, world.journal, OFFICER, 1, ())
    engine.__exit__(None, None, None)


def test_overlapping_rebuilds_lose_nobody(tmp_path):
    """Lists imported at the same time all hold afterwards."""
    world = Mailing(tmp_path, PEOPLE)
    fresh = multiprocessing.get_context("spawn")
    gate = fresh.Barrier(3)
    children = [fresh.Process(target=import_one, args=(tmp_path, f"{name}@example.org", gate)) for name in "abc"]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert world.reasons() == {"a": "suppressed", "b": "suppressed", "c": "suppressed", "d": None}
