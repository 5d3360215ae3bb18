"""The suppression list: imports only tighten, any profile matches, lifts are an officer's, feeds
must be fresh (S1 to S8).
"""

from __future__ import annotations

import multiprocessing
from datetime import timedelta
from functools import partial

import polars as pl
import pytest

from segmenter.errors import Refusal, UsageError
from segmenter.identifiers import probe_of
from segmenter.model import naive_utc
from segmenter.registers.entries import COLUMNS, entry_table
from segmenter.suppression import changes, imports, summary, suppression_list
from world.mailing import KEYS, MARKETER, NOW, OFFICER, Mailing, named

PEOPLE = [
    {"patient_id": "a", "email": "J.Doe+news@GMail.com"},
    {"patient_id": "b", "email": "jdoe@gmail.com"},
    {"patient_id": "c", "email": "jdoe@googlemail.com", "phone": "06 12 34 56 78"},
    {"patient_id": "d", "email": "d@Example.ORG"},
    {"patient_id": "e", "email": "e@example.net"},
]


def suppressed(world):
    return {name for name, reason in world.reasons().items() if reason == "suppressed"}


def run_import(world, *given, actor=OFFICER):
    with world.opened() as (engine, tables), imports.lock(world.home):
        found = imports.FoundEntries(engine.load(entry_table(given)))
        lists = world.lists(engine, tables)
        return imports.import_entries(engine, world.home, world.journal, actor, lists, found)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (named("j.doe@gmail.com"), {"a", "b", "c"}),  # any profile, and both of Google's domains
        (named("JDOE+else@googlemail.com"), {"a", "b", "c"}),
        (named("Jo <jdoe@gmail.com>"), {"a", "b", "c"}),
        (named("googlemail.com", "domain"), {"a", "b", "c"}),
        (named("EXAMPLE.org", "domain"), {"d"}),
        (named("+33 6 12 34 56 78", "phone"), {"c"}),
        (named("e", "patient_id"), {"e"}),
        (named("e@example.net", channel="sms"), set()),
        (named("e@example.net", purpose="offers"), set()),
        (named("e@example.net", topic="other"), set()),
        (named("e@example.net", since="2099-01-01T00:00:00Z"), {"e"}),
        (named("e@example.net", until="2020-01-01T00:00:00Z"), set()),
        (named("e@example.net", reason="soft_bounce", since="2026-01-01T00:00:00Z"), set()),
    ],
)
def test_who_an_entry_reaches(tmp_path, entry, expected):
    assert suppressed(Mailing(tmp_path, PEOPLE, entries=[entry])) == expected


def test_linked_ids_share_an_entry_and_a_shared_address_reaches_everyone(tmp_path):
    people = [*PEOPLE, {"patient_id": "f", "email": "e@EXAMPLE.net"}, {"patient_id": "g"}]
    world = Mailing(
        tmp_path,
        people,
        links={"g": 6, "d": 6},
        entries=[named("e@example.net"), named("g", "patient_id")],
    )
    assert suppressed(world) == {"d", "e", "f", "g"}


def test_a_live_opt_out_holds_from_that_instant(tmp_path):
    world = Mailing(tmp_path, PEOPLE)
    assert suppressed(world) == set()
    changes.add(world.journal, MARKETER, [named("e@example.net", reason="unsubscribed")])
    assert suppressed(world) == {"e"}
    assert "example.net" not in (tmp_path / "control.sqlite").read_bytes().decode("latin-1")


def test_imports_never_resurrect_an_opt_out(tmp_path):
    """A "subscribed" row has no entry to give, a re-import adds nothing, and nothing takes anything
    away.
    """
    world = Mailing(tmp_path, PEOPLE)
    entry = named("e@example.net", reason="unsubscribed", source="mail")
    assert run_import(world, entry).to_dict() == {
        "created": 1,
        "existing": 0,
        "skipped": 0,
        "quarantined": [],
    }
    assert run_import(world, entry).to_dict()["existing"] == 1
    assert run_import(world).created == 0
    assert suppressed(world) == {"e"}


def test_an_import_tells_counts_to_officers_and_operators_only(tmp_path):
    told = run_import(Mailing(tmp_path, PEOPLE), named("e@example.net"), actor=MARKETER)
    assert told.to_dict() == {"created": None, "existing": None, "skipped": None, "quarantined": []}


