"""Why: every rule that speaks, and the events behind it."""

from __future__ import annotations

import pytest

from segmenter.consent.explain import every_use, explain, segment_uses
from segmenter.consent.reasons import ORDER, SENTENCES, sentence
from segmenter.consent.scopes import Scopes
from segmenter.errors import UsageError
from world.clinic import NOW, POLICY, clinic, event
from world.settled import settled

BY_SMS = segment_uses("prevention", ("sms",), "screening", ("care",))


def explained(data, uses=()):
    with settled(data) as place:
        return explain(place.engine, place.policy, place.tables, "p", NOW, uses)


def test_why_tells_the_events_behind_a_reason_and_both_languages():
    answer = explained(
        clinic(
            event(event_id="g1"),
            event(event_id="d1", state="withdrawn", effective_at="2026-05-02T10:00:00Z"),
        ),
        BY_SMS,
    )
    document = answer.to_dict()
    assert document["allowed"] is False
    withdrawn, no_consent = document["reasons"]
    assert (withdrawn["rule"], withdrawn["reason"]) == ("C7", "withdrawn")
    assert [one["event_id"] for one in withdrawn["events"]] == ["d1"]
    assert set(withdrawn["sentence"]) == {"en", "fr"}
    assert (no_consent["rule"], no_consent["events"]) == ("C1", [])
    (line,) = answer.sentences("fr")
    assert line == (
        "prevention / sms / screening / identity+care\u00a0: Le consentement a été retiré. (C7: "
        "d1) Aucun consentement ne couvre cette utilisation. (C1)"
    )


def test_why_tells_the_grants_that_an_allowed_use_stands_on():
    """Not the one from before a withdrawal; uses that differ in the category only share a line."""
    answer = explained(
        clinic(
            event(event_id="old", effective_at="2026-02-01T10:00:00Z"),
            event(event_id="no", state="withdrawn", effective_at="2026-03-01T10:00:00Z"),
            event(event_id="new", effective_at="2026-04-01T10:00:00Z", evidence="form-12"),
            event(event_id="", category="identity", effective_at="2026-04-02T10:00:00Z"),
        ),
        BY_SMS,
    )
    [decision] = answer.to_dict()["decisions"]
    proofs = [(one.get("event_id"), one["line"], one["evidence"]) for one in decision["grants"]]
    assert proofs == [("new", 4, "form-12"), (None, 5, "doc")]
    assert decision["reasons"] == []
    assert answer.sentences("en") == [
        "prevention / sms / screening / identity+care: Allowed. (C1: new, consent.csv:5)"
    ]


def test_why_about_somebody_nobody_knows():
    with settled(clinic()) as place, pytest.raises(UsageError) as refused:
        explain(place.engine, place.policy, place.tables, "nobody-such", NOW)
    assert "nobody-such" not in str(refused.value)


def test_why_without_uses_answers_all_of_them():
    answer = explained(clinic(event()))
    asked = [decision.use for decision in answer.decisions]
    assert asked == list(every_use(Scopes.of(POLICY)))
    assert answer.allowed


def test_the_answer_about_a_person_shows_nothing_in_its_repr():
    answer = explained(clinic(event(event_id="g1")))
    assert "g1" not in repr(answer)
    assert "'p'" not in repr(answer)


def test_c15_the_order_is_fixed_and_every_reason_has_its_sentences():
    rules = list(dict.fromkeys(reason.rule for reason in ORDER))
    assert rules == ["C12", "C13", "C11", "C10", "C7", "C4", "C3", "C2", "C5", "C1"]
    assert {reason.name for reason in ORDER} | {"allowed"} == set(SENTENCES)
    for name in SENTENCES:
        assert sentence(name, "en") != sentence(name, "fr")
