"""One call of the program: where, in which form, in which language; and the options that commands share."""

import contextlib
import json as jsons
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from segmenter.cli import complete
from segmenter.errors import UsageError

LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Call:
    """How a command was called."""

    directory: Path
    json: bool = False

    def answer(self, verb: str, ask: Callable[[Any], Any], language: str | None = None) -> None:
        """Open the project, ask, print the answer."""
        import segmenter

        with (
            self.progress() as progress,
            segmenter.open(self.directory, progress=progress, lasting=False) as session,
        ):
            result = ask(session)
        self.print(verb, result, language)

    def print(self, verb: str, result: Any, language: str | None = None) -> None:
        """Print a result: one JSON document, or tables for people. A result that says it failed ends the process with its exit status."""
        document = result if isinstance(result, dict) else result.to_dict()
        _answered.append(True)
        told = getattr(result, "lines", None) or getattr(result, "sentences", None)
        if self.json:
            write_json(document)
        else:
            from segmenter import render

            render.show(verb, document, language or spoken(None), told)
        status = getattr(result, "exit_status", 0)
        if status:
            raise typer.Exit(status)

    @contextlib.contextmanager
    def progress(self) -> Iterator[Callable[..., None]]:
        """Progress on a terminal's standard error; elsewhere silence."""
        if not sys.stderr.isatty():
            yield _silent
            return
        from segmenter import render

        with render.progress() as shown:
            yield shown


_answered: list[bool] = []


def answered() -> bool:
    """Whether this process has told its answer."""
    return bool(_answered)


def _silent(_step: str, _done: float | None = None) -> None:
    """Nobody watches."""


def write_json(document: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(jsons.dumps(document, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def called(ctx: typer.Context, *, json: bool = False) -> Call:
    """The call, with `--json` given before or after the verb."""
    call = ctx.obj if isinstance(ctx.obj, Call) else Call(Path.cwd())
    call = replace(call, json=True) if json else call
    ctx.obj = call
    return call


def spoken(language: str | None) -> str:
    """The language asked for, else the one of the environment, else English. `UsageError` for one that is not spoken here."""
    if language is not None:
        if language not in LANGUAGES:
            raise UsageError(f"`--lang` is {' or '.join(LANGUAGES)}")
        return language
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return "fr" if value.lower().startswith("fr") else "en"
    return "en"


def selection(names: list[str] | None) -> tuple[str, ...] | None:
    """What was selected; None is every segment."""
    return tuple(names) if names else None


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
        autocompletion=complete.segments,
    ),
]
SegmentName = Annotated[
    str,
    typer.Argument(metavar="SEGMENT", help="A segment by name.", autocompletion=complete.segments),
]
Patient = Annotated[str, typer.Argument(metavar="PATIENT", help="A patient_id.")]
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
        "--purpose", metavar="P", help="A purpose of the policy.", autocompletion=complete.purposes
    ),
]
Channel = Annotated[
    str | None,
    typer.Option(
        "--channel", metavar="C", help="A channel of the policy.", autocompletion=complete.channels
    ),
]
