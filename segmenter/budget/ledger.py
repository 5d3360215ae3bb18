"""The ledger: what has been paid, what may still be paid (P2 to P5, P13). A view of the journal's `spend` and `recover` entries.

Reserve, then read: a spend is committed, durable and above the high-water mark before any data is
touched, and never refunded. A budget belongs to a purpose and a calendar period in UTC; every spend
also debits `total`. A purpose without a budget publishes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from segmenter.budget.accounting import NANO, TAIL_ALLOWED, TOTAL, Charge, fits, loss, shown, total
from segmenter.errors import BudgetError
from segmenter.journal.recovery import KIND as RECOVER
from segmenter.journal.recovery import recover
from segmenter.model import Cost, Spend, stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmenter.journal.journal import Entry, Journal
    from segmenter.project.policy import Budget, Policy

SPEND = "spend"
RELEASE = "release"  # names what spends paid for
FIRST_MONTHS = {"month": range(1, 13), "quarter": (1, 4, 7, 10), "year": (1,)}


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar period in UTC: from `start` up to, not including, `end`."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, kind: str, moment: datetime) -> Period:
        """The `day`, `week` (from Monday), `month`, `quarter` or `year` that a moment lies in.

        >>> Period.of("quarter", datetime(2026, 5, 3, tzinfo=UTC)).start.isoformat()
        '2026-04-01T00:00:00+00:00'
        """
        return _period(kind, moment.astimezone(UTC).date())


@lru_cache(maxsize=1_000)
def _period(kind: str, moment: date) -> Period:
    """Kept, since every spend of a journal is asked for its periods."""
    day = datetime.combine(moment, time.min, UTC)
    if kind in ("day", "week"):
        start = day - timedelta(days=day.weekday() if kind == "week" else 0)
        return Period(start, start + timedelta(days=7 if kind == "week" else 1))
    firsts = FIRST_MONTHS[kind]
    start = day.replace(day=1, month=max(m for m in firsts if m <= day.month))
    months = 12 // len(firsts)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return Period(start, start.replace(year=year, month=month + 1))


@dataclass(frozen=True, slots=True)
class Balance:
    """One budget in one period, in nano-units. `spent` is what a patient can have lost to it: epsilon at delta."""

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
        return Cost(
            max(0, self.allowed.epsilon - self.spent.epsilon),
            max(0, self.allowed.delta - self.spent.delta),
        )

    def to_dict(self) -> dict[str, Any]:
        """The contract's row. `forecast` is when it runs out at the pace of this period so far, null where it does not before its end."""
        left = self.remaining
        return {
            "purpose": self.purpose,
            "period": self.period,
            "from": stamp(self.start),
            "to": stamp(self.end),
            "epsilon": _three(self.allowed.epsilon, self.spent.epsilon, left.epsilon),
            "delta": _three(self.allowed.delta, self.spent.delta, left.delta),
            "rho": shown(self.spent.rho),
            "tail": {"allowed": TAIL_ALLOWED / NANO**2, "spent": self.spent.tail / NANO**2},
            "forecast": None if self.runs_out_at is None else stamp(self.runs_out_at),
        }


def _three(allowed: int, spent: int, remaining: int) -> dict[str, float]:
    return {"allowed": shown(allowed), "spent": shown(spent), "remaining": shown(remaining)}


