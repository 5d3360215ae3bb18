"""The ledger: what has been paid, and what may still be paid (P2 to P5, P13).

It is a view of the journal's `spend` and `recover` entries. Reserve, then read: a spend is
committed, durable and above the high-water mark before any data is touched, and it is never
refunded. A budget belongs to a purpose and a calendar period in UTC; every spend also debits
`total`. A purpose without a budget publishes nothing.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from segmenter.budget.accounting import (
    TAIL_UNITS,
    TOTAL,
    Charge,
    Loss,
    loss,
    shown,
    total,
    total_loss,
)
from segmenter.budget.balance import Balance, runs_out_at
from segmenter.budget.bodies import (
    assumed_body,
    assumed_epsilon,
    booked_body,
    spend_body,
    spend_row,
    spends_of,
)
from segmenter.budget.book import Book
from segmenter.budget.period import Period
from segmenter.errors import BudgetError
from segmenter.journal.recovery import KIND as RECOVER
from segmenter.journal.recovery import recover
from segmenter.model import Cost, Spend

if TYPE_CHECKING:
    from segmenter.journal.journal import Journal, JournalEntry
    from segmenter.journal.recovery import Choose, Recovered
    from segmenter.project.policy import Budget, Policy

SPEND = "spend"
RELEASE = "release"  # names what spends paid for


@dataclass(slots=True)
class Ledger:
    """The ledger of one project. What it read of the journal is kept, and only extended."""

    journal: Journal
    policy: Policy
    _books: dict[tuple[str, datetime], Book] = field(default_factory=dict, repr=False)
    _recovered_at: datetime | None = field(default=None, repr=False)
    _last: JournalEntry | None = field(default=None, repr=False)

    # -- spending ----------------------------------------------------------------------------------

    def spend(self, actor: str, purpose: str, question: str, cost: Cost) -> Spend:
        """Pay for one question. Committed and synced to disk on return; never refunded.

        Raises `BudgetError` (P3, P4, P5) if it is refused.
        """
        charge = Charge(purpose, question, cost)
        (spend,) = self.spend_all(actor, [charge])
        return spend

    def spend_all(self, actor: str, charges: Sequence[Charge]) -> tuple[Spend, ...]:
        """Pay for several questions, all or nothing, in one entry."""
        if not charges:
            return ()
        for charge in charges:
            _require_positive(charge.cost)
        spends = [spend_body(secrets.token_hex(8), charge) for charge in charges]

        def choose(entries: list[JournalEntry]) -> tuple[str, str, Mapping[str, Any]]:
            self._read(entries)
            now = self._now()
            booked = self._afford(charges, now)
            body: dict[str, Any] = {"spends": spends}
            if booked:
                body["booked"] = booked
            return actor, SPEND, body

        entry = self.journal.decide(choose)
        return tuple(spends_of(entry))

    def _now(self) -> datetime:
        """The moment of the spend that is being decided, by a clock that can be right (P5)."""
        moment = self.journal.deciding
        if moment is None:
            return self.journal.now()
        moment.require(SPEND)
        return moment.at

    def would_afford(self, charges: Sequence[Charge]) -> BudgetError | None:
        """Why these charges would be refused now, None if they would not. Reserves nothing."""
        self._read(self.journal.read())
        try:
            self._afford(charges, self.journal.now())
        except BudgetError as refused:
            return refused
        return None

    def _afford(self, charges: Sequence[Charge], now: datetime) -> list[dict[str, Any]]:
        """What an entry of these charges books for each budget; raises if they are too much."""
        costs: dict[str, list[Cost]] = {}
        for charge in charges:
            costs.setdefault(charge.purpose, []).append(charge.cost)
        for purpose in costs:
            if purpose == TOTAL or purpose not in self.policy.budgets:
                raise BudgetError(
                    "P5",
                    f"the purpose {purpose} has no budget, so nothing is published for it",
                    hint="the policy's `budgets` give a purpose its epsilon and period",
                )
        if TOTAL in self.policy.budgets:
            costs[TOTAL] = [charge.cost for charge in charges]
        booked = []
        for name, asked in costs.items():
            budget = self.policy.budgets[name]
            after = self._within(budget, asked, now)
            rhos = [self._book(budget, now).cost.rho, *(cost.rho for cost in asked)]
            if any(rhos):
                period = Period.of(budget.period, now)
                booked.append(booked_body(budget, period, after))
        return booked

    def _within(self, budget: Budget, asked: Sequence[Cost], now: datetime) -> Loss:
        """What a patient can have lost to a budget after these costs; raises if it is too much."""
        after = self._book(budget, now).loss_with(asked, budget.delta)
        is_allowed = (
            after is not None and after.epsilon <= budget.epsilon and after.delta <= budget.delta
        )
        if after is None or not is_allowed or self._is_shut(budget, now):
            raise BudgetError(
                "P3",
                _refusal(self._balance(budget, now), total(asked)),
                hint="ask with less epsilon, wait for the next period, "
                "or have the policy's budget raised",
            )
        return after

    # -- looking -----------------------------------------------------------------------------------

    def balances(self) -> list[Balance]:
        """Every budget of the policy in its current period, `total` last."""
        self._read(self.journal.read())
        now = self.journal.now()
        budgets = sorted(self.policy.budgets.values(), key=lambda one: one.purpose == TOTAL)
        return [self._balance(budget, now) for budget in budgets]

    def entries(self) -> list[dict[str, Any]]:
        """Every spend, oldest first: when, who, for what, the segments it served, how much."""
        served: dict[str, Any] = {}
        for entry in self.journal.read(RELEASE):
            for spend_id in entry.body.get("spends", ()):
                served[spend_id] = entry.body.get("serves", [])
        rows: list[dict[str, Any]] = []
        for entry in self.journal.read(SPEND):
            spends = spends_of(entry)
            for one in spends:
                serves = served.get(one.id, [])
                rows.append(spend_row(one, entry, serves))
        return rows

    def lifetime(self) -> dict[str, Any]:
        """What a patient can have lost over all time and all purposes, to everything ever paid.

        `complete` is false after a recovery, which may have lost entries. What the recovery assumed
        to be spent is then `assumed_epsilon`.
        """
        spent = self.journal.read(SPEND)
        recovered = self.journal.read(RECOVER)
        cost = Cost()
        for entry in spent:
            cost += total(spend.cost for spend in spends_of(entry))
        deltas = [budget.delta for budget in self.policy.budgets.values()]
        lost = loss(cost, max(deltas, default=0) + cost.delta)
        return {
            "epsilon": None if lost is None else shown(lost.epsilon),
            "delta": shown(0 if lost is None else lost.delta),
            "rho": shown(cost.rho),
            "tail": cost.tail / TAIL_UNITS,
            "assumed_epsilon": shown(sum(map(assumed_epsilon, recovered))),
            "complete": not recovered,
        }

    def lost(self, spends: Iterable[Spend]) -> int:
        """What a patient can have lost by these spends alone: epsilon in nano-units.

        Each purpose's rho is taken at its budget's delta.
        """
        paid: dict[str, Counter[Cost]] = {}
        for spend in spends:
            paid.setdefault(spend.purpose, Counter())[spend.cost] += 1
        epsilon = 0
        for purpose, costs in paid.items():
            lost = total_loss(costs, self.policy.budgets[purpose].delta)
            epsilon += 0 if lost is None else lost.epsilon
        return epsilon

    def verify(self) -> int:
        """Read and verify the whole chain anew, against all marks; how many entries it has.

        Raises `BudgetError` (P4) if it does not hold.
        """
        self.journal.forget()
        return len(self.journal.read())

    def recover(
        self, actor: str, choose: Choose | None = None, *, restored: bool = False
    ) -> Recovered:
        """Make a ledger that cannot be trusted usable again, assuming the worst.

        Every budget of the current periods is then spent. For officers only (the workflow checks).
        What verifies is kept, and what `choose` keeps of the rest; all of it is set aside beside
        the ledger. `restored` says that the whole folder came back from a backup.
        """
        now = self.journal.now()
        budgets = [assumed_body(budget, now) for budget in self.policy.budgets.values()]
        body = {"budgets": budgets, "restored": restored}
        self._last = None
        if choose is None:
            return recover(self.journal, actor, body)
        return recover(self.journal, actor, body, choose)

    # -- reading the journal -----------------------------------------------------------------------

    def _read(self, entries: list[JournalEntry]) -> None:
        """Take in the entries that came since last time; all of them if the last one is gone."""
        last = self._last
        is_gone = last is not None and (
            last.seq > len(entries) or entries[last.seq - 1].hash != last.hash
        )
        known = 0 if last is None or is_gone else last.seq
        if known == 0:
            self._books.clear()
            self._recovered_at = None
        for entry in entries[known:]:
            if entry.kind == SPEND:
                self._read_spends(entry)
            elif entry.kind == RECOVER:
                self._recovered_at = entry.at
        self._last = entries[-1] if entries else None

    def _read_spends(self, entry: JournalEntry) -> None:
        for spend in spends_of(entry):
            for name in (spend.purpose, TOTAL):
                if name in self.policy.budgets:
                    self._book(self.policy.budgets[name], entry.at).add(spend.cost)
        for figure in entry.body.get("booked", ()):
            budget = self.policy.budgets.get(figure["budget"])
            if budget is None:
                continue
            period = Period.of(budget.period, entry.at)
            lost = Loss(figure["epsilon"], figure["delta"])
            if figure == booked_body(budget, period, lost) and lost.delta == budget.delta:
                self._book(budget, entry.at).booked = lost

    def _book(self, budget: Budget, at: datetime) -> Book:
        period = Period.of(budget.period, at)
        return self._books.setdefault((budget.purpose, period.start), Book())

    def _is_shut(self, budget: Budget, now: datetime) -> bool:
        """Whether a recovery in this period assumed the budget to be spent."""
        if self._recovered_at is None:
            return False
        period = Period.of(budget.period, now)
        return self._recovered_at >= period.start

    def _balance(self, budget: Budget, now: datetime) -> Balance:
        period = Period.of(budget.period, now)
        book = self._book(budget, now)
        lost = book.loss(budget.delta)
        if lost is None or self._is_shut(budget, now):
            lost = Loss(budget.epsilon, budget.delta)
        return Balance(
            purpose=budget.purpose,
            period=budget.period,
            start=period.start,
            end=period.end,
            allowed=Cost(budget.epsilon, budget.delta),
            spent=Cost(
                epsilon=lost.epsilon,
                delta=lost.delta,
                rho=book.cost.rho,
                tail=book.cost.tail,
            ),
            runs_out_at=runs_out_at(period, now, lost.epsilon, budget.epsilon),
        )


def _require_positive(cost: Cost) -> None:
    amounts = (cost.epsilon, cost.delta, cost.rho, cost.tail)
    if min(amounts) < 0 or cost.epsilon + cost.rho <= 0:
        raise ValueError("a spend is above zero")


# -- refusals --------------------------------------------------------------------------------------


def _refusal(balance: Balance, cost: Cost) -> str:
    left = f"{shown(balance.remaining.epsilon):.9g}"
    allowed = f"{shown(balance.allowed.epsilon):.9g}"
    return (
        f"the budget {balance.purpose} of this {balance.period} does not allow it: "
        f"asked {_amounts_in_words(cost)}, remaining epsilon {left} of {allowed} "
        f"until {balance.end:%Y-%m-%d}"
    )


def _amounts_in_words(cost: Cost) -> str:
    amounts = []
    if cost.epsilon:
        amounts.append(f"epsilon {shown(cost.epsilon):.9g}")
    if cost.rho:
        amounts.append(f"rho {shown(cost.rho):.9g}")
    return " and ".join(amounts)