def test_only_a_lift_ends_an_entry_and_its_file_read_again_does_not_bring_it_back(tmp_path):
    world = Mailing(tmp_path, PEOPLE)
    entry = named("e@example.net", reason="unsubscribed", source="mail")
    run_import(world, entry)
    own = changes.hashes_of(KEYS, "FR", "email", "E@example.net")
    other = changes.hashes_of(KEYS, "FR", "email", "other@example.net")
    with world.opened() as (engine, tables):
        listed = world.lists(engine, tables)["suppression_entry"]
        lifted = partial(changes.lift, engine, listed, world.journal)
        with pytest.raises(Refusal):
            lifted(MARKETER, "email", own, "asked")
        with pytest.raises(UsageError):
            lifted(OFFICER, "email", own, " ")
        with pytest.raises(UsageError):
            lifted(OFFICER, "email", other, "asked")
        lifted(OFFICER, "email", own, "asked in writing")
    assert suppressed(world) == set()
    assert run_import(world, entry).existing == 1
    assert suppressed(world) == set()
    run_import(
        world,
        named("e@example.net", reason="unsubscribed", source="mail", since="2026-11-22T00:00:00Z"),
    )
    assert suppressed(world) == {"e"}


def test_three_soft_bounces_within_thirty_days(tmp_path):
    dated = [
        named("e@example.net", reason="soft_bounce", since=f"2026-0{m}-01T00:00:00Z", event=str(m))
        for m in (1, 2, 3)
    ]
    assert suppressed(Mailing(tmp_path / "a", PEOPLE, entries=dated)) == set()
    close = [
        named("e@example.net", reason="soft_bounce", since=f"2026-01-{d}T00:00:00Z", event=d)
        for d in ("01", "15", "31")
    ]
    assert suppressed(Mailing(tmp_path / "b", PEOPLE, entries=close)) == {"e"}


def test_feeds_must_be_fresh(tmp_path):
    world = Mailing(tmp_path, PEOPLE, fed_at=NOW - timedelta(days=2, seconds=1))
    with world.opened() as (engine, tables):
        with pytest.raises(Refusal, match="mail") as refused:
            suppression_list.require_fresh(engine, tables["feed"], NOW)
        assert refused.value.rule == "S7"
        suppression_list.require_fresh(engine, tables["feed"], NOW - timedelta(seconds=1))


def test_the_list_is_counted_and_shared_as_hashes(tmp_path):
    world = Mailing(
        tmp_path,
        PEOPLE,
        entries=[named("e@example.net", source="mail"), named("d@example.org", source="mail")],
    )
    with world.opened() as (engine, tables):
        listed = world.lists(engine, tables)["suppression_entry"]
        assert summary.counted(engine, listed).to_dict()["suppression"] == [
            {"reason": "manual", "source": "mail", "entries": 2}
        ]
        summary.write_hashes(engine, listed, tmp_path / "shared.csv")
    shared = (tmp_path / "shared.csv").read_text(encoding="utf-8")
    assert named("e@example.net").hash in shared
    assert "example.net" not in shared


def test_entries_are_checked():
    for kind, value, reason in (("mail", "a@b.fr", "manual"), ("email", "a@b.fr", "because")):
        with pytest.raises(UsageError):
            changes.entries(KEYS, "FR", kind, value, reason)


def test_the_frame_has_the_columns_of_the_snapshot():
    frame = entry_table([named("a@b.fr", since="2026-01-01T00:00:00Z")])
    assert frame.columns == list(COLUMNS)
    assert frame["since"][0] == naive_utc(NOW.replace(month=1, day=1, hour=0))
    assert frame["probe"][0] == probe_of(frame["hash"][0])
    assert frame.schema["until"] == pl.Datetime("us")


def crowd():
    return [{"patient_id": name, "email": f"{name}@example.org"} for name in "abcd"]


def import_one(home, address, gate):
    world = Mailing(home, crowd())
    gate.wait()
    run_import(world, named(address, source=address))


def test_lists_imported_at_once_all_hold(tmp_path):
    world = Mailing(tmp_path, crowd())
    fresh = multiprocessing.get_context("spawn")
    gate = fresh.Barrier(3)
    children = [
        fresh.Process(target=import_one, args=(tmp_path, f"{name}@example.org", gate))
        for name in "abc"
    ]
    for child in children:
        child.start()
    for child in children:
        child.join(120)
    assert [child.exitcode for child in children] == [0, 0, 0]
    assert world.reasons() == {"a": "suppressed", "b": "suppressed", "c": "suppressed", "d": None}


def test_whoever_may_not_see_counts_sees_declared_pairs_whatever_the_list_holds():
    shown = summary.declared(["mail"]).to_dict()["suppression"]
    assert {row["source"] for row in shown} == {"mail", "import", "live", "unsubscribe"}
    assert {row["entries"] for row in shown} == {None}
    assert len(shown) == 4 * len({row["reason"] for row in shown})
