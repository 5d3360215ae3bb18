"""One budget in one period, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segmenter.budget.accounting import TAIL_ALLOWED, TAIL_UNITS, shown
from segmenter.budget.period import Period
from segmenter.model import Cost, stamp


@dataclass(frozen=True, slots=True)
class Balance:
    """One budget in one period, in nano-units.

    `spent` is what a patient can have lost to it: epsilon at delta.
    """

    purpose: str
    period: str
    start: datetime
    end: datetime
    allowed: Cost
    spent: Cost
    runs_out_at: datetime | None = None

    @property
    def remaining(self) -> Cost:
        """What may still be spent."""
        epsilon = self.allowed.epsilon - self.spent.epsilon
        delta = self.allowed.delta - self.spent.delta
        return Cost(epsilon=max(0, epsilon), delta=max(0, delta))

    def to_dict(self) -> dict[str, Any]:
        """The contract's row.

        `forecast` is when the budget runs out at the pace of this period so far, null if that is
        not before the period's end. `tail` is what an earlier version booked for its sampler.
        """
        left = self.remaining
        return {
            "purpose": self.purpose,
            "period": self.period,
            "from": stamp(self.start),
            "to": stamp(self.end),
            "epsilon": _amounts(self.allowed.epsilon, self.spent.epsilon, left.epsilon),
            "delta": _amounts(self.allowed.delta, self.spent.delta, left.delta),
            "rho": shown(self.spent.rho),
            "tail": {
                "allowed": TAIL_ALLOWED / TAIL_UNITS,
                "spent": self.spent.tail / TAIL_UNITS,
            },
            "forecast": None if self.runs_out_at is None else stamp(self.runs_out_at),
        }


def _amounts(allowed: int, spent: int, remaining: int) -> dict[str, float]:
    return {
        "allowed": shown(allowed),
        "spent": shown(spent),
        "remaining": shown(remaining),
    }


def runs_out_at(period: Period, now: datetime, spent: int, allowed: int) -> datetime | None:
    """When a budget runs out if spending goes on at the pace of this period so far.

    None if that is not before the period's end.
    """
    if spent <= 0:
        return None
    if spent >= allowed:
        return now
    length = period.end - period.start
    time_passed = (now - period.start) / length
    share_spent = spent / allowed
    if share_spent <= time_passed:
        return None
    return period.start + length * (time_passed / share_spent)
