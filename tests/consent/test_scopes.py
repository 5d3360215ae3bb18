"""The places of a policy's questions, and what the purpose does not list (C14)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segmenter.consent import gate, state
from segmenter.consent.masks import LINKED_TO_NOBODY
from segmenter.consent.scopes import WORD, Scopes
from segmenter.errors import PolicyError
from segmenter.project.policy import Category, Purpose
from world.clinic import POLICY, clinic, request
from world.policies import CLINIC, HOSPITAL, SURGERY, policy_of
from world.settled import settled


@pytest.mark.parametrize(
    "policy", [CLINIC, SURGERY, HOSPITAL], ids=["clinic", "surgery", "hospital"]
)
def test_every_question_has_a_bit_of_its_own_and_a_unit_stays_in_its_word(policy):
    bits = Scopes.of(policy_of(policy)).bits
    places = {(bit.word, bit.mask) for bit in bits}
    questions = {(bit.purpose, bit.channel, bit.topic, bit.category) for bit in bits}
    assert len(places) == len(questions) == len(bits)
    assert all(0 < bit.mask < LINKED_TO_NOBODY for bit in bits)
    words = {}
    for bit in bits:
        words.setdefault((bit.purpose, bit.topic), set()).add(bit.word)
    assert all(len(of_unit) == 1 for of_unit in words.values())


def test_a_large_policy_takes_several_words():
    assert Scopes.of(policy_of(HOSPITAL)).words > 1


def test_a_purpose_with_too_many_questions_a_topic_is_refused():
    names = [f"c{n}" for n in range(WORD + 1)]
    wide = Purpose("wide", {}, ("identity", *names), (), (), "2024-01", 10)
    categories = {**POLICY.categories, **{name: Category(name, 1) for name in names}}
    with pytest.raises(PolicyError):
        Scopes.of(replace(POLICY, categories=categories, purposes={"wide": wide}))


def test_the_order_of_purposes_in_the_file_moves_no_bit():
    turned = replace(POLICY, purposes=dict(reversed(POLICY.purposes.items())))
    assert turned.deciding_hash() == POLICY.deciding_hash()
    assert Scopes.of(turned).bits == Scopes.of(POLICY).bits


def test_a_mark_changes_with_what_decides_and_with_the_relations(monkeypatch):
    mark = state.mark(POLICY)
    assert state.mark(replace(POLICY, roles={"officer": ("x",)})) == mark
    assert state.mark(replace(POLICY, min_age=17)) != mark
    monkeypatch.setattr(state, "DECIDING_FOLDERS", ("consent",))
    assert state.mark(POLICY) != mark


# -- C14 -------------------------------------------------------------------------------------------

NOT_LISTED = {
    "purpose": request(purpose="bogus"),
    "category": request(categories=("origin",)),
    "channel": request(channels=("phone",)),
    "topic": request(topic="newsletter"),
    "no topic": request(topic=None),
    "no channel": request(channels=()),
    "care for offers": request(purpose="offers", channels=("email",), topic=None),
    "topic of statistics": request(purpose="statistics", channels=(), categories=()),
}


@pytest.mark.parametrize("asked", NOT_LISTED.values(), ids=NOT_LISTED.keys())
def test_c14_what_the_purpose_does_not_list_is_refused_before_any_data_is_read(asked):
    with pytest.raises(PolicyError) as refused:
        gate.check(POLICY, asked)
    assert refused.value.rule == "C14"


def test_c14_a_layout_that_does_not_look_would_be_noticed(monkeypatch):
    monkeypatch.setattr(Scopes, "_require_listed", lambda *_: None)
    with_origin = gate.check(POLICY, request(categories=("origin",)))
    identity_alone = gate.check(POLICY, request(categories=()))
    assert with_origin == identity_alone, "the fault lets origin through as identity alone"


def test_c14_holds_for_contact_and_what_an_export_carries():
    asked = request(topic=None, categories=())
    reach = gate.Reach("sms", ("contact",))
    with settled(clinic(policy=SURGERY)) as place, pytest.raises(PolicyError):
        gate.contactable(place.engine, place.policy, place.decisions, asked, reach)
