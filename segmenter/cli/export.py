"""`export`: a file of those who may be contacted."""

from typing import Annotated, Any

import typer

from segmenter.cli import completion
from segmenter.cli.options import Json, SegmentName, times
from segmenter.cli.output import called


def export(
    ctx: typer.Context,
    *,
    segment: SegmentName,
    channel: Annotated[
        str,
        typer.Option(
            "--channel",
            metavar="C",
            help="How they are reached.",
            autocompletion=completion.channels,
        ),
    ],
    destination: Annotated[
        str | None,
        typer.Option(
            "--destination",
            metavar="D",
            help="Where it goes; else the only one there is.",
            autocompletion=completion.destinations,
        ),
    ] = None,
    planned_at: Annotated[
        str | None,
        typer.Option("--planned-at", metavar="TIME", help="When it will be sent; else now."),
    ] = None,
    json: Json = False,
) -> None:
    """Write the file of those who may be contacted, decided as of now."""

    def ask(session: Any) -> Any:
        return session.export(
            segment,
            channel=channel,
            destination=destination,
            **times(session, planned_at=planned_at),
        )

    called(ctx, json=json).answer("export", ask)
