"""`init`: a new project."""

from pathlib import Path
from typing import Annotated

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def init(
    ctx: typer.Context,
    *,
    directory: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Its folder; else the present one.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a project: commented files, a private folder, a key; you are its officer."""
    from segmenter.context import account
    from segmenter.project.init import init as make

    call = called(ctx, json=json)
    call.print("init", make(call.directory / (directory or "."), account()))
