"""`exposed`: who was in a file that leaked."""

from typing import Annotated, Any

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def exposed(
    ctx: typer.Context,
    *,
    export: Annotated[str, typer.Argument(metavar="EXPORT", help="The id that `export` gave.")],
    json: Json = False,
) -> None:
    """Say who was in a file that leaked, and draft the notice to the authority (officers only)."""

    def ask(session: Any) -> Any:
        return session.exposed(export)

    called(ctx, json=json).answer("exposed", ask)
