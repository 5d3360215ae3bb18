"""A small policy, events and patients for the plain reading, and the reasons that it gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from oracle.consent import World

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

POLICY = {
    "time_zone": "Europe/Paris",
    "notices": ["2025-01", "2026-01"],
    "categories": {
        "identity": {"sensitivity": 1},
        "contact": {"sensitivity": 1},
        "care": {"sensitivity": 2},
    },
    "channels": {
        "email": {"identifier": "email", "double_opt_in": True},
        "sms": {"identifier": "phone"},
        "post": {"identifier": "postal"},
    },
    "topics": ["screening", "vaccination", "newsletter"],
    "purposes": {
        "prevention": {
            "categories": ["identity", "contact", "care"],
            "channels": ["email", "sms"],
            "topics": ["screening", "vaccination"],
            "min_notice": "2025-01",
            "max_age_days": 1000,
        },
        "letters": {
            "categories": ["identity"],
            "channels": ["sms", "post"],
            "min_notice": "2026-01",
            "max_age_days": 1000,
        },
        "statistics": {
            "categories": ["identity", "care"],
            "min_notice": "2025-01",
            "max_age_days": 1000,
        },
    },
}


def at(days: float) -> str:
    """So many days ago."""
    return (NOW - timedelta(days=days)).isoformat()


def event(state: str, days: float = 10, /, **fields: str) -> dict[str, str]:
    row = {
        "event_id": "e",
        "patient_id": "p",
        "purpose": "prevention",
        "channel": "sms",
        "topic": "screening",
        "category": "care",
        "state": state,
        "effective_at": at(days),
        "recorded_at": at(days),
        "confirmed_at": "",
        "valid_until": "",
        "method": "paper",
        "expressed_by": "self",
        "notice_version": "2026-01",
        "evidence": "doc",
        "source": "crm",
    }
    return {**row, **fields}


def wide(state: str, days: float = 10, /, **fields: str) -> dict[str, str]:
    """An event whose scope is everything."""
    return event(
        state, days, **{"purpose": "*", "channel": "*", "topic": "*", "category": "*", **fields}
    )


def patient(patient_id: str = "p", **fields: str) -> dict[str, str]:
    return {"patient_id": patient_id, "age": "40", "deceased": "", **fields}


def reasons(
    *events: dict[str, str],
    people=None,
    links=(),
    policy=POLICY,
    of="p",
    ask=("prevention", "sms", "screening", "care"),
    as_of=NOW,
    known_at=NOW,
    erased=(),
) -> list[str]:
    world = World.read(policy, [patient()] if people is None else people, events, links, erased)
    decision = world.decide(of, *ask, as_of, known_at)
    assert decision.allowed == (not decision.reasons)
    return [f"{rule} {reason}" for rule, reason in decision.reasons]


GRANT = event("given")
