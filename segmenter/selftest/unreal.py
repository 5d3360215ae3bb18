"""A project with another clock or other noise, for tests (P11, P19).

What such a project publishes is not protected. So it is marked in its journal before anything else,
for ever: `segmenter.open` and the command line refuse it. A project that was ever used for real is
refused here.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter import context as contexts
from segmenter.context import UNREAL, Context
from segmenter.errors import Refusal
from segmenter.model import Progress, silent
from segmenter.project.folder import read_project

if TYPE_CHECKING:
    from segmenter.noise.mechanisms import Source


@contextlib.contextmanager
def unreal(
    path: str | Path,
    *,
    now: Callable[[], datetime] | None = None,
    noise: Source | None = None,
    progress: Progress = silent,
) -> Iterator[Context]:
    """The context of the project at `path`, for a `Session`, with a clock or a noise of one's own.

    `now` gives aware datetimes. Raises `Refusal` (P19) if the project was used for real.
    """
    root = Path(path).absolute()
    real = contexts.opened(root, read_project(root, segments=()).policy, progress)
    real.journal.now = now or real.now
    context = dataclasses.replace(real, now=real.journal.now, noise=noise)
    try:
        _mark(context)
        yield context
    finally:
        context.journal.close()


def _mark(context: Context) -> None:
    entries = context.journal.read()
    if not entries:
        context.journal.append(context.actor.account, UNREAL, {})
    elif entries[0].kind != UNREAL:
        raise Refusal(
            "P19",
            "this project was used for real, so tests may not change its clock or its noise",
            hint="copy its policy and segments to a new folder",
        )
