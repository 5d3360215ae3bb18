"""One call of the program: where, in which form, in which language; and its answer."""

import contextlib
import json as jsons
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from segmenter.errors import UsageError
from segmenter.roles import right_to

LANGUAGES = ("en", "fr")
_answered: list[bool] = []


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
        """Print a result: one JSON document, or tables for people.

        A result that says it failed ends the process with its exit status.
        """
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


def answered() -> bool:
    """Whether this process has told its answer."""
    return bool(_answered)


def _silent(_step: str, _done: float | None = None) -> None:
    """Nobody watches."""


def write_json(document: Any) -> None:
    """One JSON document on standard output."""
    text = jsons.dumps(document, ensure_ascii=False, default=str)
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def called(ctx: typer.Context, *, json: bool = False) -> Call:
    """The call, with `--json` given before or after the verb.

    Raises `Refusal` (`roles`) for a verb that is not in the table of `segmenter.roles`.
    """
    right_to(ctx.command_path.partition(" ")[2])
    call = ctx.obj if isinstance(ctx.obj, Call) else Call(Path.cwd())
    if json:
        call = replace(call, json=True)
    ctx.obj = call
    return call


def spoken(language: str | None) -> str:
    """The language asked for, else the one of the environment, else English.

    Raises `UsageError` for a language that is not spoken here.
    """
    if language is not None:
        if language not in LANGUAGES:
            raise UsageError(f"`--lang` is {' or '.join(LANGUAGES)}")
        return language
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            return "fr" if value.lower().startswith("fr") else "en"
    return "en"
