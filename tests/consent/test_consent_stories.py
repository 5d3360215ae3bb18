"""People with one story each: the decision and every reason, by the program and by the plain
reading.
"""

from __future__ import annotations

import pytest

from world import people
from world.settled import oracle, settled

ASKS = list(people.asks())


@pytest.fixture(scope="module")
def places():
    with settled(people.world("clinic")) as clinic, settled(people.world("nursery")) as nursery:
        yield {"clinic": clinic, "nursery": nursery}


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.name)
def test_the_plain_reading_tells_the_story(ask):
    plain = oracle(people.world(ask.policy, ask.who))
    (category,) = ask.use.categories
    scope = (ask.use.purpose, ask.use.channel, ask.use.topic, category)
    said = plain.decide(ask.who, *scope, ask.clocks.as_of, ask.clocks.known_at)
    assert [f"{rule} {reason}" for rule, reason in said.reasons] == list(ask.reasons)


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.name)
def test_why_tells_the_story(ask, places):
    assert people.told(ask, places[ask.policy]) == ask.reasons


@pytest.mark.parametrize("policy", ["clinic", "nursery"])
def test_the_state_decides_the_story(policy):
    assert people.failures(policy, also_why=False) == []
