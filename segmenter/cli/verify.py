"""`verify`: a manifest and its file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def verify(
    ctx: typer.Context,
    *,
    manifest: Annotated[
        Path, typer.Argument(metavar="MANIFEST", help="The .manifest.json beside a file.")
    ],
    json: Json = False,
) -> None:
    """Check the signature of an export's manifest, and its file."""

    def ask(session: Any) -> Any:
        return session.verify(manifest.absolute())

    called(ctx, json=json).answer("verify", ask)
