"""The main job: make a project, check it, read the sources, plan, count, export."""

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer

from segmenter.cli import complete
from segmenter.cli.options import (
    AsOf,
    Epsilon,
    Json,
    KnownAt,
    Lang,
    SegmentName,
    Selection,
    Tables,
    called,
    selection,
    spoken,
)
from segmenter.inputs import moment


def times(session: Any, **given: str | None) -> dict[str, Any]:
    """The moments that were given, read in the policy's time zone."""
    return {
        name: None if text is None else moment(text, session.policy.time_zone)
        for name, text in given.items()
    }


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


def demo(
    ctx: typer.Context,
    *,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Its folder, made where missing.")
    ] = Path("demo-clinic"),
    patients: Annotated[
        int, typer.Option(min=100, max=100_000_000, help="How many patients to invent.")
    ] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed invents the same clinic.")] = 1,
    lang: Lang = None,
    json: Json = False,
) -> None:
    """Invent a French clinic and run the whole job on it."""
    from segmenter import demo as demos

    call, language = called(ctx, json=json), spoken(lang)
    with call.progress() as progress:
        report = demos.run(call.directory / directory, patients, seed, progress)
    call.print("demo", report, language)


def check(ctx: typer.Context, *, json: Json = False) -> None:
    """Read every file of the project and say all that is wrong."""
    import datetime as dt

    from segmenter.project.check import check as examine

    call = called(ctx, json=json)
    report = examine(call.directory, dt.datetime.now(dt.UTC).date())
    with contextlib.suppress(OSError):  # a checkout that may only be read is checked all the same
        report.project.home.mkdir(mode=0o700, exist_ok=True)
    call.print("check", report)


def ingest(ctx: typer.Context, *, json: Json = False) -> None:
    """Read the declared sources into a new snapshot."""
    called(ctx, json=json).answer("ingest", lambda session: session.ingest())


def plan(  # noqa: PLR0913  (one parameter an option)
    ctx: typer.Context,
    *,
    select: Selection = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    epsilon: Epsilon = None,
    table: Tables = None,
    target: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Say what an error of ±N patients would cost."),
    ] = None,
    lock: Annotated[
        bool, typer.Option("--lock", help="Write what each release costs into budgets.lock.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what would be measured, what it costs, and which error to expect. Spends nothing."""

    def ask(session: Any) -> Any:
        clocks = times(session, as_of=as_of, known_at=known_at)
        return session.plan(
            selection(select),
            **clocks,
            epsilon=epsilon,
            tables=tuple(table or ()),
            target=target,
            lock=lock,
        )

    called(ctx, json=json).answer("plan", ask)


def run(
    ctx: typer.Context,
    *,
    select: Selection = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    epsilon: Epsilon = None,
    table: Tables = None,
    json: Json = False,
) -> None:
    """Count segments: noised counts over patients who consent. A question asked before is free."""

    def ask(session: Any) -> Any:
        clocks = times(session, as_of=as_of, known_at=known_at)
        return session.run(selection(select), **clocks, epsilon=epsilon, tables=tuple(table or ()))

    called(ctx, json=json).answer("run", ask)


def export(
    ctx: typer.Context,
    *,
    segment: SegmentName,
    channel: Annotated[
        str,
        typer.Option(
            "--channel", metavar="C", help="How they are reached.", autocompletion=complete.channels
        ),
    ],
    destination: Annotated[
        str | None,
        typer.Option(
            "--destination",
            metavar="D",
            help="Where it goes; else the only one there is.",
            autocompletion=complete.destinations,
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


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (init, demo, check, ingest, plan, run, export):
        app.command()(command)
