"""Erasure, access and retention: what is held, and that nothing is left when it should not be."""

from __future__ import annotations

import csv
import multiprocessing
import os
from datetime import timedelta
from pathlib import Path

import pytest

from segmenter.erasure import erase, prove, retain, rewrite, tombstones
from segmenter.errors import EngineError, Refusal, UsageError
from segmenter.export import recall
from segmenter.governance import access_report
from segmenter.project.policy import Channel, Destination
from segmenter.registers.entries import FORGOTTEN
from segmenter.suppression import changes, suppression_list
from world import images
from world.mailing import KEYS, MARKETER, NOW, OFFICER, Mailing, die_in, named
from world.policies import CLINIC, policy_of

MAILER = Destination("mailer", "csv", ("email", "first_name"), None)
POLICY = policy_of(CLINIC)
PEOPLE = [
    {
        "patient_id": "P-1001",
        "email": "anna.lee@example.org",
        "phone": "+33612345678",
        "first_name": "Anna",
    },
    {"patient_id": "P-1002", "email": "anna.other@example.org"},
    {"patient_id": "P-1003", "email": "carl@example.org"},
]


@pytest.fixture
def world(tmp_path):
    made = Mailing(tmp_path, PEOPLE, links={"P-1001": 0, "P-1002": 0})
    made.write()
    made.write("older")
    (tmp_path / "states" / "snap-00.duckdb").write_bytes(b"")
    made.export(MAILER)
    made.later(hours=1)
    return made


def eraser(world, actor=OFFICER):
    """An eraser that recalls people as the program does."""
    registry = world.registry(actor)

    def recall_erased(stones):
        with world.engines() as engine:
            return recall.issue_erased(
                engine,
                registry,
                world.snapshot(),
                engine.attach(world.snapshot().path),
                POLICY.destinations,
                stones,
                world.clock[0],
            )

    return erase.Eraser(
        engines=world.engines,
        registry=registry,
        in_use=world.in_use,
        recall=recall_erased,
        waiting=lambda: recall.waiting_files(registry),
    )


def forget(world, patient_id="P-1001", actor=OFFICER):
    with world.registry().alone():
        return eraser(world, actor).forget(patient_id, world.clock[0])


def finish(world):
    with world.registry().alone():
        eraser(world).finish()


def snapshots(world):
    return rewrite.snapshot_files(world.registry(), world.in_use)


def left_of(home, signs=(b"anna.lee@", b"anna.other@", b"p-1001", b"33612345678")):
    """The files of the project whose bytes still hold a sign of the person, those of removal files
    that still wait apart.

    The signs are long: four letters in either case turn up by chance in a few megabytes of
    ciphertext.
    """
    files = (path for path in home.rglob("*") if path.is_file() and ".removal." not in path.name)
    return [path for path in files if any(sign in path.read_bytes().lower() for sign in signs)]


def test_an_erasure_leaves_keyed_hashes_and_a_recall_alone(world):
    done = forget(world)
    assert {"snapshots/snap", "snapshots/older"} <= set(done.rewritten)
    (one,) = recall.listed(world.registry(), world.clock[0]).recalls
    with one.file.open(newline="") as handle:
        assert sorted(row["email"] for row in csv.DictReader(handle)) == [
            "anna.lee@example.org",
            "anna.other@example.org",
        ]
    assert [Path(name) for name in done.waiting] == [one.file]
    assert not left_of(world.home)
    with world.engines() as engine:
        left = {
            name: engine.connection.execute(f"FROM {table.name}").fetchall()
            for name, table in engine.attach(world.snapshot().path).items()
        }
        assert "P-1001" not in str(left)
        assert "anna" not in str(left).lower()
        assert [row[1] for row in left["identity"]] == ["P-1003"]
        assert {(row[0], row[6]) for row in left["suppression"]} == {
            ("patient_id", "erased"),
            ("email", "erased"),
            ("phone", "erased"),
        }
        (export,) = world.registry().exports()
        assert engine.count(world.registry().read(engine, export.export)) == 1
    assert not list((world.home / "states").iterdir())
    assert "P-1001" not in str([entry.body for entry in world.journal.read()])


