"""All commands together: `segmenter [-C DIR] VERB`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from segmenter.cli import (
    budget,
    check,
    demo,
    discover,
    examples,
    export,
    exposed,
    forecast,
    forget,
    ingest,
    init,
    notice,
    plan,
    quarantine,
    query,
    recall,
    receipt,
    report,
    retain,
    run,
    schema,
    subject,
    suppress,
    test,
    trail,
    verify,
    why,
)
from segmenter.cli.options import Json
from segmenter.cli.output import Call

app = typer.Typer(
    name="segmenter",
    help="Marketing segments from consenting patients only, with counts that are safe to publish.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
COMMANDS: tuple[Callable[..., None] | typer.Typer, ...] = (
    init.init,
    demo.demo,
    check.check,
    ingest.ingest,
    plan.plan,
    run.run,
    export.export,
    recall.recall,
    suppress.suppress,
    exposed.exposed,
    verify.verify,
    retain.retain,
    budget.budget,
    query.query,
    discover.discover,
    report.report,
    test.test,
    schema.schema,
    quarantine.quarantine,
    trail.trail,
    why.why,
    receipt.receipt,
    subject.subject,
    forget.forget,
    notice.notice,
    forecast.forecast,
)
for _command in COMMANDS:
    if isinstance(_command, typer.Typer):
        app.add_typer(_command)
    else:
        app.command()(_command)
examples.shown(app)


def _version(asked: bool) -> None:  # noqa: FBT001  (called by Typer)
    if asked:
        from importlib.metadata import version

        typer.echo(version("segmenter"))
        raise typer.Exit


@app.callback()
def _main(
    ctx: typer.Context,
    *,
    directory: Annotated[
        Path, typer.Option("-C", "--directory", metavar="DIR", help="The project's folder.")
    ] = Path(),
    json: Json = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    del version
    ctx.obj = Call(directory.absolute(), json)
