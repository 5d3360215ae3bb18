"""Preferences, caps and quiet hours: each only takes people out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from segmenter.errors import Refusal
from segmenter.project.policy import Cap, Channel
from segmenter.suppression import preference, quiet_hours
from world.mailing import NOW, Mailing, capped

PEOPLE = [{"patient_id": name, "email": f"{name}@example.org"} for name in "abcd"]
CANVASSING = Channel("phone", "phone", quiet="fr_phone_canvassing")


def test_a_speaking_no_drops(tmp_path):
    wishes = [
        {"patient_id": "a", "allowed": False},
        {"patient_id": "b", "channel": "sms", "allowed": False},
        {"patient_id": "c", "topic": "news", "allowed": True},
        {"patient_id": "c", "topic": "news", "allowed": False},
        {"patient_id": "d", "topic": "other", "allowed": False},
    ]
    reasons = Mailing(tmp_path, PEOPLE, wishes=wishes).reasons()
    assert reasons == {"a": "preference", "b": None, "c": "preference", "d": None}


def test_a_wish_for_more_does_not_widen_the_channels_cap(tmp_path):
    caps = (("a", 9, 1), ("b", 1, 30))
    wishes = [
        {"patient_id": name, "allowed": True, "max_contacts": most, "per_days": days}
        for name, most, days in caps
    ]
    world = Mailing(tmp_path, PEOPLE, wishes=wishes, channel=capped(2, 30))
    world.export()
    assert world.reasons() == {"a": None, "b": "frequency_cap", "c": None, "d": None}
    world.later(days=1)
    world.export()
    assert set(world.reasons().values()) == {"frequency_cap"}
    world.later(days=29, seconds=1)
    assert world.reasons() == dict.fromkeys("abcd") | {"b": None}


def test_caps_count_all_ids_of_a_human(tmp_path):
    world = Mailing(tmp_path, PEOPLE, links={"a": 0, "b": 0}, channel=capped(1, 30))
    assert world.reasons(chosen=["a"]) == {"a": None}
    world.people = [p for p in PEOPLE if p["patient_id"] == "a"]
    world.numbers = {"a": 0}
    world.links = {"a": 0}
    world.export()
    world.people, world.numbers, world.links = (
        PEOPLE,
        {name: i for i, name in enumerate("abcd")},
        {"a": 0, "b": 0},
    )
    assert world.reasons() == {"a": "frequency_cap", "b": "frequency_cap", "c": None, "d": None}


def test_caps_look_at_the_planned_time(tmp_path):
    world = Mailing(tmp_path, PEOPLE, channel=capped(1, 30))
    world.export()
    assert set(world.reasons().values()) == {"frequency_cap"}
    assert set(world.reasons(sent_at=NOW + timedelta(days=31)).values()) == {None}


@pytest.mark.parametrize(
    ("local", "open_"),
    [
        ("2026-11-23T10:00", True), ("2026-11-23T09:59", False), ("2026-11-23T13:00", False),
        ("2026-11-23T14:00", True),
        ("2026-11-23T19:59", True), ("2026-11-23T20:00", False), ("2026-11-22T11:00", False),
        ("2026-11-21T11:00", False),
        ("2026-11-11T11:00", False), ("2026-05-14T11:00", False), ("2026-05-25T11:00", False),
        ("2027-03-29T11:00", False),
    ],
)  # fmt: skip
def test_canvassing_hours(local, open_):
    moment = datetime.fromisoformat(
        f"{local}:00+01:00" if "-11-" in local else f"{local}:00+02:00"
    ).astimezone(UTC)
    if open_:
        quiet_hours.require_open(CANVASSING, moment, "Europe/Paris")
    else:
        with pytest.raises(Refusal) as refused:
            quiet_hours.require_open(CANVASSING, moment, "Europe/Paris")
        assert refused.value.exit_status == 3


def test_easter():
    assert [quiet_hours.easter(year) for year in (2024, 2025, 2027)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2027, 3, 28),
    ]


def test_an_unknown_rule_pack_refuses():
    with pytest.raises(Refusal):
        quiet_hours.require_open(Channel("phone", "phone", quiet="never"), NOW, "UTC")


def test_the_rule_pack_brings_its_own_cap():
    assert preference.caps_of(CANVASSING) == (Cap(4, 30),)
    assert preference.caps_of(capped(2, 7)) == (Cap(2, 7),)