def test_deleted_profiles_do_not_come_back_as_new(world):
    forget(world)
    again = [
        {"patient_id": "P-1001", "email": "new@example.org"},
        {"patient_id": "N-1", "email": "Anna.Lee@example.org"},
        PEOPLE[2],
    ]
    fresh = Mailing(world.home, again)
    assert fresh.reasons() == {"P-1001": "suppressed", "N-1": "suppressed", "P-1003": None}


def test_s8_erasing_somebody_silences_nobody_in_another_channel_or_house(world):
    forget(world)
    left = [
        {"patient_id": "N-1", "email": "n1@example.org", "phone": "+33612345678"},
        {"patient_id": "N-2", "email": "anna.lee@example.org", "phone": "+33698765432"},
    ]
    by_email = Mailing(world.home, left)
    assert by_email.reasons() == {"N-1": None, "N-2": "suppressed"}
    by_phone = Mailing(world.home, left, channel=Channel("sms", "phone"))
    assert by_phone.reasons() == {"N-1": "suppressed", "N-2": None}


def test_s8_an_officer_confirms_an_erasure_that_covers_others_and_recalls_none_of_them(tmp_path):
    shared = [PEOPLE[0], {"patient_id": "P-2", "email": "Anna.Lee@example.org"}]
    made = Mailing(tmp_path, shared)
    made.write()
    made.export(MAILER)
    made.later(hours=1)
    asked = forget(made)
    assert asked.to_dict()["shared"] == {"email": 1}
    assert asked.exit_status == 3
    assert made.reasons() == {"P-1001": None, "P-2": "duplicate_address"}
    with made.registry().alone():
        done = eraser(made).forget("P-1001", made.clock[0], confirmed=True)
    assert done.to_dict()["forgotten"]
    (one,) = recall.listed(made.registry(), made.clock[0]).recalls
    with one.file.open(newline="") as handle:
        assert len(list(csv.DictReader(handle))) == 1


def test_a_source_that_still_holds_them_brings_nobody_back(world):
    forget(world)
    again = Mailing(world.home, PEOPLE)
    path = again.write("next")
    assert erase.keep_out(world.engines, world.journal, path)
    assert not erase.keep_out(world.engines, world.journal, path)
    assert patients_of(world, path) == ["P-1003"]


def test_an_erasure_opens_engines_for_what_holds_the_person_alone(world):
    """Registers without the person cost no engine of their own."""

    def opened(exports):
        for _ in range(exports):
            world.people, world.links = PEOPLE[2:], {}
            world.numbers = {"P-1003": 2}
            world.export(MAILER)
        count, engines = [], world.engines
        world.engines = lambda: count.append(1) or engines()
        with world.registry().alone():
            eraser(world).finish()
            stones = tombstones.tombstones(world.registry(), {"patient_id": {"P-1001"}}, NOW)
            names = [export.export for export in world.registry().exports()]
            held = rewrite.registers_with(world.engines, world.registry(), names, stones)
        world.engines = engines
        return len(count), len(held)

    assert opened(1) == opened(4) == (1, 1)


def test_an_erasure_is_an_officers_of_somebody_known(world):
    with pytest.raises(Refusal):
        forget(world, actor=MARKETER)
    with pytest.raises(UsageError):
        forget(world, "P-9")
    forget(world)
    with pytest.raises(UsageError):
        forget(world)


def test_the_proof_finds_what_is_left(world):
    (world.home / "states" / "snap-00.duckdb").unlink()
    texts = {"patient_id": {"P-1003"}, "email": {"Carl@Example.org"}}
    with pytest.raises(EngineError, match="snapshots/snap") as found:
        prove.prove(world.engines, world.registry(), texts)
    assert "carl" not in str(found.value).lower()
    (world.home / "reports").mkdir()
    (world.home / "reports" / "x.html").write_text("<p>zoe@example.org</p>", encoding="utf-8")
    (world.home / "releases" / "y.sealed").write_bytes(KEYS.sealed(b'{"a": "zoe@example.org"}'))
    with pytest.raises(EngineError, match="html") as found:
        prove.prove(
            world.engines, world.registry(), {"patient_id": set(), "email": {"zoe@example.org"}}
        )
    assert "y.sealed" in str(found.value)


