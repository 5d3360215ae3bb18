"""`trail`: who did what, and when."""

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def trail(ctx: typer.Context, *, json: Json = False) -> None:
    """Show who did what, when, under which policy."""
    called(ctx, json=json).answer("trail", lambda session: session.trail())
