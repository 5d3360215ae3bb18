"""`discover`: proposals of segments."""

from typing import Annotated, Any

import typer

from segmenter.cli.options import Json, SegmentName
from segmenter.cli.output import called


def discover(
    ctx: typer.Context,
    *,
    segment: SegmentName,
    toward: Annotated[
        str | None,
        typer.Option("--toward", metavar="TEST", help="What to look for: \"visits = '4+'\"."),
    ] = None,
    epsilon: Annotated[
        str | None,
        typer.Option(
            "--epsilon", metavar="E", help="Pay for a private model; else a release serves."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Propose segments that the published numbers suggest."""

    def ask(session: Any) -> Any:
        return session.discover(segment, toward=toward, epsilon=epsilon)

    called(ctx, json=json).answer("discover", ask)
