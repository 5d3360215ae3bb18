"""`report`: releases to hand out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from segmenter.cli.options import Json, Lang, Selection, selection
from segmenter.cli.output import called, spoken


def report(
    ctx: typer.Context,
    *,
    select: Selection = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="DIR", help="Where the reports go; else the private folder."),
    ] = None,
    lang: Lang = None,
    json: Json = False,
) -> None:
    """Write release reports: JSON, CSV and a page that stands alone."""
    language = spoken(lang)
    folder = None if to is None else to.absolute()

    def ask(session: Any) -> Any:
        return session.report(selection(select), to=folder, language=language)

    called(ctx, json=json).answer(
        "report",
        ask,
        language,
    )
