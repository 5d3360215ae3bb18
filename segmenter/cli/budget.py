"""`budget`: what may still be learned of any one patient."""

from typing import Annotated, Any

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called

budget = typer.Typer(
    name="budget", help="What may still be learned of any one patient.", invoke_without_command=True
)


@budget.callback()
def balances(ctx: typer.Context, *, json: Json = False) -> None:
    """Show allowances, what is spent and what remains."""
    call = called(ctx, json=json)
    if ctx.invoked_subcommand is None:

        def ask(session: Any) -> Any:
            return session.budget()

        call.answer("budget", ask)


@budget.command("verify")
def verify_ledger(ctx: typer.Context, *, json: Json = False) -> None:
    """Verify the journal: chain, high-water marks, totals."""

    def ask(session: Any) -> Any:
        return session.budget_verify()

    called(ctx, json=json).answer("budget verify", ask)


@budget.command()
def recover(
    ctx: typer.Context,
    *,
    restored: Annotated[
        bool, typer.Option("--restored", help="The whole folder came back from a backup.")
    ] = False,
    json: Json = False,
) -> None:
    """Start anew from a journal that cannot be trusted: all budgets are spent (officers only)."""

    def ask(session: Any) -> Any:
        return session.budget_recover(restored=restored)

    called(ctx, json=json).answer("budget recover", ask)


@budget.command()
def confirm(
    ctx: typer.Context,
    *,
    reason: Annotated[
        str, typer.Option("--reason", help="What was imported again; it stays on the trail.")
    ],
    json: Json = False,
) -> None:
    """Confirm that all opt-outs are there again after a recovery (officers only)."""

    def ask(session: Any) -> Any:
        return session.budget_confirm(reason=reason)

    called(ctx, json=json).answer("budget confirm", ask)
