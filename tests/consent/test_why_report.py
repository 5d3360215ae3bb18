"""`why` never says that somebody is allowed without saying what else stands against contact."""

from __future__ import annotations

from segmenter.consent.explain import explain, segment_uses
from segmenter.workflows.why import WhyReport
from world.clinic import NOW, clinic, event
from world.settled import settled


def test_an_entry_of_the_suppression_list_is_told_beside_what_consent_allows():
    uses = segment_uses("prevention", ("sms",), "screening", ())
    with settled(clinic(event(category="identity"))) as place:
        explanation = explain(place.engine, place.policy, place.tables, "p", NOW, uses)
    entry = {"reason": "unsubscribed", "channel": "sms"}
    allowed, *more = WhyReport(explanation, suppression=(entry,)).sentences()
    assert "Allowed." in allowed
    assert more == [
        "Not contacted: an entry of the suppression list (unsubscribed, channel sms). (S2)"
    ]
