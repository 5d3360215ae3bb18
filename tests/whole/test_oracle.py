"""The oracle itself, held to the sentences of the consent page by hand-made histories: one trap a
test.
"""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta

import pytest

from telling import GRANT, NOW, at, event, reasons, wide


def test_a_proven_living_named_grant_allows():
    assert reasons(GRANT) == []
    assert reasons(event("renewed")) == []


def test_c1_nobody_who_was_not_asked_is_used():
    assert reasons() == ["C1 no_consent"]
    assert reasons(event("requested"), event("deferred")) == ["C1 no_consent"]


@pytest.mark.parametrize(
    "other",
    [
        {"purpose": "letters"},
        {"channel": "email"},
        {"topic": "vaccination"},
        {"category": "identity"},
    ],
)
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


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"evidence": ""}, "C2 unproven"),
        ({"evidence": "  "}, "C2 unproven"),
        ({"method": "import"}, "C2 unproven"),
        ({"method": "sync"}, "C2 unproven"),
        ({"method": "telepathy"}, "C2 unproven"),
        ({"notice_version": ""}, "C2 stale_notice"),
        ({"notice_version": "2019-05"}, "C2 stale_notice"),
    ],
)
def test_c2_a_grant_without_proof_is_passed_over(fields, reason):
    assert reasons(event("given", **fields)) == [reason]


def test_c2_the_notice_is_at_least_the_purposes():
    letters = {"purpose": "letters", "channel": "post", "topic": "*", "category": "identity"}
    ask = ("letters", "post", None, "identity")
    assert reasons(event("given", notice_version="2025-01", **letters), ask=ask) == [
        "C2 stale_notice"
    ]
    assert reasons(event("given", notice_version="2026-01", **letters), ask=ask) == []


def test_c3_a_grant_lives_until_its_age_or_its_end():
    assert reasons(event("given", 999.9)) == []
    assert reasons(event("given", 1000)) == ["C3 expired"]
    assert reasons(event("given", valid_until=NOW.isoformat())) == ["C3 expired"]
    assert reasons(event("given", valid_until=(NOW + timedelta(seconds=1)).isoformat())) == []
    assert reasons(event("given", valid_until="2026-11-21")) == ["C3 expired"], (
        "a bare date is the day's start"
    )


def test_c4_double_opt_in_waits_for_the_confirmation():
    ask = ("prevention", "email", "screening", "care")
    mail = {"channel": "email"}
    assert reasons(event("given", **mail), ask=ask) == ["C4 unconfirmed"]
    assert reasons(event("given", confirmed_at=at(9), **mail), ask=ask) == []
    assert reasons(event("given", confirmed_at=at(-1), **mail), ask=ask) == ["C4 unconfirmed"], (
        "tomorrow's"
    )
    assert reasons(
        event("given", confirmed_at=at(3), **mail), ask=ask, known_at=NOW - timedelta(days=5)
    ) == ["C4 unconfirmed"]
    assert reasons(event("given", channel="*", confirmed_at=""), ask=ask) == ["C4 unconfirmed"]
    assert reasons(event("given", channel="*", confirmed_at="")) == [], "SMS needs none"


def test_c4_all_channels_need_it_where_any_does():
    care = {"purpose": "statistics", "channel": "*", "topic": "*"}
    ask = ("statistics", None, None, "care")
    assert reasons(event("given", **care), ask=ask) == ["C4 unconfirmed"], (
        "it lists no channels: any of the policy's"
    )
    assert reasons(event("given", confirmed_at=at(1), **care), ask=ask) == []
    letters = {"purpose": "letters", "channel": "*", "topic": "*", "category": "identity"}
    assert reasons(event("given", **letters), ask=("letters", None, None, "identity")) == [
        "C4 unconfirmed"
    ], "any of the policy's here too"


def test_c5_health_is_named():
    assert reasons(event("given", category="*")) == ["C5 not_explicit"]
    assert (
        reasons(event("given", category="*"), ask=("prevention", "sms", "screening", "identity"))
        == []
    )


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("withdrawn", "withdrawn"),
        ("refused", "refused"),
        ("objected", "objected"),
        ("expired", "withdrawn"),
        ("revoked", "withdrawn"),
    ],
)
def test_c6_a_denial_needs_nothing(state, reason):
    denial = wide(state, 5, method="sync", evidence="", notice_version="", source="anything")
    assert reasons(GRANT, denial) == [f"C7 {reason}"]


@pytest.mark.parametrize("field", ["purpose", "channel", "topic", "category"])
def test_an_empty_field_of_a_denial_means_all(field):
    assert reasons(GRANT, event("withdrawn", 5, **{field: ""})) == ["C7 withdrawn"]


