"""`schema`: JSON Schemas of the files."""

from typing import Annotated

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called, write_json


def schema(
    ctx: typer.Context,
    *,
    name: Annotated[
        str | None,
        typer.Argument(metavar="policy|sources|segment", help="One of them; else all three."),
    ] = None,
    json: Json = False,
) -> None:
    """Print JSON Schemas of the files, for editors."""
    from segmenter.project.schema import schemas

    called(ctx, json=json)
    write_json(schemas(name))
