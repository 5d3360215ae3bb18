"""`plan`: what a run would measure and cost."""

from typing import Annotated, Any

import typer

from segmenter.cli.options import AsOf, Epsilon, Json, KnownAt, Selection, Tables, selection, times
from segmenter.cli.output import called


def plan(  # noqa: PLR0913  (one parameter an option)
    ctx: typer.Context,
    *,
    select: Selection = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    epsilon: Epsilon = None,
    target: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Say what an error of ±N patients would cost."),
    ] = None,
    table: Tables = None,
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
            target=target,
            tables=tuple(table or ()),
            lock=lock,
        )

    called(ctx, json=json).answer("plan", ask)