def test_the_proof_takes_nothing_in_a_longer_word_or_a_ciphertext_for_the_person(world):
    (world.home / "states" / "snap-00.duckdb").unlink()
    (world.home / "reports").mkdir()
    told = world.home / "reports" / "x.html"
    texts = {"patient_id": {"98765"}, "phone": {"12345"}, "email": {"lee@example.org"}}
    told.write_text("3f12345e 9987650 joa.lee@example.org lee@example.orgs", encoding="utf-8")
    (world.home / "exports" / "x.csv.age").write_bytes(b"by chance: 12345 ")
    assert "reports/x.html" in prove.prove(world.engines, world.registry(), texts)
    told.write_text("call 12345.", encoding="utf-8")
    with pytest.raises(EngineError, match="html"):
        prove.prove(world.engines, world.registry(), texts)


def test_the_proof_takes_no_file_for_searched_that_it_cannot_open(world):
    (world.home / "states" / "snap-00.duckdb").unlink()
    (world.home / "snapshots" / ".left.part").write_bytes(b"half a snapshot")
    with pytest.raises(EngineError, match="cannot be opened"):
        prove.prove(world.engines, world.registry(), {"patient_id": {"P-9"}, "email": set()})


def die_at(home, step, nth):
    world = Mailing(home, PEOPLE, links={"P-1001": 0, "P-1002": 0})
    world.later(hours=1)
    die_in(type(world.journal) if step == "decide" else Path, step, nth)
    forget(world)
    os._exit(0)


@pytest.mark.parametrize(
    ("step", "nth"),
    [("decide", 1), ("decide", 2), ("decide", 3), ("unlink", 4), ("replace", 4), ("replace", 6)],
)
def test_a_killed_erasure_is_finished_by_the_next_act(world, step, nth):
    child = multiprocessing.get_context("spawn").Process(
        target=die_at, args=(world.home, step, nth)
    )
    child.start()
    child.join()
    assert child.exitcode == 9
    begun = tombstones.unfinished(world.journal.read())
    finish(world)
    if not begun and not any(entry.kind == tombstones.DONE for entry in world.journal.read()):
        forget(world)
    assert not tombstones.unfinished(world.journal.read())
    assert not left_of(world.home)
    assert "P-1001" not in patients_of(world, world.snapshot().path)
    assert len(recall.listed(world.registry(), world.clock[0]).recalls) == 1


def test_kill_9_at_any_step_of_an_erasure_leaves_nobody_half_there(tmp_path):
    """Before its tombstone she is wholly there; from then on nobody uses her, and the next act
    leaves nothing of her. One recall, ever.
    """
    home, links = tmp_path / "home", {"P-1001": 0, "P-1002": 0}
    world = Mailing(home, PEOPLE, links=links, file_key=None)
    world.write()
    world.write("older")
    world.export(MAILER)
    with images.taken(home, tmp_path / "images") as left:
        forget(world)
    begun = []
    for image in left:
        found = Mailing(image, PEOPLE, links=links, file_key=None)
        begun.append(any(act.kind == FORGOTTEN for act in found.journal.read()))
        assert [len(patients_of(found, path)) for path in snapshots(found)] == [
            3,
            3,
        ] or begun[-1]
        if begun[-2:] != [begun[-1]] * 2:
            assert (found.reasons()["P-1001"] == "suppressed") == begun[-1]
        finish(found)
        if not begun[-1]:
            forget(found)
        assert not left_of(image)
        assert not list((image / "snapshots").glob("*.part*"))
        assert [patients_of(found, path) for path in snapshots(found)] == [["P-1003"]] * 2
        (one,) = recall.listed(found.registry(), found.clock[0]).recalls
        with one.file.open(newline="") as handle:
            assert sorted(row["email"] for row in csv.DictReader(handle)) == [
                "anna.lee@example.org",
                "anna.other@example.org",
            ]
    assert begun == sorted(begun)
    assert set(begun) == {False, True}
    assert len(left) > 20


