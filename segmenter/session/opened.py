"""What every verb of a session stands on: the opened project, and how what a person gives is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from segmenter.context import Context
from segmenter.inputs import Amount, Moment, Names, amount, instant, names
from segmenter.project.folder import read_project
from segmenter.project.policy import Policy

if TYPE_CHECKING:
    from segmenter.project.segment import Segment
    from segmenter.workflows.publish import Asked

Answered = TypeVar("Answered")


@dataclass(frozen=True, slots=True)
class Opened:
    """One opened project. In a `lasting` session an engine waits for the next question."""

    context: Context
    lasting: bool = False

    @property
    def policy(self) -> Policy:
        """The policy in force.

        >>> list(session.policy.purposes)
        ['prevention', 'offers', 'statistics']
        """
        return self.context.policy

    @property
    def segments(self) -> Mapping[str, Segment]:
        """The project's segments by name, read anew. Raises `FileError` where a file of theirs is wrong.

        >>> session.segments["vaccination_grippe"].title["en"]
        'Flu vaccination from 65'
        """
        return read_project(self.context.root).segments

    def _at(self, given: Moment) -> datetime | None:
        return instant(given, self.policy.time_zone)

    def _asked(
        self, selection: Names, as_of: Moment, known_at: Moment, epsilon: Amount, tables: Names
    ) -> Asked:
        from segmenter.workflows.publish import Asked

        return Asked(
            names(selection),
            self._at(as_of),
            self._at(known_at),
            amount(epsilon),
            names(tables) or (),
        )

    def _ready(self, found: Answered) -> Answered:
        """An answer; the engine of the next question starts while nobody waits for it."""
        if self.lasting:
            self.context.store.expect_engine()
        return found
