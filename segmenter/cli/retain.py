"""`retain`: limits on how long things are kept."""

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def retain(ctx: typer.Context, *, json: Json = False) -> None:
    """Apply the policy's limits on how long things are kept."""
    called(ctx, json=json).answer("retain", lambda session: session.retain())
