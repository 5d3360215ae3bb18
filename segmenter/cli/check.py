"""`check`: every file of a project, and what is wrong in it."""

import contextlib

import typer

from segmenter.cli.options import Json
from segmenter.cli.output import called


def check(ctx: typer.Context, *, json: Json = False) -> None:
    """Read every file of the project and say all that is wrong."""
    import datetime as dt

    from segmenter.project.check import check as examine

    call = called(ctx, json=json)
    report = examine(call.directory, dt.datetime.now(dt.UTC).date())
    with contextlib.suppress(OSError):  # a checkout that may only be read is checked all the same
        report.project.home.mkdir(mode=0o700, exist_ok=True)
    call.print("check", report)