@dataclass(slots=True)
class Ledger:
    """The ledger of one project."""

    journal: Journal
    policy: Policy
    _paid: dict[tuple[str, datetime], Cost] = field(default_factory=dict, repr=False)
    _shut: dict[str, datetime] = field(default_factory=dict, repr=False)
    _last: Entry | None = field(default=None, repr=False)

    # -- spending ----------------------------------------------------------------------------------

    def spend(self, actor: str, purpose: str, question: str, cost: Cost) -> Spend:
        """Pay for one question. Committed and synced to disk on return; never refunded. `BudgetError` (P3, P4, P5) where it is refused."""
        return self.spend_all(actor, [Charge(purpose, question, cost)])[0]

    def spend_all(self, actor: str, charges: Sequence[Charge]) -> tuple[Spend, ...]:
        """Pay for several questions, all or nothing, in one entry."""
        if not charges:
            return ()
        for charge in charges:
            _check(charge.cost)
        bodies = [_body(secrets.token_hex(8), charge) for charge in charges]

        def choose(entries: list[Entry]) -> tuple[str, str, Mapping[str, Any]]:
            self._fold(entries)
            self._afford(charges, self.journal.deciding_at or self.journal.now())
            return actor, SPEND, {"spends": bodies}

        entry = self.journal.decide(choose)
        return tuple(_spends(entry))

    def would_afford(self, charges: Sequence[Charge]) -> BudgetError | None:
        """Why these charges would be refused now, None where they would not. Reserves nothing."""
        self._fold(self.journal.read())
        try:
            self._afford(charges, self.journal.now())
        except BudgetError as refused:
            return refused
        return None

    def _afford(self, charges: Sequence[Charge], now: datetime) -> None:
        for purpose in dict.fromkeys(charge.purpose for charge in charges):
            if purpose == TOTAL or purpose not in self.policy.budgets:
                msg = f"the purpose {purpose} has no budget, so nothing is published for it"
                raise BudgetError(
                    "P5", msg, hint="the policy's `budgets` give a purpose its epsilon and period"
                )
            self._within(
                self.policy.budgets[purpose], [c.cost for c in charges if c.purpose == purpose], now
            )
        if TOTAL in self.policy.budgets:
            self._within(self.policy.budgets[TOTAL], [c.cost for c in charges], now)

    def _within(self, budget: Budget, asked: Iterable[Cost], now: datetime) -> None:
        balance = self._balance(budget, now)
        cost = total(asked)
        if not self._is_shut(budget, now) and fits(
            self._spent(budget, now) + cost, budget.epsilon, budget.delta
        ):
            return
        raise BudgetError(
            "P3",
            _refusal(balance, cost),
            hint="ask with less epsilon, wait for the next period, or have the policy's budget raised",
        )

    # -- looking -----------------------------------------------------------------------------------

    def balances(self) -> list[Balance]:
        """Every budget of the policy in its current period, `total` last."""
        self._fold(self.journal.read())
        now = self.journal.now()
        return [
            self._balance(b, now)
            for _, b in sorted(self.policy.budgets.items(), key=lambda item: item[0] == TOTAL)
        ]

    def entries(self) -> list[dict[str, Any]]:
        """Every spend, oldest first: when, who, what, the segments its release was made for, how much."""
        served = {
            spend: e.body.get("serves", [])
            for e in self.journal.read(RELEASE)
            for spend in e.body.get("spends", ())
        }
        return [
            {
                "id": s.id,
                "at": stamp(e.at),
                "actor": e.actor,
                "purpose": s.purpose,
                "question": s.question,
                "serves": served.get(s.id, []),
            }
            | _cost_shown(s.cost)
            for e in self.journal.read(SPEND)
            for s in _spends(e)
        ]

    def lifetime(self) -> dict[str, Any]:
        """What a patient can have lost over all time, over all purposes: the sum of everything ever paid.

        `complete` is false after a recovery, which may have lost entries; what the recovery assumed
        spent is then `assumed_epsilon`.
        """
        entries = self.journal.read(SPEND, RECOVER)
        cost = total(s.cost for e in entries if e.kind == SPEND for s in _spends(e))
        delta = max((b.delta for b in self.policy.budgets.values()), default=0)
        lost = loss(cost, delta + cost.delta)
        assumed = sum(
            int(b["epsilon"])
            for e in entries
            if e.kind == RECOVER
            for b in e.body["budgets"]
            if b["purpose"] != TOTAL
        )
        return {
            "epsilon": None if lost is None else shown(lost.epsilon),
            "delta": shown(0 if lost is None else lost.delta),
            "rho": shown(cost.rho),
            "tail": cost.tail / NANO**2,
            "assumed_epsilon": shown(assumed),
            "complete": not any(e.kind == RECOVER for e in entries),
        }

    def lost(self, spends: Iterable[Spend]) -> int:
        """What a patient can have lost by these spends alone: epsilon in nano-units, each purpose's rho converted at its budget's delta."""
        costs: dict[str, Cost] = {}
        for spend in spends:
            costs[spend.purpose] = costs.get(spend.purpose, Cost()) + spend.cost
        found = (loss(cost, self.policy.budgets[purpose].delta) for purpose, cost in costs.items())
        return sum(one.epsilon for one in found if one is not None)

    def verify(self) -> int:
        """Read and verify the whole chain anew, against all marks; how many entries it has. `BudgetError` (P4) where it does not hold."""
        self.journal.forget()
        return len(self.journal.read())

    def recover(self, actor: str) -> None:
        """Make a ledger that cannot be trusted usable again, assuming the worst: every budget of the current periods is spent.

        For officers only (the session checks). What verifies is kept, the rest is set aside in a
        file beside it.
        """
        now = self.journal.now()
        budgets = [self._booked(b, now) for b in self.policy.budgets.values()]
        recover(self.journal, actor, {"budgets": budgets})
        self._last = None

    @staticmethod
    def _booked(budget: Budget, now: datetime) -> dict[str, Any]:
        period = Period.of(budget.period, now)
        return {
            "purpose": budget.purpose,
            "epsilon": budget.epsilon,
            "delta": budget.delta,
            "from": stamp(period.start),
            "to": stamp(period.end),
        }

    # -- folding -----------------------------------------------------------------------------------

    def _fold(self, entries: list[Entry]) -> None:
        """Take in the entries that came since last time."""
        known = 0 if self._last is None else self._last.seq
        if known > len(entries) or (
            self._last is not None and entries[known - 1].hash != self._last.hash
        ):
            known = 0
        if known == 0:
            self._paid.clear()
            self._shut.clear()
        for entry in entries[known:]:
            if entry.kind == SPEND:
                for spend in _spends(entry):
                    self._book(spend, entry.at)
            elif entry.kind == RECOVER:
                self._shut[TOTAL] = entry.at
        self._last = entries[-1] if entries else None

    def _book(self, spend: Spend, at: datetime) -> None:
        for name in (spend.purpose, TOTAL):
            if name in self.policy.budgets:
                key = name, Period.of(self.policy.budgets[name].period, at).start
                self._paid[key] = self._paid.get(key, Cost()) + spend.cost

    def _is_shut(self, budget: Budget, now: datetime) -> bool:
        """Whether a recovery in this period assumed the budget spent."""
        at = self._shut.get(TOTAL)
        return at is not None and at >= Period.of(budget.period, now).start

    def _spent(self, budget: Budget, now: datetime) -> Cost:
        return self._paid.get((budget.purpose, Period.of(budget.period, now).start), Cost())

    def _balance(self, budget: Budget, now: datetime) -> Balance:
        period = Period.of(budget.period, now)
        cost = self._spent(budget, now)
        lost = loss(cost, budget.delta)
        epsilon, delta = (
            (budget.epsilon, budget.delta)
            if lost is None or self._is_shut(budget, now)
            else (lost.epsilon, lost.delta)
        )
        spent = Cost(epsilon, delta, cost.rho, cost.tail)
        out = _runs_out(period, now, epsilon, budget.epsilon)
        return Balance(
            budget.purpose,
            budget.period,
            period.start,
            period.end,
            Cost(budget.epsilon, budget.delta),
            spent,
            out,
        )


