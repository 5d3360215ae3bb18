"""`budget`: what may still be learned of anyone. Nothing here needs arrays: it starts fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.budget.ledger import Ledger
from segmenter.model import Documented, Framed

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
    balances = ledger.balances()
    return tuple(balance.to_dict() for balance in balances)


def budget(context: Context) -> BudgetReport:
    """What is allowed, spent and left."""
    ledger = ledger_of(context)
    entries = tuple(ledger.entries())
    return BudgetReport(balances(ledger), entries, ledger.lifetime())


@dataclass(frozen=True, slots=True)
class JournalVerified(Documented):
    """A journal that verifies: how many entries it has, and where its anchors are."""

    entries: int
    anchors: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "verified": True,
            "entries": self.entries,
            "anchors": list(self.anchors),
        }


def budget_verify(context: Context) -> JournalVerified:
    """Verify the whole journal against its marks. `BudgetError` (P4) if it cannot be trusted."""
    anchors = tuple(str(path) for path in context.journal.anchors)
    ledger = ledger_of(context)
    return JournalVerified(ledger.verify(), anchors)
