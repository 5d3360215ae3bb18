"""The options that commands share, and how they are read."""

import sys
from typing import Annotated, Any

import typer

from segmenter.cli import completion
from segmenter.inputs import moment

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Lang = Annotated[
    str | None,
    typer.Option("--lang", metavar="fr|en", help="Language of sentences; else the environment's."),
]
Selection = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SEL",
        help="Segments by name, glob or tag:NAME; none means all.",
        autocompletion=completion.segments,
    ),
]
SegmentName = Annotated[
    str,
    typer.Argument(
        metavar="SEGMENT", help="A segment by name.", autocompletion=completion.segments
    ),
]


def _from_standard_input(value: str) -> str:
    """The value itself, or the first line of standard input for `-`: no other process sees that."""
    if value != "-":
        return value
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise typer.BadParameter("standard input is empty")
    return line


Patient = Annotated[
    str,
    typer.Argument(
        metavar="PATIENT",
        help="A patient_id; - reads it from standard input, where no other process sees it.",
        callback=_from_standard_input,
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="What held then; else the snapshot's moment (why: now)."
    ),
]
KnownAt = Annotated[
    str | None,
    typer.Option(
        "--known-at", metavar="TIME", help="What was known then; else the snapshot's (why: now)."
    ),
]
Epsilon = Annotated[
    str | None,
    typer.Option(
        "--epsilon", metavar="E", help="Privacy loss to pay; else the segment's or the policy's."
    ),
]
Tables = Annotated[
    list[str] | None,
    typer.Option(
        "--table", metavar="D,D", help="An extra table over dimensions, measured with the rest."
    ),
]
Purpose = Annotated[
    str | None,
    typer.Option(
        "--purpose",
        metavar="P",
        help="A purpose of the policy.",
        autocompletion=completion.purposes,
    ),
]
Channel = Annotated[
    str | None,
    typer.Option(
        "--channel",
        metavar="C",
        help="A channel of the policy.",
        autocompletion=completion.channels,
    ),
]


def times(session: Any, **given: str | None) -> dict[str, Any]:
    """The moments that were given, read in the policy's time zone."""
    return {
        name: None if text is None else moment(text, session.policy.time_zone)
        for name, text in given.items()
    }


def selection(names: list[str] | None) -> tuple[str, ...] | None:
    """What was selected; None is every segment."""
    if names:
        return tuple(names)
    return None
