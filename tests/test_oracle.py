"""The oracle itself, held to the sentences of the consent page by hand-made histories: one trap a test."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest

from oracle.consent import NotListedError, World, parse_event

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = {
    "time_zone": "Europe/Paris",
    "notices": ["2025-01", "2026-01"],
    "categories": {"identity": {"sensitivity": 1}, "contact": {"sensitivity": 1}, "care": {"sensitivity": 2}},
    "channels": {"email": {"identifier": "email", "double_opt_in": True}, "sms": {"identifier": "phone"}, "post": {"identifier": "postal"}},
    "topics": ["screening", "vaccination", "newsletter"],
    "purposes": {
        "prevention": {
            "categories": ["identity", "contact", "care"], "channels": ["email", "sms"], "topics": ["screening", "vaccination"],
            "min_notice": "2025-01", "max_age_days": 1000,
        },
        "letters": {"categories": ["identity"], "channels": ["sms", "post"], "min_notice": "2026-01", "max_age_days": 1000},
        "statistics": {"categories": ["identity", "care"], "min_notice": "2025-01", "max_age_days": 1000},
    },
}


def at(days: float) -> str:
    """So many days ago."""
    return (NOW - timedelta(days=days)).isoformat()


def event(state: str, days: float = 10, /, **fields: str) -> dict[str, str]:
    row = {
        "event_id": "e", "patient_id": "p", "purpose": "prevention", "channel": "sms", "topic": "screening", "category": "care",
        "state": state, "effective_at": at(days), "recorded_at": at(days), "confirmed_at": "", "valid_until": "", "method": "paper",
        "expressed_by": "self", "notice_version": "2026-01", "evidence": "doc", "source": "crm",
    }
    return {**row, **fields}


def wide(state: str, days: float = 10, /, **fields: str) -> dict[str, str]:
    """An event whose scope is everything."""
    return event(state, days, **{"purpose": "*", "channel": "*", "topic": "*", "category": "*", **fields})


def patient(patient_id: str = "p", **fields: str) -> dict[str, str]:
    return {"patient_id": patient_id, "age": "40", "deceased": "", **fields}


def reasons(*events: dict[str, str], people=None, links=(), policy=POLICY, of="p", ask=("prevention", "sms", "screening", "care"),
            as_of=NOW, known_at=NOW, erased=()) -> list[str]:
    world = World.read(policy, [patient()] if people is None else people, events, links, erased)
    decision = world.decide(of, *ask, as_of, known_at)
    assert decision.allowed == (not decision.reasons)
    return [f"{rule} {reason}" for rule, reason in decision.reasons]


GRANT = event("given")


def test_a_proven_living_named_grant_allows():
    assert reasons(GRANT) == []
    assert reasons(event("renewed")) == []


def test_c1_nobody_who_was_not_asked_is_used():
    assert reasons() == ["C1 no_consent"]
    assert reasons(event("requested"), event("deferred")) == ["C1 no_consent"]


@pytest.mark.parametrize("other", [{"purpose": "letters"}, {"channel": "email"}, {"topic": "vaccination"}, {"category": "identity"}])
def test_a_grant_serves_its_own_scope_only(other):
    assert reasons(event("given", **other)) == ["C1 no_consent"]


@pytest.mark.parametrize("field", ["purpose", "channel", "topic", "category"])
def test_a_grant_with_an_empty_field_grants_nothing(field):
    assert reasons(event("given", **{field: ""})) == ["C1 no_consent"]


def test_consent_to_every_purpose_is_consent_to_none():
    assert reasons(event("given", purpose="*")) == ["C1 no_consent"]


@pytest.mark.parametrize("field", ["channel", "topic"])
def test_a_star_grant_covers_a_channel_and_a_topic(field):
    assert reasons(event("given", **{field: "*"})) == []


@pytest.mark.parametrize(("fields", "reason"), [
    ({"evidence": ""}, "C2 unproven"), ({"evidence": "  "}, "C2 unproven"), ({"method": "import"}, "C2 unproven"),
    ({"method": "sync"}, "C2 unproven"), ({"method": "telepathy"}, "C2 unproven"), ({"notice_version": ""}, "C2 stale_notice"),
    ({"notice_version": "2019-05"}, "C2 stale_notice"),
])
def test_c2_a_grant_without_proof_is_passed_over(fields, reason):
    assert reasons(event("given", **fields)) == [reason]


def test_c2_the_notice_is_at_least_the_purposes():
    letters = {"purpose": "letters", "channel": "post", "topic": "*", "category": "identity"}
    ask = ("letters", "post", None, "identity")
    assert reasons(event("given", notice_version="2025-01", **letters), ask=ask) == ["C2 stale_notice"]
    assert reasons(event("given", notice_version="2026-01", **letters), ask=ask) == []


def test_c3_a_grant_lives_until_its_age_or_its_end():
    assert reasons(event("given", 999.9)) == []
    assert reasons(event("given", 1000)) == ["C3 expired"]
    assert reasons(event("given", valid_until=NOW.isoformat())) == ["C3 expired"]
    assert reasons(event("given", valid_until=(NOW + timedelta(seconds=1)).isoformat())) == []
    assert reasons(event("given", valid_until="2026-11-21")) == ["C3 expired"], "a bare date is the day's start"


def test_c4_double_opt_in_waits_for_the_confirmation():
    ask = ("prevention", "email", "screening", "care")
    mail = {"channel": "email"}
    assert reasons(event("given", **mail), ask=ask) == ["C4 unconfirmed"]
    assert reasons(event("given", confirmed_at=at(9), **mail), ask=ask) == []
    assert reasons(event("given", confirmed_at=at(-1), **mail), ask=ask) == ["C4 unconfirmed"], "tomorrow's"
    assert reasons(event("given", confirmed_at=at(3), **mail), ask=ask, known_at=NOW - timedelta(days=5)) == ["C4 unconfirmed"]
    assert reasons(event("given", channel="*", confirmed_at=""), ask=ask) == ["C4 unconfirmed"]
    assert reasons(event("given", channel="*", confirmed_at="")) == [], "SMS needs none"


def test_c4_all_channels_need_it_where_any_does():
    care = {"purpose": "statistics", "channel": "*", "topic": "*"}
    ask = ("statistics", None, None, "care")
    assert reasons(event("given", **care), ask=ask) == ["C4 unconfirmed"], "it lists no channels: any of the policy's"
    assert reasons(event("given", confirmed_at=at(1), **care), ask=ask) == []
    letters = {"purpose": "letters", "channel": "*", "topic": "*", "category": "identity"}
    assert reasons(event("given", **letters), ask=("letters", None, None, "identity")) == ["C4 unconfirmed"], "any of the policy's here too"


def test_c5_health_is_named():
    assert reasons(event("given", category="*")) == ["C5 not_explicit"]
    assert reasons(event("given", category="*"), ask=("prevention", "sms", "screening", "identity")) == []


@pytest.mark.parametrize(("state", "reason"), [
    ("withdrawn", "withdrawn"), ("refused", "refused"), ("objected", "objected"), ("expired", "withdrawn"), ("revoked", "withdrawn"),
])
def test_c6_a_denial_needs_nothing(state, reason):
    denial = wide(state, 5, method="sync", evidence="", notice_version="", source="anything")
    assert reasons(GRANT, denial) == [f"C7 {reason}"]


@pytest.mark.parametrize("field", ["purpose", "channel", "topic", "category"])
def test_an_empty_field_of_a_denial_means_all(field):
    assert reasons(GRANT, event("withdrawn", 5, **{field: ""})) == ["C7 withdrawn"]


def test_c7_a_later_grant_as_specific_lifts():
    assert reasons(event("withdrawn", 20), GRANT) == []
    assert reasons(event("withdrawn", 20), event("given", channel="*")) == ["C7 withdrawn"], "c8: broad never reopens specific"
    assert reasons(wide("withdrawn", 20), GRANT) == [], "c8: narrow reopens just that"
    ask = ("prevention", "sms", "vaccination", "care")
    older = event("given", 30, topic="*")
    assert reasons(older, wide("withdrawn", 20), GRANT, ask=ask) == ["C7 withdrawn"], "and no other topic"


def test_c7_only_a_counting_grant_lifts():
    faults = [({"evidence": ""}, "C2 unproven"), ({"valid_until": at(1)}, "C3 expired"), ({"category": "*"}, "C5 not_explicit")]
    for fault, reason in faults:
        assert reasons(event("objected", 20), event("given", **fault)) == ["C7 objected", reason]
    ask = ("prevention", "email", "screening", "care")
    grants = [event("given", 30, channel="email", confirmed_at=at(29)), event("given", 5, channel="email")]
    assert reasons(*grants, event("withdrawn", 20, channel="email"), ask=ask) == ["C7 withdrawn"], "the newer is unconfirmed"


def test_c7_every_denial_is_lifted_for_itself():
    old_wide = event("withdrawn", 9, channel="*", topic="*", category="*")
    narrow = event("withdrawn", 6)
    grant = event("given", 4)
    assert reasons(old_wide, narrow, grant) == []
    assert reasons(old_wide, narrow, grant, event("refused", 3, topic="*")) == ["C7 refused"]
    assert reasons(event("withdrawn", 9, topic="*"), event("given", 8, topic="*"), event("refused", 7, channel="*"), grant) == []


def test_c9_ties_deny_in_any_order():
    pair = [event("given", 5), event("refused", 5)]
    assert reasons(*pair) == reasons(*reversed(pair)) == ["C7 refused"]


def test_a_letter_of_that_day_beats_a_click_of_that_morning():
    click = event("given", effective_at="2026-11-13T08:00:00+01:00", recorded_at="2026-11-13T08:00:00+01:00")
    letter = event("withdrawn", effective_at="2026-11-13", recorded_at="2026-11-13")
    assert reasons(click, letter) == ["C7 withdrawn"]
    midnight = event("given", effective_at="2026-11-14T00:00", recorded_at="2026-11-14T00:00")
    assert reasons(letter, midnight) == ["C7 withdrawn"], "the next day's 00:00 still ties"
    assert reasons(letter, event("given", effective_at="2026-11-14 00:00:00.000001", recorded_at="2026-11-14T00:00")) == []
    assert reasons(click, letter, as_of=datetime(2026, 11, 13, 7, 30, tzinfo=UTC)) == ["C7 withdrawn"], "it holds from the day's start"


def test_a_time_without_zone_is_in_the_policys():
    denial = event("withdrawn", effective_at="2026-11-10 10:00", recorded_at=at(5))
    assert reasons(denial, event("given", effective_at="2026-11-10T09:00:00Z", recorded_at=at(5))) == ["C7 withdrawn"], "10:00 in Paris"
    assert reasons(denial, event("given", effective_at="2026-11-10T09:00:01Z", recorded_at=at(5))) == []


def test_the_two_clocks():
    future = event("withdrawn", -5, recorded_at=at(1))
    assert reasons(GRANT, future) == []
    assert reasons(GRANT, future, as_of=NOW + timedelta(days=6)) == ["C7 withdrawn"]
    late = event("withdrawn", 9, recorded_at=at(1))
    assert reasons(GRANT, late) == ["C7 withdrawn"]
    assert reasons(GRANT, late, known_at=NOW - timedelta(days=2)) == []
    assert reasons(GRANT, event("withdrawn", 9, recorded_at=at(-30))) == [], "not known yet"
    assert reasons(event("given", 2, recorded_at=at(-1))) == ["C1 no_consent"]


def test_all_channels_and_topics():
    ask = ("letters", None, None, "identity")
    grant = event("given", purpose="letters", channel="*", topic="*", category="*", confirmed_at=at(1))
    assert reasons(grant, ask=ask) == []
    assert reasons({**grant, "channel": "sms"}, ask=ask) == ["C1 no_consent"]
    for narrow in ({"channel": "email"}, {"topic": "newsletter"}, {"channel": "sms", "topic": "screening"}):
        denial = wide("withdrawn", 20, **narrow)
        assert reasons(denial, grant, ask=ask) == ["C7 withdrawn"], "any single one denies, and no star lifts it"


MALFORMED = [
    {"state": "maybe"}, {"state": ""}, {"effective_at": "32/13/2026"}, {"effective_at": ""}, {"recorded_at": "01/11/2026"},
    {"recorded_at": ""}, {"confirmed_at": "yesterday"}, {"valid_until": "never"}, {"purpose": "profiling"}, {"channel": "fax"},
    {"topic": "mystery"}, {"category": "genes"},
]


@pytest.mark.parametrize("fault", MALFORMED)
def test_c10_a_malformed_denial_denies_and_a_malformed_grant_grants_nothing(fault):
    assert reasons(GRANT, event("withdrawn", 5, **fault)) == ["C10 quarantined"]
    if "state" not in fault:
        assert reasons(event("given", 5, **fault)) == ["C1 no_consent"]
        assert reasons(GRANT, event("given", 5, **fault)) == reasons(GRANT, event("deferred", 5, **fault)) == []
        assert parse_event(event("given", 5, **fault), POLICY).faults == tuple(fault)


def test_c10_acts_at_any_as_of_from_when_it_was_known():
    broken = event("withdrawn", effective_at="soon", recorded_at=at(5))
    assert reasons(GRANT, broken, as_of=NOW - timedelta(days=8)) == ["C10 quarantined"]
    assert reasons(GRANT, broken, known_at=NOW - timedelta(days=6)) == []
    always = event("withdrawn", 5, recorded_at="")
    assert reasons(GRANT, always, as_of=NOW - timedelta(days=9), known_at=NOW - timedelta(days=9)) == ["C10 quarantined"]


def test_c10_is_lifted_after_all_its_readable_dates():
    broken = event("withdrawn", 20, channel="fax", recorded_at=at(8), valid_until=at(4))
    assert reasons(broken, event("given", 3)) == [], "fax means any channel, and a grant for SMS is as specific as that"
    for days in (4, 6, 15):
        assert reasons(broken, event("given", days)) == ["C10 quarantined"]
    day = event("withdrawn", effective_at="soon", recorded_at="2026-11-13")
    assert reasons(day, event("given", effective_at="2026-11-13T20:00", recorded_at=at(1))) == ["C10 quarantined"]
    assert reasons(day, event("given", effective_at="2026-11-14T00:00:01", recorded_at=at(1))) == []
    narrow = event("withdrawn", 20, recorded_at="")
    assert reasons(narrow, event("given", topic="*")) == ["C10 quarantined"], "and otherwise as C7 asks"
    none = event("withdrawn", effective_at="soon", recorded_at="")
    assert reasons(none, event("given", 0.1)) == ["C10 quarantined"], "no readable date: nothing lifts it"


def test_c10_the_widest_scope_it_might_mean():
    assert reasons(GRANT, event("withdrawn", 5, topic="mystery", channel="email")) == [], "what is declared still narrows"
    assert reasons(GRANT, event("maybe", 5, purpose="", topic="*")) == ["C10 quarantined"]


def test_c11_ages():
    assert reasons(GRANT, people=[patient(age="17")]) == ["C11 minor"]
    assert reasons(GRANT, people=[patient(age="")]) == ["C11 age_unknown"]
    assert reasons(GRANT, people=[]) == reasons(GRANT, people=[patient("q")]) == ["C11 age_unknown"]
    assert reasons(GRANT, people=[patient(age="90", birth_date="2008-11-22")]) == ["C11 minor"], "a birth date wins"
    assert reasons(GRANT, people=[patient(age="2", birth_date="2008-11-21")]) == []
    eve = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert reasons(GRANT, people=[patient(birth_date="2008-11-21")], as_of=eve) == [], "it is already the birthday in Paris"


def test_c11_below_fifteen_together():
    policy = {**POLICY, "min_age": 13}
    assert reasons(GRANT, policy=policy, people=[patient(age="14")]) == ["C11 minor"]
    assert reasons(event("given", expressed_by="joint"), policy=policy, people=[patient(age="14")]) == []
    assert reasons(GRANT, policy=policy, people=[patient(age="15")]) == []
    lone = [event("withdrawn", 20), event("given", 15, expressed_by="joint"), event("withdrawn", 10), event("given", 5)]
    assert reasons(*lone, policy=policy, people=[patient(age="14")]) == ["C7 withdrawn"], "a grant of the child alone lifts nothing"


def test_c12_the_dead_and_the_erased():
    for words in ({"deceased": "true"}, {"deceased": "yes"}, {"deceased_at": "2020-01-01"}, {"deceased_at": "?"}):
        assert reasons(GRANT, people=[patient(**words)]) == ["C12 deceased"]
    for word in ("", "false", "0", "no"):
        assert reasons(GRANT, people=[patient(deceased=word)]) == []
    assert reasons(GRANT, erased=["p"]) == ["C12 erased"]


LINKS = [{"patient_id": "p", "same_as": "ghost"}, {"patient_id": "q", "same_as": "ghost"}]


def test_c13_denials_deaths_and_erasures_travel():
    people = [patient(), patient("q")]
    for word in (event("withdrawn", 5, patient_id="q"), event("maybe", 5, patient_id="q"), wide("objected", 5, patient_id="ghost")):
        assert len(reasons(GRANT, word, people=people, links=LINKS)) == 1
        assert reasons(GRANT, word, people=people) == []
    assert reasons(GRANT, people=[patient(), patient("q", deceased="1")], links=LINKS) == ["C12 deceased"]
    assert reasons(GRANT, people=people, links=LINKS, erased=["ghost"]) == ["C12 erased"]


def test_c13_grants_do_not_travel_yet_lift_where_they_stand():
    people = [patient(), patient("q", age="12")]
    assert reasons(GRANT, of="q", people=[patient(), patient("q")], links=LINKS) == ["C1 no_consent"]
    assert reasons(event("withdrawn", 20, patient_id="q"), GRANT, people=people, links=LINKS) == [], "as if it stood in p's history"
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
    grants = [event("given", patient_id=one, category=category) for one in ("9", "10", "2", "z") for category in ("care", "identity")]
    assert World.read(POLICY, people, grants, links).representatives(*ask) == ["10", "z"]
    assert World.read(POLICY, people, [g for g in grants if g["patient_id"] != "10"], links).representatives(*ask) == ["2", "z"]


def test_c14_what_the_purpose_does_not_list():
    for ask in (("letters", "sms", None, "care"), ("prevention", "post", "screening", "care"), ("prevention", "sms", "newsletter", "care")):
        with pytest.raises(NotListedError):
            reasons(GRANT, ask=ask)


def test_c15_order():
    denied = [event("withdrawn", 5), event("maybe", 5), event("given", 2000, evidence="", category="*")]
    assert reasons(*denied, people=[patient(age="1", deceased="1")]) == [
        "C12 deceased", "C11 minor", "C10 quarantined", "C7 withdrawn", "C3 expired", "C2 unproven", "C5 not_explicit",
    ]


def test_a_resent_event_with_other_content_is_another():
    assert reasons(GRANT, {**GRANT, "state": "withdrawn"}) == ["C7 withdrawn"]


def test_differing_rows_of_one_id_are_nobody_and_identical_ones_are_one():
    assert reasons(GRANT, people=[patient(), patient(age="41")]) == ["C11 age_unknown"]
    assert reasons(GRANT, people=[patient(), patient()]) == []


def test_shuffling_changes_nothing_and_a_denial_lets_nobody_in():
    rng = random.Random(7)
    states = ["given", "renewed", "withdrawn", "refused", "maybe", "requested"]
    for _ in range(300):
        history = [
            event(rng.choice(states), rng.randrange(1, 6), channel=rng.choice(["sms", "*"]), topic=rng.choice(["screening", "*"]))
            for _ in range(rng.randrange(1, 5))
        ]
        told = {tuple(reasons(*order)) for order in itertools.permutations(history)}
        assert len({tuple(sorted(one)) for one in told}) == 1
        if reasons(*history):
            assert reasons(*history, event("refused", rng.randrange(1, 6), channel=rng.choice(["sms", "post", "*"])))
