"""`trail`: who did what, and when."""

from typing import Any

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def trail(ctx: typer.Context, *, json: Json = False) -> None:
    """Show who did what, when, under which policy."""

    def ask(session: Any) -> Any:
        return session.trail()

    called(ctx, json=json).answer("trail", ask)
