"""`suppress`: the list of people who must not be contacted."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from segmenter.cli.options import Channel, Json, Purpose
from segmenter.cli.output import called
from segmenter.errors import UsageError

KINDS = ("email", "phone", "patient_id", "postal", "domain")
suppress = typer.Typer(
    name="suppress",
    help="The list of people who must not be contacted.",
    invoke_without_command=True,
)
Kind = Annotated[str, typer.Argument(metavar="KIND", help=", ".join(KINDS))]
Value = Annotated[
    str, typer.Argument(metavar="VALUE", help="The identifier; - reads it from standard input.")
]
Topic = Annotated[str | None, typer.Option("--topic", metavar="T", help="A topic of the policy.")]


def _identifier(kind: str, value: str, kinds: tuple[str, ...] = KINDS) -> str:
    if kind not in kinds:
        raise UsageError(f"an identifier is one of {', '.join(kinds)}")
    found = sys.stdin.readline().strip() if value == "-" else value
    if not found:
        raise UsageError("the identifier is empty")
    return found


@suppress.callback()
def suppressed(ctx: typer.Context, *, json: Json = False) -> None:
    """Show the list by reason and source."""
    call = called(ctx, json=json)
    if ctx.invoked_subcommand is None:

        def ask(session: Any) -> Any:
            return session.suppress_show()

        call.answer("suppress", ask)


@suppress.command()
def show(ctx: typer.Context, *, json: Json = False) -> None:
    """Show the list by reason and source; exact numbers for the officer only."""

    def ask(session: Any) -> Any:
        return session.suppress_show()

    called(ctx, json=json).answer("suppress", ask)


@suppress.command("import")
def import_(
    ctx: typer.Context,
    *,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Of any layout that docs/export.md names.")
    ],
    channel: Channel = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="COLUMN", help="Leave this column unread (R1)."),
    ] = None,
    json: Json = False,
) -> None:
    """Take in files of opt-outs, bounces and complaints; their layout is recognised."""
    paths, ignored = tuple(file.absolute() for file in files), tuple(ignore or ())

    def ask(session: Any) -> Any:
        return session.suppress_import(paths, channel=channel, ignored=ignored)

    called(ctx, json=json).answer("suppress import", ask)


@suppress.command()
def add(  # noqa: PLR0913  (one parameter an option)
    ctx: typer.Context,
    *,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help=f"{', '.join(KINDS)}, or token: what an unsubscribe link ends with.",
        ),
    ],
    value: Value,
    channel: Channel = None,
    purpose: Purpose = None,
    topic: Topic = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; `manual` if nothing is said.")
    ] = "manual",
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="When it ends; else never.")
    ] = None,
    json: Json = False,
) -> None:
    """Suppress an identifier from this instant, for every process."""
    found = _identifier(kind, value, (*KINDS, "token"))

    def ask(session: Any) -> Any:
        scope = {"channel": channel, "purpose": purpose, "topic": topic}
        return session.suppress_add(kind, found, **scope, reason=reason, until=until)

    called(ctx, json=json).answer("suppress add", ask)


@suppress.command()
def lift(
    ctx: typer.Context,
    *,
    kind: Kind,
    value: Value,
    reason: Annotated[
        str, typer.Option("--reason", help="Why it may be lifted; it stays on the trail.")
    ],
    channel: Channel = None,
    json: Json = False,
) -> None:
    """Lift the entries of an identifier (officers only)."""
    found = _identifier(kind, value)

    def ask(session: Any) -> Any:
        return session.suppress_lift(kind, found, reason=reason, channel=channel)

    called(ctx, json=json).answer(
        "suppress lift",
        ask,
    )


@suppress.command("export")
def export_(
    ctx: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file to write.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there already.")
    ] = False,
    json: Json = False,
) -> None:
    """Write the keyed hashes of the list, to share with a processor."""

    def ask(session: Any) -> Any:
        return session.suppress_export(file.absolute(), overwrite=overwrite)

    called(ctx, json=json).answer(
        "suppress export",
        ask,
    )
