"""The gate: who may be used, one row a human; and the decisions at other clocks."""

from __future__ import annotations

from datetime import timedelta

from segmenter.consent import gate
from segmenter.model import Clocks
from world.clinic import NOW, clinic, event, request
from world.histories import TAKEN_AT
from world.settled import settled


def reachable(place, asked, reach):
    """The ids of those who may be contacted."""
    table = gate.contactable(place.engine, place.policy, place.decisions, asked, reach)
    rows = place.engine.connection.execute(f"SELECT patient FROM {table.name}").fetchall()
    return {place.names[patient] for (patient,) in rows}


def test_eligible_on_one_of_the_channels_with_all_categories():
    data = clinic(
        event("both by sms"),
        event("both by sms", category="identity"),
        event("care alone"),
        event("never both on one channel"),
        event("never both on one channel", category="identity", channel="email"),
        event("both by email", channel="email"),
        event("both by email", channel="email", category="identity"),
        patients=("both by sms", "care alone", "never both on one channel", "both by email"),
    )
    with settled(data) as place:
        either = place.representatives(request(channels=("email", "sms")))
        assert either == ["both by email", "both by sms"]
        assert place.representatives(request(categories=())) == ["both by sms"]


def test_c13_the_smallest_eligible_id_as_text_stands_for_the_human():
    data = clinic(
        event("9", category="identity"),
        event("8", category="identity"),
        patients=("9", "10", "8"),
        links=(("9", "10"), ("10", "8")),
    )
    with settled(data) as place:
        assert place.representatives(request(categories=())) == ["8"]


def test_c13_a_representative_is_chosen_before_any_later_check():
    """Who stands for the human is not reachable by e-mail; the id that is does not stand in."""
    data = clinic(
        event("a", channel="sms", category="identity"),
        event("b", channel="email", category="identity"),
        event("b", channel="email", category="contact"),
        patients=("a", "b"),
        links=(("a", "b"),),
    )
    asked = request(channels=("sms", "email"), categories=())
    with settled(data) as place:
        assert place.representatives(asked) == ["a"]
        assert reachable(place, asked, gate.Reach("email")) == {"b"}


def test_contact_needs_its_own_consent():
    data = clinic(
        event("a", category="identity"),
        event("b", category="identity"),
        event("b", category="contact"),
        patients=("a", "b"),
    )
    with settled(data) as place:
        reach = gate.Reach("sms", ("contact",))
        assert reachable(place, request(categories=()), reach) == {"b"}


def test_the_gate_tells_no_number():
    with settled(clinic(event("a", category="identity"), patients=("a",))) as place:
        asked = request(categories=())
        eligible = gate.gate(place.engine, place.policy, place.snapshot, place.decisions, asked)
        assert repr(eligible.table) == f"Table({eligible.table.name})"
        assert repr(place.engine) == "DuckDBEngine()"


# -- other clocks, erasures ------------------------------------------------------------------------


def test_going_forth_and_back_in_time():
    data = clinic(event("a", category="identity", valid_until="2026-06-10"), patients=("a",))
    with settled(data) as place:
        for days, allowed in ((0, True), (20, False), (-100, False), (0, True)):
            place.ask_at(Clocks(TAKEN_AT + timedelta(days=days), TAKEN_AT))
            assert bool(place.allowed()["a"]) == allowed


def test_an_erasure_after_the_state_holds_at_once():
    with settled(clinic(event("a", category="identity"), patients=("a",))) as place:
        assert place.allowed()["a"]
        place.erase_everyone()
        place.ask_at(NOW)
        assert not place.allowed()["a"]
