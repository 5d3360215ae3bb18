"""A session: one opened project and its verbs. The only door from Python; the command line calls nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from segmenter import context as contexts
from segmenter.context import Context, Progress, silent
from segmenter.policy import Policy
from segmenter.project import read_project

if TYPE_CHECKING:
    from segmenter.segment import Segment
    from segmenter.verbs.ingest import IngestReport


def open_project(
    path: str | Path = ".", *, now: Callable[[], datetime] | None = None, noise: Any = None, progress: Progress = silent
) -> Session:
    """Open the project at `path`. A context manager.

    `now` is the clock (aware datetimes) and `noise` a source of noise, for tests; nothing outside code can set them (P11). Raises
    `FileError` or `PolicyError` where the policy is wrong, `ProjectKeyError` where the key is.
    """
    root = Path(path).absolute()
    policy = read_project(root, segments=()).policy
    return Session(contexts.opened(root, policy, now, noise, progress))


@dataclass(frozen=True, slots=True)
class Session:
    """One opened project. Every verb gives a frozen result with `to_dict()`, the JSON contract's document."""

    context: Context

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.context.journal.close()

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.context.policy

    @property
    def segments(self) -> Mapping[str, Segment]:
        """The project's segments by name."""
        return read_project(self.context.root).segments

    def ingest(self) -> IngestReport:
        """Read the declared sources into a new snapshot and put it in use."""
        from segmenter.verbs.ingest import ingest

        return ingest(self.context)
