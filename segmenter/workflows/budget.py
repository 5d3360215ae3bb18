"""`budget`: what may still be learned of anyone. Nothing here needs arrays: it starts fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.budget.ledger import Ledger
from segmenter.model import Documented, Framed
from segmenter.store.bound import missing
from segmenter.store.snapshots import INGESTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    """A journal that verifies: how many entries it has, and where its anchors are.

    `files` is how many files of the private folder are the ones that it has for their names.
    """

    entries: int
    anchors: tuple[str, ...]
    files: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "verified": True,
            "entries": self.entries,
            "anchors": list(self.anchors),
            "files": self.files,
        }


def budget_verify(context: Context) -> JournalVerified:
    """Verify the whole journal against its marks, and every file that it has a hash of.

    Raises `BudgetError` (P4) if the journal cannot be trusted, `DamagedError` for a file.
    """
    anchors = tuple(str(path) for path in context.journal.anchors)
    entries = ledger_of(context).verify()
    for path in _needed(context):
        if not path.is_file():
            raise missing(path)
    return JournalVerified(entries, anchors, context.bound.require_all())


def _needed(context: Context) -> Iterator[Path]:
    """The files that have to be there: the snapshot and list in use, registers that are kept."""
    from segmenter.registers.exports import RECALLED
    from segmenter.suppression.suppression_list import imported_file
    from segmenter.workflows.places import registry_of

    entries = context.journal.read()
    registry = registry_of(context)
    ingested = [entry for entry in entries if entry.kind == INGESTED]
    if ingested:
        yield registry.snapshot_file(str(ingested[-1].body["snapshot"]))
    listed = imported_file(context.home, entries)
    if listed is not None:
        yield listed
    for export in registry.exports():
        yield registry.register_file(export.export)
    for entry in entries:
        if entry.kind == RECALLED:
            yield registry.register_file(str(entry.body["recall"]))
