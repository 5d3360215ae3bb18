"""`forecast`: consents that will lapse."""

from typing import Annotated, Any

import typer

from segmenter.cli import completion
from segmenter.cli.options import Epsilon, Json, Lang
from segmenter.cli.output import called, spoken


def forecast(
    ctx: typer.Context,
    *,
    purpose: Annotated[
        str,
        typer.Argument(
            metavar="PURPOSE", help="A purpose of the policy.", autocompletion=completion.purposes
        ),
    ],
    epsilon: Epsilon = None,
    lang: Lang = None,
    json: Json = False,
) -> None:
    """Say how many consents will lapse in 30, 60 and 90 days."""

    def ask(session: Any) -> Any:
        return session.forecast(purpose, epsilon=epsilon)

    called(ctx, json=json).answer("forecast", ask, spoken(lang))
