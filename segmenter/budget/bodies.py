"""What entries of the journal say of spends: written, and read back. No patient, no count."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from segmenter.budget.accounting import TOTAL, Charge, Loss, shown
from segmenter.budget.period import Period
from segmenter.model import Cost, Spend, stamp

if TYPE_CHECKING:
    from segmenter.journal.journal import JournalEntry
    from segmenter.project.policy import Budget


def spend_body(spend_id: str, charge: Charge) -> dict[str, Any]:
    """One spend as the journal keeps it."""
    cost = charge.cost
    return {
        "id": spend_id,
        "purpose": charge.purpose,
        "question": charge.question,
        "epsilon": cost.epsilon,
        "delta": cost.delta,
        "rho": cost.rho,
        "tail": cost.tail,
    }


def spends_of(entry: JournalEntry) -> list[Spend]:
    """The spends of a `spend` entry."""
    spends = []
    for body in entry.body["spends"]:
        cost = Cost(
            epsilon=body["epsilon"],
            delta=body["delta"],
            rho=body["rho"],
            tail=body["tail"],
        )
        spends.append(
            Spend(
                id=body["id"],
                purpose=body["purpose"],
                question=body["question"],
                cost=cost,
                seq=entry.seq,
            )
        )
    return spends


def spend_row(spend: Spend, entry: JournalEntry, serves: Any) -> dict[str, Any]:
    """One spend as the contract shows it."""
    return {
        "id": spend.id,
        "at": stamp(entry.at),
        "actor": entry.actor,
        "purpose": spend.purpose,
        "question": spend.question,
        "serves": serves,
        "epsilon": shown(spend.cost.epsilon),
        "delta": shown(spend.cost.delta),
        "rho": shown(spend.cost.rho),
    }


def booked_body(budget: Budget, period: Period, lost: Loss) -> dict[str, Any]:
    """What is booked for a budget in a period, once rho was paid from it."""
    return {
        "budget": budget.purpose,
        "from": stamp(period.start),
        "to": stamp(period.end),
        "epsilon": lost.epsilon,
        "delta": lost.delta,
    }


def assumed_body(budget: Budget, now: datetime) -> dict[str, Any]:
    """What a recovery assumes to be spent of a budget: all of it."""
    period = Period.of(budget.period, now)
    return {
        "purpose": budget.purpose,
        "epsilon": budget.epsilon,
        "delta": budget.delta,
        "from": stamp(period.start),
        "to": stamp(period.end),
    }


def assumed_epsilon(recovery: JournalEntry) -> int:
    """The epsilon that a `recover` entry assumes to be spent, over all purposes."""
    epsilons = []
    for assumed in recovery.body["budgets"]:
        if assumed["purpose"] != TOTAL:
            epsilons.append(int(assumed["epsilon"]))
    return sum(epsilons)
