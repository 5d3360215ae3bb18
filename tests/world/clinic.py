"""Small worlds under the clinic's policy, written event by event, as a test needs them."""

from __future__ import annotations

from typing import Any

from segmenter.model import Clocks, ProcessingRequest
from world import people
from world.histories import TAKEN_AT, Given, Row
from world.policies import CLINIC, policy_of

NOW = Clocks(TAKEN_AT, TAKEN_AT)
POLICY = policy_of(CLINIC)


def event(patient_id: str = "p", **fields: str) -> Row:
    """A proven consent to prevention by SMS about screening, with health data, unless it says
    otherwise.
    """
    row = {"patient_id": patient_id, **people.USUAL, **fields}
    return {"recorded_at": row["effective_at"], "confirmed_at": row["effective_at"], **row}


def clinic(
    *events: Row,
    patients: tuple[str, ...] = ("p",),
    links: tuple[tuple[str, str], ...] = (),
    policy: Row = CLINIC,
) -> Given:
    """A world of adults and what they said; each link is a pair of ids."""
    adults = [{"patient_id": name, "age": "40"} for name in patients]
    pairs = [{"patient_id": one, "same_as": other} for one, other in links]
    return Given(policy, adults, list(events), pairs, [])


def request(**changed: Any) -> ProcessingRequest:
    """What is asked of the gate: prevention by SMS about screening, with health data, now."""
    asked = {
        "purpose": "prevention",
        "channels": ("sms",),
        "topic": "screening",
        "categories": ("care",),
        "clocks": NOW,
    }
    return ProcessingRequest(**{**asked, **changed})
