"""`test`: a project tried out without real data."""

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def test(ctx: typer.Context, *, json: Json = False) -> None:  # noqa: PT028  (a command)
    """Test the project without real data: costs against budgets.lock, segments on an invented world."""
    called(ctx, json=json).answer("test", lambda session: session.test())
