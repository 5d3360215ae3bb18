"""A session: one opened project and its verbs. The only door from Python; the command line calls nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    from segmenter.export import Export
    from segmenter.query import QueryResult
    from segmenter.segment import Segment
    from segmenter.verbs.ingest import IngestReport
    from segmenter.verbs.publish import BudgetReport, PlanReport, RunReport
    from segmenter.why import Answer


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

    def plan(  # noqa: PLR0913  (one parameter a wish)
        self,
        selection: Sequence[str] | None = None,
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        epsilon: str | None = None,
        target: int | None = None,
        lock: bool = False,
    ) -> PlanReport:
        """What a run would measure, what it costs, which error to expect. Spends nothing. `lock` writes budgets.lock."""
        from segmenter.verbs import publish

        report = publish.plan(self.context, publish.Asked(selection, as_of, known_at, epsilon), target)
        return self._locked(report) if lock else report

    def run(
        self,
        selection: Sequence[str] | None = None,
        *,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        epsilon: str | None = None,
    ) -> RunReport:
        """Publish the noised counts of segments; a question asked before is free."""
        from segmenter.verbs import publish

        return publish.run(self.context, publish.Asked(selection, as_of, known_at, epsilon))

    def budget(self) -> BudgetReport:
        """What is allowed, spent and left."""
        from segmenter.verbs import publish

        return publish.budget(self.context)

    def budget_verify(self) -> dict[str, Any]:
        """Verify the whole journal against its marks."""
        from segmenter.verbs import publish

        return publish.budget_verify(self.context)

    def budget_recover(self) -> dict[str, Any]:
        """Start again from a journal that cannot be trusted, assuming the worst. For officers."""
        from segmenter.verbs import publish

        return publish.budget_recover(self.context)

    def export(self, segment: str, *, channel: str, destination: str | None = None, planned_at: datetime | None = None) -> Export:
        """Write the file of those who may be contacted, decided as of now."""
        from segmenter.verbs.deliver import export_segment

        return export_segment(self.context, segment, channel, destination, planned_at)

    def query(
        self, sql: str, *, purpose: str, epsilon: str | None = None, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> QueryResult:
        """Answer a question in SQL with noise; a question asked before is free."""
        from segmenter.verbs.ask import query

        return query(self.context, sql, purpose, epsilon, as_of, known_at)

    def why(  # noqa: PLR0913  (one parameter a wish)
        self,
        patient: str,
        *,
        segment: str | None = None,
        channel: str | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        language: str = "en",
    ) -> Answer:
        """Why a patient may or may not be used. For officers."""
        from segmenter.verbs.answer import why

        del language  # the document holds the sentences in every language
        return why(self.context, patient, segment, channel, as_of, known_at)
