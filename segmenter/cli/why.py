"""`why`: which rules let a patient be used or not."""

from typing import Annotated, Any

import typer

from segmenter.cli import completion
from segmenter.cli.options import AsOf, Channel, Json, KnownAt, Lang, Patient, times
from segmenter.cli.output import called, spoken


def why(
    ctx: typer.Context,
    *,
    patient: Patient,
    segment: Annotated[
        str | None,
        typer.Option(
            "--segment",
            metavar="S",
            help="For this segment; else for every use.",
            autocompletion=completion.segments,
        ),
    ] = None,
    channel: Channel = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    lang: Lang = None,
    json: Json = False,
) -> None:
    """Say why a patient may or may not be used (officers only)."""
    language = spoken(lang)

    def ask(session: Any) -> Any:
        clocks = times(session, as_of=as_of, known_at=known_at)
        return session.why(patient, segment=segment, channel=channel, **clocks, language=language)

    called(ctx, json=json).answer("why", ask, language)
