"""`retain`: limits on how long things are kept."""

from typing import Any

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def retain(ctx: typer.Context, *, json: Json = False) -> None:
    """Apply the policy's limits on how long things are kept."""

    def ask(session: Any) -> Any:
        return session.retain()

    called(ctx, json=json).answer("retain", ask)
