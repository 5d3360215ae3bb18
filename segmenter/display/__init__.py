"""Results as tables for people. It prints what the JSON document holds, and nothing else.

    parts   values as text, tables      forms   the main job      people   what is about consent, files and single persons
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import Console

from segmenter.display import forms, people
from segmenter.display.parts import Document, console_of, plain, text

FORMS = {**forms.FORMS, **people.FORMS}


def show(verb: str, document: Document, language: str = "en", told: Callable[[str], Sequence[str]] | None = None) -> None:
    """Print a command's answer on standard output: in sentences where the result has them (`told`), else in the form of its verb."""
    console = console_of()
    sentences = _sentences(document, language) if told is None else told(language)
    if sentences is None:
        FORMS.get(verb, plain)(document, console, language)
        return
    if verb in people.BEFORE:
        people.BEFORE[verb](document, console, language)
    for line in sentences:
        console.print(text(line), soft_wrap=True)


def _sentences(document: Document, language: str) -> Sequence[str] | None:
    """The sentences a document itself holds, if any."""
    found = document.get("sentences")
    if isinstance(found, Mapping):
        found = found.get(language) or found.get("en")
    return [found] if isinstance(found, str) else found


@contextlib.contextmanager
def progress() -> Iterator[Callable[..., None]]:
    """Progress on standard error: the step, how much of it is done, and the time it may still take."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True, markup=False, highlight=False), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def shown(step: str, done: float | None = None) -> None:
            if step not in tasks:
                for task in tasks.values():
                    bars.update(task, visible=False)
                tasks[step] = bars.add_task(step, total=None)
            if done is not None:
                bars.update(tasks[step], total=1.0, completed=min(1.0, done))

        yield shown
