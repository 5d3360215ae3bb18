"""Recall: whoever may not be in a file any more is taken out of it once, within 48 hours; who was
in a leaked file.
"""

from __future__ import annotations

import csv
from datetime import timedelta

import polars as pl
import pyrage
import pytest

from segmenter.engine import Tables
from segmenter.errors import Refusal, UsageError
from segmenter.export import manifest, recall
from segmenter.governance import exposure
from segmenter.project.policy import Destination
from segmenter.registers.exports import MANIFEST, RECALLED
from segmenter.suppression import changes
from segmenter.suppression.suppression_list import ListQuestion, listed_addresses, suppressed
from world import images
from world.mailing import CHECK, KEYS, MARKETER, NOW, OFFICER, Mailing, acts_in, named
from world.policies import CLINIC, policy_of

MAILER = Destination("mailer", "csv", ("email", "first_name"), None)
POLICY = policy_of(CLINIC)
PEOPLE = [
    {"patient_id": name, "email": f"{name}@example.org", "first_name": name.upper()}
    for name in "abcd"
]


def rows(path):
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def withdrawal(patient_id, **changed):
    told = {
        "patient_id": patient_id,
        "event_id": f"w-{patient_id}",
        "source": "crm",
        "state": "withdrawn",
        "method": "app",
    }
    moment = (NOW + timedelta(hours=1)).replace(tzinfo=None)
    return {
        **told,
        "purpose": "*",
        "channel": "*",
        "topic": "*",
        "category": "*",
        "effective_at": moment,
        "recorded_at": moment,
        **changed,
    }


def issue(world, policy=POLICY):
    """Recall as the program does, on the snapshot written last."""
    allowed = [number for name, number in world.numbers.items() if name not in world.refusing]
    registry = world.registry()
    with world.engines() as engine, registry.alone():
        tables = engine.attach(world.snapshot().path)
        tables |= world.lists(engine, tables)

        def decide(export, members):
            frame = pl.DataFrame({"patient": pl.Series(allowed, dtype=pl.Int64)})
            question = ListQuestion(export.channel, export.purpose, export.topic, world.clock[0])
            entries = tables["suppression_entry"]
            listed = listed_addresses(engine, entries, members, export.identifier, question)
            found = {
                "contactable": engine.load(frame),
                "suppressed": suppressed(engine, tables, question),
                "recall_listed": listed,
            }
            return Tables(found)

        recall.issue(engine, registry, world.snapshot(), tables, policy, decide, world.clock[0])
    return recall.listed(registry, world.clock[0]).recalls


@pytest.fixture
def world(tmp_path):
    made = Mailing(tmp_path, PEOPLE)
    made.write()
    made.export(MAILER)
    made.later(hours=2)
    return made


def test_a_withdrawal_after_an_export_is_recalled_once(world):
    assert issue(world) == ()
    world.consents, world.refusing = [withdrawal("b")], frozenset({"b"})
    world.write()
    (one,) = issue(world)
    assert rows(one.file) == [{"email": "b@example.org"}]
    assert (one.state, one.destination, one.due_at, one.late) == (
        "pending",
        "mailer",
        NOW + timedelta(hours=50),
        False,
    )
    assert manifest.verify(one.file.parent / f"{one.id}{MANIFEST}", KEYS).file_matches
    assert issue(world) == (one,)
    world.later(hours=48, seconds=1)
    assert recall.listed(world.registry(), world.clock[0]).recalls[0].state == "overdue"
    recall.acknowledge(world.registry(), one.id)
    recall.acknowledge(world.registry(), one.id)
    assert (
        recall.listed(world.registry(), world.clock[0]).to_dict()["recalls"][0]["state"]
        == "acknowledged"
    )
    assert not one.file.exists()
    with pytest.raises(UsageError):
        recall.acknowledge(world.registry(), "other")


def test_a_late_recorded_withdrawal_is_marked(world):
    before = (NOW - timedelta(days=3)).replace(tzinfo=None)
    world.consents, world.refusing = (
        [withdrawal("b", effective_at=before, recorded_at=before)],
        frozenset({"b"}),
    )
    world.write("later")
    world.in_use = "later"
    (one,) = issue(world)
    assert one.late
    assert rows(one.file) == [{"email": "b@example.org"}]


def test_consent_that_only_ran_out_is_no_recall(world):
    world.refusing = frozenset({"b"})
    assert issue(world) == ()


def test_a_death_learned_after_an_export_is_recalled(world):
    world.people = [{**person, "deceased": person["patient_id"] == "c"} for person in PEOPLE]
    world.write()
    (one,) = issue(world)
    assert rows(one.file) == [{"email": "c@example.org"}]


