"""What of a policy decides how much a patient can lose, as the terms of `budgets.lock`.

Every term is one number under a name such as `budget prevention: epsilon`. The words behind the
colon say in which direction the number lets more out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from segmenter.budget.accounting import shown

if TYPE_CHECKING:
    from segmenter.project.policy import Policy

UP, DOWN = 1, -1
LETS_MORE_OUT: Mapping[str, int] = {  # if the number goes up, or down
    "epsilon": UP,
    "delta": UP,
    "days of its period": DOWN,
    "cells a patient": UP,
    "reach of a value": UP,
    "funnel": UP,
    "days that it serves exports": UP,
    "patients": DOWN,
    "confidence": DOWN,
    "years": DOWN,
    "ids of one human": UP,
    "days that consent lasts": UP,
    "oldest notice": DOWN,
    "sensitivity": DOWN,
    "confirmation": DOWN,
}
DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def terms(policy: Policy) -> dict[str, float]:
    """The terms of a policy, by their names."""
    found = {
        "release: funnel": float(policy.release.funnel),
        "release: days that it serves exports": policy.release.max_age_days,
        "threshold: patients": policy.threshold.patients,
        "threshold: confidence": policy.threshold.confidence,
        "least age: years": policy.min_age,
        "links: ids of one human": policy.max_linked,
    }
    for name, budget in policy.budgets.items():
        found[f"budget {name}: epsilon"] = shown(budget.epsilon)
        found[f"budget {name}: delta"] = shown(budget.delta)
        found[f"budget {name}: days of its period"] = DAYS[budget.period]
    for name, fact in policy.facts.items():
        found[f"fact {name}: cells a patient"] = fact.max_cells
        for column, (low, high) in fact.clip.items():
            found[f"fact {name}, {column}: reach of a value"] = max(abs(low), abs(high))
    for name, purpose in policy.purposes.items():
        found[f"purpose {name}: days that consent lasts"] = purpose.max_age_days
        found[f"purpose {name}: oldest notice"] = policy.notices.index(purpose.min_notice)
    for name, category in policy.categories.items():
        found[f"category {name}: sensitivity"] = category.sensitivity
    for name, channel in policy.channels.items():
        found[f"channel {name}: confirmation"] = int(channel.double_opt_in)
    return found


def lets_more_out(name: str, before: float | None, after: float | None) -> bool:
    """Whether a change of a term lets more out. A new term does: nobody has looked at it yet."""
    if after is None:
        return False
    if before is None:
        return True
    direction = LETS_MORE_OUT[name.rpartition(": ")[2]]
    return (after - before) * direction > 0
