"""`demo`: an invented clinic, and the whole job on it."""

from pathlib import Path
from typing import Annotated

import typer

from segmenter.cli.options import Json, Lang
from segmenter.cli.output import called, spoken


def demo(
    ctx: typer.Context,
    *,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Its folder, made if missing.")
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
