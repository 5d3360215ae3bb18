"""`notice`: notices in force, and who holds an older one."""

from typing import Annotated, Any

import typer

from segmenter.cli.options import Epsilon, Json, Lang, Purpose, times
from segmenter.cli.output import called, spoken


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
        moments = times(session, before=before)
        return session.notice(purpose=purpose, **moments, epsilon=epsilon)

    called(ctx, json=json).answer("notice", ask, language)
