"""`retain`: limits on how long things are kept."""

from typing import Annotated, Any

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def retain(
    ctx: typer.Context,
    *,
    confirm: Annotated[
        bool,
        typer.Option("--confirm", help="The clock is right, though the last act was long ago."),
    ] = False,
    json: Json = False,
) -> None:
    """Apply the policy's limits on how long things are kept."""

    def ask(session: Any) -> Any:
        return session.retain(confirm=confirm)

    called(ctx, json=json).answer("retain", ask)