def _runs_out(period: Period, now: datetime, spent: int, allowed: int) -> datetime | None:
    """When a budget runs out if spending goes on at the pace of this period so far; None where that is not before its end."""
    if spent <= 0:
        return None
    if spent >= allowed:
        return now
    whole = period.end - period.start
    passed, used = (now - period.start) / whole, spent / allowed
    return None if used <= passed else period.start + whole * (passed / used)


def _refusal(balance: Balance, cost: Cost) -> str:
    left, name = balance.remaining, f"the budget {balance.purpose} of this {balance.period}"
    until = f"until {balance.end:%Y-%m-%d}"
    if balance.spent.tail + cost.tail > TAIL_ALLOWED and cost.epsilon <= left.epsilon:
        asked = f"an epsilon of {shown(cost.epsilon):.9g}"
        return f"{name} does not allow it: {asked} is too small for its allowance of numerical error {until}"
    allowed = f"{shown(balance.allowed.epsilon):.9g}"
    remaining = f"remaining epsilon {shown(left.epsilon):.9g} of {allowed} {until}"
    return f"{name} does not allow it: asked {_words(cost)}, {remaining}"


def _check(cost: Cost) -> None:
    if min(cost.epsilon, cost.delta, cost.rho, cost.tail) < 0 or cost.epsilon + cost.rho <= 0:
        raise ValueError("a spend is above zero")


def _body(name: str, charge: Charge) -> dict[str, Any]:
    cost = charge.cost
    amounts = {"epsilon": cost.epsilon, "delta": cost.delta, "rho": cost.rho, "tail": cost.tail}
    return {"id": name, "purpose": charge.purpose, "question": charge.question, **amounts}


def _spends(entry: Entry) -> list[Spend]:
    return [
        Spend(
            b["id"],
            b["purpose"],
            b["question"],
            Cost(b["epsilon"], b["delta"], b["rho"], b["tail"]),
            entry.seq,
        )
        for b in entry.body["spends"]
    ]


def _cost_shown(cost: Cost) -> dict[str, float]:
    return {"epsilon": shown(cost.epsilon), "delta": shown(cost.delta), "rho": shown(cost.rho)}


def _words(cost: Cost) -> str:
    parts = [f"epsilon {shown(cost.epsilon):.9g}"] if cost.epsilon else []
    parts += [f"rho {shown(cost.rho):.9g}"] if cost.rho else []
    return " and ".join(parts)
