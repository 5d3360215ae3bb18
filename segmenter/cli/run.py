"""`run`: segments are counted."""

from typing import Any

import typer

from segmenter.cli.options import AsOf, Epsilon, Json, KnownAt, Selection, Tables, selection, times
from segmenter.cli.output import called


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
        return session.run(
            selection(select),
            **clocks,
            epsilon=epsilon,
            tables=tuple(table or ()),
        )

    called(ctx, json=json).answer("run", ask)
