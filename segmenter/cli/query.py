"""`query`: a question in SQL."""

from typing import Annotated, Any

import typer

from segmenter.cli import completion
from segmenter.cli.options import AsOf, Epsilon, Json, KnownAt, times
from segmenter.cli.output import called


def query(
    ctx: typer.Context,
    *,
    sql: Annotated[
        str,
        typer.Argument(metavar="SQL", help="One SELECT, over `patient` and the declared facts."),
    ],
    purpose: Annotated[
        str,
        typer.Option(
            "--purpose",
            metavar="P",
            help="What the answer is for; its budget pays.",
            autocompletion=completion.purposes,
        ),
    ],
    epsilon: Epsilon = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    json: Json = False,
) -> None:
    """Ask a question in SQL: noised counts, sums, averages, medians over declared dimensions."""

    def ask(session: Any) -> Any:
        return session.query(
            sql, purpose=purpose, epsilon=epsilon, **times(session, as_of=as_of, known_at=known_at)
        )

    called(ctx, json=json).answer("query", ask)
