"""Policies for tests: the same mapping serves the plain reading (a dict) and the program (a
`Policy`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segmenter.project.policy import Category, Channel, Dimension, Policy, Purpose

CLINIC: dict[str, Any] = {
    "time_zone": "Europe/Paris",
    "notices": ["2024-01", "2025-01", "2026-01"],
    "categories": {
        "identity": {"sensitivity": 1},
        "contact": {"sensitivity": 1},
        "care": {"sensitivity": 2},
        "origin": {"sensitivity": 3},
    },
    "channels": {"email": {"double_opt_in": True}, "sms": {}, "phone": {}},
    "topics": ["screening", "vaccination"],
    "purposes": {
        "prevention": {
            "categories": ["identity", "contact", "care"],
            "channels": ["email", "sms"],
            "topics": ["screening", "vaccination"],
            "min_notice": "2025-01",
            "max_age_days": 1000,
        },
        "offers": {
            "categories": ["identity", "contact"],
            "channels": ["email"],
            "min_notice": "2026-01",
            "max_age_days": 300,
        },
        "statistics": {
            "categories": ["identity", "care"],
            "min_notice": "2024-01",
            "max_age_days": 1000,
        },
    },
    "min_age": 18,
    "max_linked": 3,
}


def policy_of(
    given: Mapping[str, Any],
    dimensions: Mapping[str, Dimension] | None = None,
    *,
    encryption: bool = True,
) -> Policy:
    """The program's policy of a mapping in the form of policy.yml."""
    channels = {
        name: Channel(name, "email", bool(c.get("double_opt_in", False)))
        for name, c in (given.get("channels") or {}).items()
    }
    purposes = {
        name: Purpose(
            name,
            {},
            tuple(p["categories"]),
            tuple(p.get("channels") or ()),
            tuple(p.get("topics") or ()),
            p["min_notice"],
            p["max_age_days"],
        )
        for name, p in given["purposes"].items()
    }
    categories = {
        name: Category(name, c["sensitivity"], "DPIA") for name, c in given["categories"].items()
    }
    return Policy(
        organisation={"name": "Clinic", "region": "FR"},
        time_zone=given.get("time_zone", "UTC"),
        roles={},
        notices=tuple(given["notices"]),
        categories=categories,
        channels=channels,
        topics=tuple(given.get("topics") or ()),
        purposes=purposes,
        dimensions=dict(dimensions or {}),
        min_age=given.get("min_age", 18),
        max_linked=given.get("max_linked", 10),
        encryption=encryption,
    )


# The smallest policy with every kind of question: for cases that a person reads.
SURGERY: dict[str, Any] = {
    "time_zone": "Europe/Paris",
    "notices": ["2025-01", "2026-01"],
    "categories": {"identity": {"sensitivity": 1}, "care": {"sensitivity": 2}},
    "channels": {"email": {"double_opt_in": True}, "sms": {}},
    "topics": [],
    "purposes": {
        "prevention": {
            "categories": ["identity", "care"],
            "channels": ["email", "sms"],
            "min_notice": "2026-01",
            "max_age_days": 365,
        },
        "statistics": {"categories": ["identity"], "min_notice": "2025-01", "max_age_days": 365},
    },
}
# Many channels and topics: several words of questions.
HOSPITAL: dict[str, Any] = {
    "time_zone": "UTC",
    "notices": ["1", "2"],
    "categories": {
        "identity": {"sensitivity": 1},
        "contact": {"sensitivity": 1},
        "care": {"sensitivity": 2},
        "origin": {"sensitivity": 3},
    },
    "channels": {
        name: {"double_opt_in": name == "email"}
        for name in ("email", "sms", "phone", "post", "app")
    },
    "topics": ["a", "b", "c", "d"],
    "purposes": {
        "prevention": {
            "categories": ["identity", "contact", "care", "origin"],
            "channels": ["email", "sms", "phone", "post", "app"],
            "topics": ["a", "b", "c", "d"],
            "min_notice": "1",
            "max_age_days": 1000,
        },
        "statistics": {"categories": ["identity", "care"], "min_notice": "2", "max_age_days": 50},
    },
    "min_age": 13,
    "max_linked": 2,
}
NURSERY = {**CLINIC, "min_age": 13}
POLICIES = {"clinic": CLINIC, "surgery": SURGERY, "hospital": HOSPITAL, "nursery": NURSERY}
