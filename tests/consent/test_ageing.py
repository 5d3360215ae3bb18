"""How consent ages: who lapses when, and who holds an old notice (P16)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from segmenter.consent.ageing import PurposeAtClocks, lapses, notices, notices_in_force
from segmenter.errors import PolicyError
from world import people
from world.clinic import NOW, clinic, event
from world.histories import TAKEN_AT
from world.settled import oracle, settled


def asked(place, purpose="prevention"):
    return PurposeAtClocks(
        engine=place.engine,
        policy=place.policy,
        snapshot=place.snapshot,
        tables=place.tables,
        state=place.state_tables,
        purpose=purpose,
        clocks=NOW,
    )


def histogram(place, ageing):
    """How many humans are in each bucket, by its labels."""
    columns = ", ".join(f"dim_{dimension.name}" for dimension in ageing.dimensions)
    counting = f"SELECT {columns}, count(*) FROM {ageing.eligible.table.name} GROUP BY ALL"
    counts = {}
    for *codes, many in place.engine.connection.execute(counting).fetchall():
        pairs = zip(ageing.dimensions, codes, strict=True)
        counts[tuple(dimension.labels[code] for dimension, code in pairs)] = many
    return counts


def identity(who, **fields):
    return event(who, category="identity", **fields)


def in_days(days):
    return (TAKEN_AT + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_who_lapses_when():
    ends = {"a": 1, "b": 30, "c": 31, "d": 60, "e": 90, "f": 91}
    data = clinic(
        *(identity(who, valid_until=in_days(days)) for who, days in ends.items()),
        identity("never"),
        event("refused", state="refused"),
        identity("will withdraw"),
        identity(
            "will withdraw",
            state="withdrawn",
            effective_at="2026-07-15T00:00:00Z",
            recorded_at="2026-05-01T00:00:00Z",
        ),
        identity("first id"),
        identity("second id", valid_until="2026-06-05"),
        patients=(*ends, "never", "refused", "will withdraw", "first id", "second id"),
        links=(("first id", "second id"),),
    )
    with settled(data) as place:
        answer = lapses(asked(place))
        buckets = histogram(place, answer)
        assert buckets == {("0-30",): 2, ("31-60",): 3, ("61-90",): 1, ("later",): 3}
        assert repr(answer.eligible.table) == f"Table({answer.eligible.table.name})"


def test_who_lapses_when_nothing_outside_can_be_reached():
    data = clinic(identity("a", valid_until="2026-06-20"), identity("b"), patients=("a", "b"))
    with settled(data) as place:
        place.engine.lock_down()
        assert histogram(place, lapses(asked(place))) == {("0-30",): 1, ("later",): 1}


def test_lapses_agree_with_the_plain_reading():
    data = people.world("clinic")
    plain = oracle(data)
    places = [(c, t) for c in ("email", "sms") for t in ("screening", "vaccination")]
    places.append((None, None))

    def eligible(days):
        """The humans who may be used for identity on some channel and topic, so many days on."""
        at = TAKEN_AT + timedelta(days=days)
        humans = set()
        for name in plain.people:
            for channel, topic in places:
                asked = ("prevention", channel, topic, "identity", at, TAKEN_AT)
                if plain.decide(name, *asked).allowed:
                    humans.add(min(plain.group(name)))
        return humans

    now, first, second, third = (eligible(days) for days in (0, 30, 60, 90))
    expected = {
        ("0-30",): len(now - first),
        ("31-60",): len(now & first - second),
        ("61-90",): len(now & first & second - third),
        ("later",): len(now & first & second & third),
    }
    with settled(data) as place:
        found = histogram(place, lapses(asked(place)))
    assert found == {bucket: many for bucket, many in expected.items() if many}


def test_who_holds_an_old_notice_and_must_be_asked_before_a_date():
    data = clinic(
        identity("a", notice_version="2025-01"),
        identity("b", notice_version="2025-01"),
        identity("b", notice_version="2026-01"),
        identity("c", notice_version="2025-01", valid_until="2026-06-20"),
        identity("d", notice_version="2025-01"),
        identity("d", state="refused", effective_at="2026-05-09T00:00:00Z"),
        patients=("a", "b", "c", "d"),
    )
    with settled(data) as place:
        answer = notices(asked(place), before=TAKEN_AT + timedelta(days=30))
        assert histogram(place, answer) == {
            ("2025-01", "later"): 1,
            ("2026-01", "later"): 1,
            ("2025-01", "before"): 1,
        }
        assert notices_in_force(place.policy, "offers") == ("2026-01",)


@pytest.mark.parametrize("ask", [lapses, lambda question: notices(question, TAKEN_AT)])
def test_c14_a_purpose_that_nobody_declared_is_refused(ask):
    with settled(clinic()) as place, pytest.raises(PolicyError) as refused:
        ask(asked(place, "bogus"))
    assert refused.value.rule == "C14"