def test_an_opt_out_of_an_address_recalls_everyone_it_was_exported_for(world):
    changes.add(world.journal, OFFICER, [named("C@example.org", reason="complained")])
    (one,) = issue(world)
    assert rows(one.file) == [{"email": "c@example.org"}]


def test_the_removal_names_the_address_that_was_exported(world):
    world.people = [{"patient_id": "a", "email": "moved@example.org"}, *PEOPLE[1:]]
    world.write("later")
    world.in_use = "later"
    changes.add(world.journal, OFFICER, [named("a", "patient_id", reason="do_not_contact")])
    (one,) = issue(world)
    assert rows(one.file) == [{"email": "a@example.org"}]


def test_one_file_a_destination_encrypted_to_it_alone(tmp_path):
    identity = pyrage.x25519.Identity.generate()
    sealed = Destination("mailer", "csv", ("email",), str(identity.to_public()))
    world = Mailing(tmp_path, PEOPLE)
    world.write()
    world.export(sealed)
    world.export(sealed)
    world.export(CHECK)
    world.later(hours=1)
    changes.add(world.journal, OFFICER, [named("a@example.org"), named("b@example.org")])
    found = {one.destination: one for one in issue(world)}
    assert found.keys() == {"mailer", "check"}
    assert len(found["mailer"].exports) == 2
    text = pyrage.decrypt(found["mailer"].file.read_bytes(), [identity]).decode()
    assert sorted(text.split()) == ["a@example.org", "b@example.org", "email"]
    assert {row["patient_id"] for row in rows(found["check"].file)} == {"a", "b"}


def test_a_file_whose_use_ended_is_not_recalled(world):
    world.later(days=31)
    changes.add(world.journal, OFFICER, [named("a@example.org")])
    assert issue(world) == ()


def test_one_can_say_who_already_has_the_file(world):
    (one,) = world.registry().exports()
    with world.engines() as engine:
        identity = engine.attach(world.snapshot().path)["identity"]
        with pytest.raises(Refusal):
            exposure.exposed(engine, world.registry(MARKETER), POLICY, identity, one.export, NOW)
        with pytest.raises(UsageError):
            exposure.exposed(engine, world.registry(), POLICY, identity, "other", NOW)
        found = exposure.exposed(engine, world.registry(), POLICY, identity, one.export, NOW)
    assert found.members == ("a", "b", "c", "d")
    assert found.categories == ("contact", "identity")
    assert "4 patients" in found.notice["en"]
    assert "art. 33, § 3" in found.notice["fr"]
    assert "a@example.org" not in repr(found)
    assert found.to_dict()["members"] == ["a", "b", "c", "d"]


def whole(world, recall_id):
    """Whether a recall's folder is complete: its manifest holds, and its register has whom its file
    names.
    """
    told = world.home / "exports" / recall_id / f"{recall_id}{MANIFEST}"
    verified = manifest.verify(told, KEYS)
    with world.engines() as engine:
        register = world.registry().read(engine, recall_id)
        members = [
            patient
            for (patient,) in engine.connection.execute(
                f"SELECT patient FROM {register.name}"
            ).fetchall()
        ]
    named_there = [row["email"][0] for row in rows(told.parent / verified.content["file"])]
    return verified.file_matches and sorted(world.numbers[one] for one in named_there) == sorted(
        members
    )


def test_kill_9_at_any_step_of_a_recall_recalls_once_and_shows_nothing_half_made(tmp_path):
    home = tmp_path / "home"
    world = Mailing(home, PEOPLE, file_key=None)
    world.write()
    world.export(MAILER)
    world.later(hours=2)
    changes.add(world.journal, OFFICER, [named("b@example.org"), named("c@example.org")])
    (exported,) = world.registry().exports()
    with images.taken(home, tmp_path / "images") as left:
        issue(world)
    made = []
    for image in left:
        found = Mailing(image, PEOPLE, file_key=None, now=world.clock[0])
        shown = {name for name in acts_in(image) if not name.startswith(".")} - {exported.export}
        assert all(whole(found, one) for one in shown)
        made.append(any(act.kind == RECALLED for act in found.journal.read()))
        (one,) = issue(found)
        assert whole(found, one.id)
        assert [row["email"] for row in sorted(rows(one.file), key=str)] == [
            "b@example.org",
            "c@example.org",
        ]
        assert acts_in(image) == {exported.export, one.id}
        assert {path.stem for path in (image / "registers").iterdir()} == {exported.export, one.id}
        assert issue(found) == (one,)
    assert made == sorted(made)
    assert set(made) == {False, True}
    assert len(left) > 10
