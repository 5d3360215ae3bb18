"""`ingest`: the declared sources become a snapshot."""

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def ingest(ctx: typer.Context, *, json: Json = False) -> None:
    """Read the declared sources into a new snapshot."""
    called(ctx, json=json).answer("ingest", lambda session: session.ingest())
