"""`test`: a project tried out without real data."""

from typing import Any

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def test(ctx: typer.Context, *, json: Json = False) -> None:  # noqa: PT028  (a command)
    """Test the project without real data: costs, and segments on an invented world."""

    def ask(session: Any) -> Any:
        return session.test()

    called(ctx, json=json).answer("test", ask)
