"""About single people, for the officer; and about consent as it ages."""

from typing import Annotated, Any

import typer

from segmenter.cli import complete
from segmenter.cli.job import times
from segmenter.cli.options import (
    AsOf,
    Channel,
    Epsilon,
    Json,
    KnownAt,
    Lang,
    Patient,
    Purpose,
    called,
    spoken,
)


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
            autocompletion=complete.segments,
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


def receipt(ctx: typer.Context, *, patient: Patient, lang: Lang = None, json: Json = False) -> None:
    """Print a patient's consent receipt (officers only)."""
    language = spoken(lang)
    called(ctx, json=json).answer(
        "receipt", lambda session: session.receipt(patient, language=language), language
    )


def subject(ctx: typer.Context, *, patient: Patient, lang: Lang = None, json: Json = False) -> None:
    """Tell all that is held of a patient: an access report (officers only)."""
    language = spoken(lang)
    called(ctx, json=json).answer(
        "subject", lambda session: session.subject(patient, language=language), language
    )


def forget(ctx: typer.Context, *, patient: Patient, json: Json = False) -> None:
    """Erase a patient, recall what was exported, prove that nothing is left (officers only)."""
    called(ctx, json=json).answer("forget", lambda session: session.forget(patient))


def notice(
    ctx: typer.Context,
    *,
    before: Annotated[
        str | None,
        typer.Option("--before", metavar="DATE", help="By when they have to be asked again."),
    ] = None,
    purpose: Purpose = None,
    epsilon: Epsilon = None,
    lang: Lang = None,
    json: Json = False,
) -> None:
    """List privacy notices, and how many patients are on an older one."""
    language = spoken(lang)

    def ask(session: Any) -> Any:
        return session.notice(purpose=purpose, **times(session, before=before), epsilon=epsilon)

    called(ctx, json=json).answer("notice", ask, language)


def forecast(
    ctx: typer.Context,
    *,
    purpose: Annotated[
        str,
        typer.Argument(
            metavar="PURPOSE", help="A purpose of the policy.", autocompletion=complete.purposes
        ),
    ],
    epsilon: Epsilon = None,
    lang: Lang = None,
    json: Json = False,
) -> None:
    """Say how many consents will lapse in 30, 60 and 90 days."""
    called(ctx, json=json).answer(
        "forecast", lambda session: session.forecast(purpose, epsilon=epsilon), spoken(lang)
    )


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (why, receipt, subject, forget, notice, forecast):
        app.command()(command)
