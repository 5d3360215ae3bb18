"""The books: what was spent, what was set aside, who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmenter.session.opened import Opened

if TYPE_CHECKING:
    from segmenter.workflows.books import BudgetReport
    from segmenter.workflows.look import Table


class Books(Opened):
    """Budgets, quarantine, trail."""

    __slots__ = ()

    def budget(self) -> BudgetReport:
        """What is allowed, spent and left of each purpose in its period, in epsilon, delta and rho (P3 to P5).

        Raises `BudgetError` where the journal cannot be trusted (P4).

        >>> [(of["purpose"], of["epsilon"]["allowed"]) for of in session.budget().to_dict()["budgets"]][:2]
        [('prevention', 4.0), ('offers', 2.0)]
        """
        from segmenter.workflows import books

        return books.budget(self.context)

    def budget_verify(self) -> dict[str, Any]:
        """Verify the whole journal, line by line, against its marks and anchors (P4). Raises `BudgetError` where it was changed.

        >>> session.budget_verify()["verified"]
        True
        """
        from segmenter.workflows import books

        return books.budget_verify(self.context)

    def budget_recover(self, *, restored: bool = False) -> dict[str, Any]:
        """Start again from a journal that cannot be trusted, or was `restored` with its folder, assuming the worst (P4). For officers.

        Raises `Refusal` for others, and `UsageError` where nothing is wrong:

        >>> session.budget_recover()
        Traceback (most recent call last):
        segmenter.errors.UsageError: ...
        """
        from segmenter.workflows import books

        return books.budget_recover(self.context, restored=restored)

    def quarantine(self) -> Table:
        """The rows that were set aside: source, file, line, rule, reason, and the row itself. For officers and operators.

        Raises `Refusal` for others, `UsageError` where nothing was ingested.

        >>> sorted({row["rule"] for row in session.quarantine().to_dict()["quarantine"]})[:1]
        ['C10']
        """
        from segmenter.workflows import look

        return look.quarantine(self.context)

    def trail(self) -> Table:
        """Who did what, when, under which policy, each line bound to the one before by its hash. For officers and operators.

        >>> session.trail().to_dict()["trail"][0]["act"]
        'ingest'
        """
        from segmenter.workflows import look

        return look.trail(self.context)
