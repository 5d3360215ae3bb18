"""A session: one opened project and its verbs. The only door from Python; the command line calls nothing else.

    job.py      ingest, plan, run, report, query, discover, forecast, notice, export, test
    outlets.py  recall, recall_ack, exposed, verify, retain, suppress_...
    people.py   why, receipt, subject, forget
    books.py    budget, budget_verify, budget_recover, quarantine, trail

Examples are of the clinic that `segmenter demo` makes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from segmenter import context as contexts
from segmenter.context import Progress, silent
from segmenter.errors import BudgetError
from segmenter.project.folder import read_project
from segmenter.session.books import Books
from segmenter.session.job import Job
from segmenter.session.outlets import Outlets
from segmenter.session.people import People


def open_project(
    path: str | Path = ".",
    *,
    now: Callable[[], datetime] | None = None,
    noise: Any = None,
    progress: Progress = silent,
    lasting: bool = True,
) -> Session:
    """Open the project at `path`. A context manager.

    An erasure that was killed halfway is finished first. `now` is the clock (aware datetimes) and
    `noise` a source of noise, for tests; nothing outside code can set them (P11). In a `lasting`
    session an engine waits for the next question. Raises `FileError` or `PolicyError` where the
    policy is wrong, `ProjectKeyError` for the key.

    >>> import segmenter
    >>> with segmenter.open(session.context.root) as opened:
    ...     list(opened.segments)[:2]
    ['depistage_colorectal', 'lettre_quartier']
    """
    root = Path(path).absolute()
    policy = read_project(root, segments=()).policy
    context = contexts.opened(root, policy, now, noise, progress)
    with contextlib.suppress(
        BudgetError
    ):  # a journal that cannot be trusted is told by the verbs, and `budget recover` must be reached
        if context.journal.read("forget"):
            from segmenter.workflows.answer import finish_erasures

            finish_erasures(context)
    return Session(context, lasting)


@dataclass(frozen=True, slots=True)
class Session(Job, Outlets, People, Books):
    """One opened project. Every verb gives a frozen result with `to_dict()`, the JSON contract's document."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.context.journal.close()
