"""`recall`: people who left after an export."""

from typing import Annotated, Any

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called

recall = typer.Typer(
    name="recall", help="Take back people who left after an export.", invoke_without_command=True
)


@recall.callback()
def recalled(ctx: typer.Context, *, json: Json = False) -> None:
    """Make recalls for those who left after an export, and list all that are open."""
    call = called(ctx, json=json)
    if ctx.invoked_subcommand is None:

        def ask(session: Any) -> Any:
            return session.recall()

        call.answer("recall", ask)


@recall.command()
def ack(
    ctx: typer.Context,
    *,
    recall_id: Annotated[str, typer.Argument(metavar="ID", help="As `recall` lists it.")],
    json: Json = False,
) -> None:
    """Note that a destination has removed the people of a recall."""

    def ask(session: Any) -> Any:
        return session.recall_ack(recall_id)

    called(ctx, json=json).answer("recall", ask)
