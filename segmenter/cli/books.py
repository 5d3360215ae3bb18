"""Budgets, questions, reports, the trail; schemas and tests."""

from pathlib import Path
from typing import Annotated, Any

import typer

from segmenter.cli.complete import purposes
from segmenter.cli.job import times
from segmenter.cli.options import (
    AsOf,
    Epsilon,
    Json,
    KnownAt,
    Lang,
    SegmentName,
    Selection,
    called,
    selection,
    spoken,
)

budget = typer.Typer(
    help="What may still be learned of any one patient.", invoke_without_command=True
)


@budget.callback()
def balances(ctx: typer.Context, *, json: Json = False) -> None:
    """Show allowances, what is spent and what remains."""
    call = called(ctx, json=json)
    if ctx.invoked_subcommand is None:
        call.answer("budget", lambda session: session.budget())


@budget.command("verify")
def verify_ledger(ctx: typer.Context, *, json: Json = False) -> None:
    """Verify the journal: chain, high-water marks, totals."""
    called(ctx, json=json).answer("budget verify", lambda session: session.budget_verify())


@budget.command()
def recover(
    ctx: typer.Context,
    *,
    restored: Annotated[
        bool, typer.Option("--restored", help="The whole folder came back from a backup.")
    ] = False,
    json: Json = False,
) -> None:
    """Start from a journal that cannot be trusted, with every budget taken as spent (officers only)."""
    called(ctx, json=json).answer(
        "budget recover", lambda session: session.budget_recover(restored=restored)
    )


def query(
    ctx: typer.Context,
    *,
    sql: Annotated[
        str,
        typer.Argument(metavar="SQL", help="One SELECT, over `patient` and the declared facts."),
    ],
    purpose: Annotated[
        str,
        typer.Option(
            "--purpose",
            metavar="P",
            help="What the answer is for; its budget pays.",
            autocompletion=purposes,
        ),
    ],
    epsilon: Epsilon = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    json: Json = False,
) -> None:
    """Ask a question in SQL: counts, sums, averages and medians over declared dimensions, noised."""

    def ask(session: Any) -> Any:
        return session.query(
            sql, purpose=purpose, epsilon=epsilon, **times(session, as_of=as_of, known_at=known_at)
        )

    called(ctx, json=json).answer("query", ask)


def discover(
    ctx: typer.Context,
    *,
    segment: SegmentName,
    toward: Annotated[
        str | None,
        typer.Option("--toward", metavar="TEST", help="What to look for: \"visits = '4+'\"."),
    ] = None,
    epsilon: Annotated[
        str | None,
        typer.Option(
            "--epsilon", metavar="E", help="Pay for a private model; else a release serves."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Propose segments that the published numbers suggest."""
    called(ctx, json=json).answer(
        "discover", lambda session: session.discover(segment, toward=toward, epsilon=epsilon)
    )


def report(
    ctx: typer.Context,
    *,
    select: Selection = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="Where the reports go; else the private folder."),
    ] = None,
    lang: Lang = None,
    json: Json = False,
) -> None:
    """Write release reports: JSON, CSV and a page that stands alone."""
    language = spoken(lang)
    folder = None if to is None else to.absolute()
    called(ctx, json=json).answer(
        "report",
        lambda session: session.report(selection(select), to=folder, language=language),
        language,
    )


def try_out(ctx: typer.Context, *, json: Json = False) -> None:
    """Test the project without real data: costs against budgets.lock, segments against an invented world."""
    called(ctx, json=json).answer("test", lambda session: session.test())


def schema(
    ctx: typer.Context,
    *,
    name: Annotated[
        str | None,
        typer.Argument(metavar="policy|sources|segment", help="One of them; else all three."),
    ] = None,
    json: Json = False,
) -> None:
    """Print JSON Schemas of the files, for editors."""
    from segmenter.cli.options import write_json
    from segmenter.project.schema import schemas

    called(ctx, json=json)
    write_json(schemas(name))


def quarantine(ctx: typer.Context, *, json: Json = False) -> None:
    """Open the table of rows that were set aside (officers and operators only)."""
    called(ctx, json=json).answer("quarantine", lambda session: session.quarantine())


def trail(ctx: typer.Context, *, json: Json = False) -> None:
    """Show who did what, when, under which policy."""
    called(ctx, json=json).answer("trail", lambda session: session.trail())


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(budget, name="budget")
    for command in (query, discover, report, try_out, schema, quarantine, trail):
        app.command("test" if command is try_out else None)(command)