def patients_of(world, path):
    with world.engines() as engine:
        identity = engine.attach(path)["identity"].name
        rows = engine.connection.execute(f"SELECT patient_id FROM {identity} ORDER BY 1").fetchall()
        return [name for (name,) in rows]


def test_the_access_report_says_what_is_held(world):
    changes.add(world.journal, OFFICER, [named("anna.lee@example.org", channel="sms")])
    with world.engines() as engine:
        snapshot = engine.attach(world.snapshot().path)
        acts = world.journal.read()
        lists = suppression_list.load(engine, world.home, acts, snapshot["suppression"])
        tables = snapshot, lists["suppression_entry"]
        with pytest.raises(Refusal):
            access_report.report(
                engine, world.registry(MARKETER), world.snapshot(), "P-1001", *tables
            )
        with pytest.raises(UsageError):
            access_report.report(engine, world.registry(), world.snapshot(), "P-9", *tables)
        found = access_report.report(
            engine, world.registry(), world.snapshot(), "P-1001", *tables
        ).to_dict()
    assert found["patient_ids"] == ["P-1001", "P-1002"]
    assert {row["email"] for row in found["tables"]["patient"]} == {
        "anna.lee@example.org",
        "anna.other@example.org",
    }
    assert len(found["tables"]["fact_stay"]) == 2
    shown = {column for rows in found["tables"].values() for row in rows for column in row}
    assert shown.isdisjoint(access_report.INTERNAL)
    assert [entry["channel"] for entry in found["suppression"]] == ["sms"]
    lines = {row["content"] for row in found["quarantine"]}
    assert lines == {"P-1001,anna.lee@example.org", "P-1002,anna.other@example.org"}
    assert [one["destination"] for one in found["exports"]] == ["mailer"]


def test_retention_removes_what_is_over_and_says_so(world):
    taken = {"snap": NOW, "older": NOW - timedelta(days=60)}

    def run(actor=OFFICER):
        with world.registry().alone():
            return retain.retain(
                world.engines,
                world.registry(actor),
                world.snapshot(),
                {"registers": 400},
                taken,
                world.clock[0],
            ).to_dict()["removed"]

    with pytest.raises(Refusal):
        run(MARKETER)
    assert run() == {"exports": [], "registers": [], "snapshots": ["older"], "prospects": False}
    (one,) = world.registry().exports()
    world.later(days=31)
    assert run()["exports"] == [one.export]
    assert [path.suffix for path in (world.home / "exports" / one.export).iterdir()] == [".json"]
    assert run()["exports"] == []
    world.later(days=400)
    assert run()["registers"] == [one.export]
    assert world.registry().exports() == []
    assert not list((world.home / "registers").iterdir())


def test_prospects_go_three_years_after_their_last_own_act(tmp_path):
    old, new = ((NOW - timedelta(days=days)).replace(tzinfo=None) for days in (1200, 30))
    given = {"state": "given", "method": "app"}
    acts = [
        {"patient_id": "P-1001", **given, "effective_at": old, "recorded_at": old},
        {"patient_id": "P-1002", **given, "effective_at": old, "recorded_at": old},
        {
            "patient_id": "P-1002",
            "state": "given",
            "method": "import",
            "effective_at": new,
            "recorded_at": new,
        },
        {"patient_id": "P-1003", **given, "effective_at": new, "recorded_at": new},
    ]
    world = Mailing(tmp_path, PEOPLE, consents=acts)
    world.write()
    path = world.snapshot().path
    with world.engines() as engine, engine.writing(path) as file:
        stays = file.table("fact_stay").name
        # the first has rows of facts, so is no prospect
        engine.connection.execute(f"DELETE FROM {stays} WHERE patient <> 0")
    with world.registry().alone():
        done = retain.retain(
            world.engines, world.registry(), world.snapshot(), {}, {"snap": NOW}, NOW
        )
    assert done.prospects
    assert patients_of(world, world.snapshot().path) == ["P-1001", "P-1003"]
