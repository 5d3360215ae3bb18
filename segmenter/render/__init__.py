"""Results as tables for people. It prints what the JSON document holds, and nothing else.

parts   values as text, tables      forms   the main job      people   what is about consent, files and single persons
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from segmenter.render import forms, people
from segmenter.render.parts import Document, console_of, plain, text

FORMS = {**forms.FORMS, **people.FORMS}
LEAST = 0.05  # of a verb, before its remaining time is told


def show(
    verb: str,
    document: Document,
    language: str = "en",
    told: Callable[[str], Sequence[str]] | None = None,
) -> None:
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
    """Progress on standard error: the step, how much of the whole is done, the time it took and the time it may still take."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        _remaining_column(),
    )
    with Progress(
        *columns, console=Console(stderr=True, markup=False, highlight=False), transient=True
    ) as bars:
        whole = bars.add_task("", total=None, ends=None)

        def shown(step: str, done: float | None = None) -> None:
            bars.update(whole, description=step)
            if done is not None:
                ends = expected(bars.tasks[0].elapsed or 0.0, done)
                bars.update(whole, total=1.0, completed=min(1.0, done), ends=ends)

        yield shown


def expected(elapsed: float, done: float) -> float | None:
    """After how many seconds in all the work may end, when `done` of it took `elapsed`; None while too little is done to say.

    >>> expected(30.0, 0.25), expected(1.0, 0.01)
    (120.0, None)
    """
    return elapsed / min(1.0, done) if done >= LEAST else None


def _remaining_column() -> Any:
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class Remaining(ProgressColumn):
        """Counts down to the expected end; where that has passed, or is not known, it says nothing."""

        def render(self, task: Task) -> Text:
            ends = task.fields["ends"]
            left = 0 if ends is None else round(ends - (task.elapsed or 0.0))
            return Text(f"about {left // 60}:{left % 60:02} left" if left > 0 else "")

    return Remaining()
