"""`ingest`: the declared sources become a snapshot."""

from typing import Annotated, Any

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def ingest(
    ctx: typer.Context,
    *,
    accept: Annotated[
        str | None,
        typer.Option("--accept", metavar="R3", help="Use the load although it is refused."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why it is accepted; it stays on the trail.")
    ] = None,
    json: Json = False,
) -> None:
    """Read the declared sources into a new snapshot."""

    def ask(session: Any) -> Any:
        return session.ingest(accept=accept, reason=reason)

    called(ctx, json=json).answer("ingest", ask)
