"""`quarantine`: the rows that were set aside."""

from typing import Any

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def quarantine(ctx: typer.Context, *, json: Json = False) -> None:
    """Open the table of rows that were set aside (officers and operators only)."""

    def ask(session: Any) -> Any:
        return session.quarantine()

    called(ctx, json=json).answer("quarantine", ask)
