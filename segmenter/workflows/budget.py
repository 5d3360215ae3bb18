"""`budget`: what may still be learned of anyone. Nothing here needs arrays: it starts fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.budget.ledger import Ledger
from segmenter.errors import BudgetError, UsageError
from segmenter.model import Framed

if TYPE_CHECKING:
    import polars as pl

    from segmenter.context import Context


@dataclass(frozen=True, slots=True)
class BudgetReport(Framed):
    """Every budget in its current period, and what was paid.

    `lifetime` is what a patient can have lost over all time.
    """

    budgets: tuple[dict[str, Any], ...]
    entries: tuple[dict[str, Any], ...]
    lifetime: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The contract's document."""
        return {
            "budgets": list(self.budgets),
            "entries": list(self.entries),
            "lifetime": self.lifetime,
        }

    def to_polars(self) -> pl.DataFrame:
        """One row a budget: purpose, period, allowed, spent and remaining epsilon."""
        import polars as pl

        rows = []
        for budget in self.budgets:
            name = {"purpose": budget["purpose"], "period": budget["period"]}
            rows.append({**name, **budget["epsilon"]})
        return pl.DataFrame(rows)


def ledger_of(context: Context) -> Ledger:
    """The project's ledger."""
    return Ledger(context.journal, context.policy)


def balances(ledger: Ledger) -> tuple[dict[str, Any], ...]:
    """Every budget of the policy in its current period, as the contract's rows."""
    return tuple(balance.to_dict() for balance in ledger.balances())


def budget(context: Context) -> BudgetReport:
    """What is allowed, spent and left."""
    ledger = ledger_of(context)
    return BudgetReport(balances(ledger), tuple(ledger.entries()), ledger.lifetime())


def _trusted(context: Context, ledger: Ledger) -> bool:
    """Whether the journal verifies and its newest entry is not of the future."""
    try:
        ledger.verify()
    except BudgetError:
        return False
    entries = context.journal.read()
    return not entries or entries[-1].at <= context.now()


def budget_verify(context: Context) -> dict[str, Any]:
    """Verify the whole journal against its marks. `BudgetError` (P4) if it cannot be trusted."""
    return {
        "verified": True,
        "entries": ledger_of(context).verify(),
        "anchors": [str(path) for path in context.journal.anchors],
    }


def budget_recover(context: Context, *, restored: bool = False) -> dict[str, Any]:
    """Start again from a journal that cannot be trusted. For officers.

    Every budget of the period is taken as spent. A journal that can be trusted is left alone
    (`UsageError`), unless the officer knows better: the whole folder was `restored` from a backup.
    """
    context.require_officer("recover the ledger")
    ledger = ledger_of(context)
    if not restored and _trusted(context, ledger):
        raise UsageError(
            "the journal can be trusted: there is nothing to recover",
            hint="if the whole folder came back from a backup, add --restored: "
            "every budget is then taken as spent",
        )
    ledger.recover(context.actor.account)
    return {"recovered": True, "budgets": list(balances(ledger))}
