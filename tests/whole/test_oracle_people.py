"""The oracle itself, held to the consent page: rows that cannot be read, ages, deaths, links, the
order of reasons (C10 to C15).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from oracle.consent import NotListedError, World, parse_event
from telling import GRANT, NOW, POLICY, at, event, patient, reasons, wide

MALFORMED = [
    {"state": "maybe"},
    {"state": ""},
    {"effective_at": "32/13/2026"},
    {"effective_at": ""},
    {"recorded_at": "01/11/2026"},
    {"recorded_at": ""},
    {"confirmed_at": "yesterday"},
    {"valid_until": "never"},
    {"purpose": "profiling"},
    {"channel": "fax"},
    {"topic": "mystery"},
    {"category": "genes"},
]


@pytest.mark.parametrize("fault", MALFORMED)
def test_c10_a_malformed_denial_denies_and_a_malformed_grant_grants_nothing(fault):
    assert reasons(GRANT, event("withdrawn", 5, **fault)) == ["C10 quarantined"]
    if "state" not in fault:
        assert reasons(event("given", 5, **fault)) == ["C1 no_consent"]
        assert (
            reasons(GRANT, event("given", 5, **fault))
            == reasons(GRANT, event("deferred", 5, **fault))
            == []
        )
        assert parse_event(event("given", 5, **fault), POLICY).faults == tuple(fault)


def test_c10_acts_at_any_as_of_from_when_it_was_known():
    broken = event("withdrawn", effective_at="soon", recorded_at=at(5))
    assert reasons(GRANT, broken, as_of=NOW - timedelta(days=8)) == ["C10 quarantined"]
    assert reasons(GRANT, broken, known_at=NOW - timedelta(days=6)) == []
    always = event("withdrawn", 5, recorded_at="")
    assert reasons(
        GRANT, always, as_of=NOW - timedelta(days=9), known_at=NOW - timedelta(days=9)
    ) == ["C10 quarantined"]


def test_c10_is_lifted_after_all_its_readable_dates():
    broken = event("withdrawn", 20, channel="fax", recorded_at=at(8), valid_until=at(4))
    assert reasons(broken, event("given", 3)) == [], (
        "fax means any channel, and a grant for SMS is as specific as that"
    )
    for days in (4, 6, 15):
        assert reasons(broken, event("given", days)) == ["C10 quarantined"]
    day = event("withdrawn", effective_at="soon", recorded_at="2026-11-13")
    assert reasons(day, event("given", effective_at="2026-11-13T20:00", recorded_at=at(1))) == [
        "C10 quarantined"
    ]
    assert reasons(day, event("given", effective_at="2026-11-14T00:00:01", recorded_at=at(1))) == []
    narrow = event("withdrawn", 20, recorded_at="")
    assert reasons(narrow, event("given", topic="*")) == ["C10 quarantined"], (
        "and otherwise as C7 asks"
    )
    none = event("withdrawn", effective_at="soon", recorded_at="")
    assert reasons(none, event("given", 0.1)) == ["C10 quarantined"], (
        "no readable date: nothing lifts it"
    )


def test_c10_the_widest_scope_it_might_mean():
    assert reasons(GRANT, event("withdrawn", 5, topic="mystery", channel="email")) == [], (
        "what is declared still narrows"
    )
    assert reasons(GRANT, event("maybe", 5, purpose="", topic="*")) == ["C10 quarantined"]


def test_c11_ages():
    assert reasons(GRANT, people=[patient(age="17")]) == ["C11 minor"]
    assert reasons(GRANT, people=[patient(age="")]) == ["C11 age_unknown"]
    assert reasons(GRANT, people=[]) == reasons(GRANT, people=[patient("q")]) == ["C11 age_unknown"]
    assert reasons(GRANT, people=[patient(age="90", birth_date="2008-11-22")]) == ["C11 minor"], (
        "a birth date wins"
    )
    assert reasons(GRANT, people=[patient(age="2", birth_date="2008-11-21")]) == []
    eve = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert reasons(GRANT, people=[patient(birth_date="2008-11-21")], as_of=eve) == [], (
        "it is already the birthday in Paris"
    )


def test_c11_below_fifteen_together():
    policy = {**POLICY, "min_age": 13}
    assert reasons(GRANT, policy=policy, people=[patient(age="14")]) == ["C11 minor"]
    assert (
        reasons(event("given", expressed_by="joint"), policy=policy, people=[patient(age="14")])
        == []
    )
    assert reasons(GRANT, policy=policy, people=[patient(age="15")]) == []
    lone = [
        event("withdrawn", 20),
        event("given", 15, expressed_by="joint"),
        event("withdrawn", 10),
        event("given", 5),
    ]
    assert reasons(*lone, policy=policy, people=[patient(age="14")]) == ["C7 withdrawn"], (
        "a grant of the child alone lifts nothing"
    )


def test_c12_the_dead_and_the_erased():
    for words in (
        {"deceased": "true"},
        {"deceased": "yes"},
        {"deceased_at": "2020-01-01"},
        {"deceased_at": "?"},
    ):
        assert reasons(GRANT, people=[patient(**words)]) == ["C12 deceased"]
    for word in ("", "false", "0", "no"):
        assert reasons(GRANT, people=[patient(deceased=word)]) == []
    assert reasons(GRANT, erased=["p"]) == ["C12 erased"]


LINKS = [{"patient_id": "p", "same_as": "ghost"}, {"patient_id": "q", "same_as": "ghost"}]


def test_c13_denials_deaths_and_erasures_travel():
    people = [patient(), patient("q")]
    for word in (
        event("withdrawn", 5, patient_id="q"),
        event("maybe", 5, patient_id="q"),
        wide("objected", 5, patient_id="ghost"),
    ):
        assert len(reasons(GRANT, word, people=people, links=LINKS)) == 1
        assert reasons(GRANT, word, people=people) == []
    assert reasons(GRANT, people=[patient(), patient("q", deceased="1")], links=LINKS) == [
        "C12 deceased"
    ]
    assert reasons(GRANT, people=people, links=LINKS, erased=["ghost"]) == ["C12 erased"]


def test_c13_grants_do_not_travel_yet_lift_where_they_stand():
    people = [patient(), patient("q", age="12")]
    assert reasons(GRANT, of="q", people=[patient(), patient("q")], links=LINKS) == [
        "C1 no_consent"
    ]
    assert (
        reasons(event("withdrawn", 20, patient_id="q"), GRANT, people=people, links=LINKS) == []
    ), "as if it stood in p's history"
    history = [event("given", 30), event("withdrawn", 20), event("given", 5, patient_id="q")]
    assert reasons(*history, people=people, links=LINKS) == ["C7 withdrawn"]


def test_c13_too_wide_is_refused_whole():
    chain = [{"patient_id": f"p{i}", "same_as": f"p{i + 1}"} for i in range(9)]
    start = [{"patient_id": "p", "same_as": "p0"}]
    assert reasons(GRANT, links=chain) == reasons(GRANT, links=[*start, *chain[:-1]]) == []
    assert reasons(GRANT, links=[*chain, *start]) == ["C13 link_too_wide"]


def test_c13_the_representative_is_the_smallest_eligible_id_in_text_order():
    people = [patient("9"), patient("10"), patient("2"), patient("z")]
    links = [{"patient_id": "9", "same_as": "10"}, {"patient_id": "2", "same_as": "9"}]
    ask = ("prevention", ["sms"], "screening", ["care"], NOW, NOW)
    grants = [
        event("given", patient_id=one, category=category)
        for one in ("9", "10", "2", "z")
        for category in ("care", "identity")
    ]
    assert World.read(POLICY, people, grants, links).representatives(*ask) == ["10", "z"]
    assert World.read(
        POLICY, people, [g for g in grants if g["patient_id"] != "10"], links
    ).representatives(*ask) == ["2", "z"]


def test_c14_what_the_purpose_does_not_list():
    for ask in (
        ("letters", "sms", None, "care"),
        ("prevention", "post", "screening", "care"),
        ("prevention", "sms", "newsletter", "care"),
    ):
        with pytest.raises(NotListedError):
            reasons(GRANT, ask=ask)


def test_c15_order():
    denied = [
        event("withdrawn", 5),
        event("maybe", 5),
        event("given", 2000, evidence="", category="*"),
    ]
    assert reasons(*denied, people=[patient(age="1", deceased="1")]) == [
        "C12 deceased",
        "C11 minor",
        "C10 quarantined",
        "C7 withdrawn",
        "C3 expired",
        "C2 unproven",
        "C5 not_explicit",
    ]


def test_differing_rows_of_one_id_are_nobody_and_identical_ones_are_one():
    assert reasons(GRANT, people=[patient(), patient(age="41")]) == ["C11 age_unknown"]
    assert reasons(GRANT, people=[patient(), patient()]) == []


def test_c13_a_death_in_a_row_that_is_set_aside_is_everyones():
    people = [patient(), patient("q", deceased="true"), patient("q")]
    assert reasons(GRANT, people=people, links=[{"patient_id": "p", "same_as": "q"}]) == [
        "C12 deceased"
    ]
