"""Results as tables for people. It prints what the JSON document holds, and nothing else.

parts    values as text, tables
forms    the main job: ingest, plan, run, export, budget, query
people   consent, files that left, single persons
report   releases to hand out
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import Console

from segmenter.render import forms, people
from segmenter.render.parts import Document, console_of, plain, text

FORMS = {**forms.FORMS, **people.FORMS}


def show(
    verb: str,
    document: Document,
    language: str = "en",
    told: Callable[[str], Sequence[str]] | None = None,
) -> None:
    """Print a command's answer on standard output.

    In sentences if the result has them (`told`), else in the form of its verb.
    """
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
    if isinstance(found, str):
        return [found]
    return found


@contextlib.contextmanager
def progress() -> Iterator[Callable[..., None]]:
    """Show progress on standard error: step, share done, time taken, time remaining.

    Gives the function to call with the name of each step and the share of the whole that is done.
    """
    from rich import progress as bar

    columns = (
        bar.SpinnerColumn(),
        bar.TextColumn("{task.description}", markup=False),
        bar.BarColumn(),
        bar.TimeElapsedColumn(),
        bar.TimeRemainingColumn(compact=True),
    )
    console = Console(stderr=True, markup=False, highlight=False)
    with bar.Progress(*columns, console=console, transient=True) as bars:
        whole = bars.add_task("", total=None)

        def shown(step: str, done: float | None = None) -> None:
            bars.update(whole, description=step)
            if done is not None:
                bars.update(whole, total=1.0, completed=min(1.0, done))

        yield shown