def test_c7_a_later_grant_as_specific_lifts():
    assert reasons(event("withdrawn", 20), GRANT) == []
    assert reasons(event("withdrawn", 20), event("given", channel="*")) == ["C7 withdrawn"], (
        "c8: broad never reopens specific"
    )
    assert reasons(wide("withdrawn", 20), GRANT) == [], "c8: narrow reopens just that"
    ask = ("prevention", "sms", "vaccination", "care")
    older = event("given", 30, topic="*")
    assert reasons(older, wide("withdrawn", 20), GRANT, ask=ask) == ["C7 withdrawn"], (
        "and no other topic"
    )


def test_c7_only_a_counting_grant_lifts():
    faults = [
        ({"evidence": ""}, "C2 unproven"),
        ({"valid_until": at(1)}, "C3 expired"),
        ({"category": "*"}, "C5 not_explicit"),
    ]
    for fault, reason in faults:
        assert reasons(event("objected", 20), event("given", **fault)) == ["C7 objected", reason]
    ask = ("prevention", "email", "screening", "care")
    grants = [
        event("given", 30, channel="email", confirmed_at=at(29)),
        event("given", 5, channel="email"),
    ]
    assert reasons(*grants, event("withdrawn", 20, channel="email"), ask=ask) == ["C7 withdrawn"], (
        "the newer is unconfirmed"
    )


def test_c7_every_denial_is_lifted_for_itself():
    old_wide = event("withdrawn", 9, channel="*", topic="*", category="*")
    narrow = event("withdrawn", 6)
    grant = event("given", 4)
    assert reasons(old_wide, narrow, grant) == []
    assert reasons(old_wide, narrow, grant, event("refused", 3, topic="*")) == ["C7 refused"]
    assert (
        reasons(
            event("withdrawn", 9, topic="*"),
            event("given", 8, topic="*"),
            event("refused", 7, channel="*"),
            grant,
        )
        == []
    )


def test_c9_ties_deny_in_any_order():
    pair = [event("given", 5), event("refused", 5)]
    assert reasons(*pair) == reasons(*reversed(pair)) == ["C7 refused"]


def test_a_letter_of_that_day_beats_a_click_of_that_morning():
    click = event(
        "given", effective_at="2026-11-13T08:00:00+01:00", recorded_at="2026-11-13T08:00:00+01:00"
    )
    letter = event("withdrawn", effective_at="2026-11-13", recorded_at="2026-11-13")
    assert reasons(click, letter) == ["C7 withdrawn"]
    midnight = event("given", effective_at="2026-11-14T00:00", recorded_at="2026-11-14T00:00")
    assert reasons(letter, midnight) == ["C7 withdrawn"], "the next day's 00:00 still ties"
    assert (
        reasons(
            letter,
            event(
                "given", effective_at="2026-11-14 00:00:00.000001", recorded_at="2026-11-14T00:00"
            ),
        )
        == []
    )
    assert reasons(click, letter, as_of=datetime(2026, 11, 13, 7, 30, tzinfo=UTC)) == [
        "C7 withdrawn"
    ], "it holds from the day's start"


def test_a_time_without_zone_is_in_the_policys():
    denial = event("withdrawn", effective_at="2026-11-10 10:00", recorded_at=at(5))
    assert reasons(
        denial, event("given", effective_at="2026-11-10T09:00:00Z", recorded_at=at(5))
    ) == ["C7 withdrawn"], "10:00 in Paris"
    assert (
        reasons(denial, event("given", effective_at="2026-11-10T09:00:01Z", recorded_at=at(5)))
        == []
    )


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
    grant = event(
        "given", purpose="letters", channel="*", topic="*", category="*", confirmed_at=at(1)
    )
    assert reasons(grant, ask=ask) == []
    assert reasons({**grant, "channel": "sms"}, ask=ask) == ["C1 no_consent"]
    for narrow in (
        {"channel": "email"},
        {"topic": "newsletter"},
        {"channel": "sms", "topic": "screening"},
    ):
        denial = wide("withdrawn", 20, **narrow)
        assert reasons(denial, grant, ask=ask) == ["C7 withdrawn"], (
            "any single one denies, and no star lifts it"
        )


def test_a_resent_event_with_other_content_is_another():
    assert reasons(GRANT, {**GRANT, "state": "withdrawn"}) == ["C7 withdrawn"]


def test_shuffling_changes_nothing_and_a_denial_lets_nobody_in():
    rng = random.Random(7)
    states = ["given", "renewed", "withdrawn", "refused", "maybe", "requested"]
    for _ in range(300):
        history = [
            event(
                rng.choice(states),
                rng.randrange(1, 6),
                channel=rng.choice(["sms", "*"]),
                topic=rng.choice(["screening", "*"]),
            )
            for _ in range(rng.randrange(1, 5))
        ]
        told = {tuple(reasons(*order)) for order in itertools.permutations(history)}
        assert len({tuple(sorted(one)) for one in told}) == 1
        if reasons(*history):
            assert reasons(
                *history,
                event("refused", rng.randrange(1, 6), channel=rng.choice(["sms", "post", "*"])),
            )
