"""A session: one opened project and its verbs. The only door from Python; the command line calls nothing else."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from segmenter import context as contexts
from segmenter.context import Context, Progress, silent
from segmenter.errors import BudgetError
from segmenter.given import Amount, Moment, Names, amount, names
from segmenter.moments import instant
from segmenter.policy import Policy
from segmenter.project.folder import read_project

if TYPE_CHECKING:
    from segmenter.consent.receipt import Receipt
    from segmenter.consent.why import Answer
    from segmenter.export.erase import Forgotten
    from segmenter.export.make import Export
    from segmenter.export.manifest import Verified
    from segmenter.export.recall import Exposed, Recalls
    from segmenter.export.retain import Retained
    from segmenter.export.suppression import Imported, Summary
    from segmenter.project.segment import Segment
    from segmenter.query.ask import QueryResult
    from segmenter.trial.checks import TrialReport
    from segmenter.verbs.ahead import AheadReport
    from segmenter.verbs.answer import Subject
    from segmenter.verbs.books import BudgetReport
    from segmenter.verbs.ingest import IngestReport
    from segmenter.verbs.learn import Discovery
    from segmenter.verbs.look import Table
    from segmenter.verbs.publish import Asked, PlanReport, Reports, RunReport

Answered = TypeVar("Answered")

def open_project(
    path: str | Path = ".",
    *,
    now: Callable[[], datetime] | None = None,
    noise: Any = None,
    progress: Progress = silent,
    lasting: bool = True,
) -> Session:
    """Open the project at `path`. A context manager.

    An erasure that was killed halfway is finished first. `now` is the clock (aware datetimes) and `noise` a source of noise, for tests;
    nothing outside code can set them (P11). In a `lasting` session an engine waits for the next question.
    Raises `FileError` or `PolicyError` where the policy is wrong, `ProjectKeyError` for the key.
    """
    root = Path(path).absolute()
    policy = read_project(root, segments=()).policy
    context = contexts.opened(root, policy, now, noise, progress)
    with contextlib.suppress(BudgetError):  # a journal that cannot be trusted is told by the verbs, and `budget recover` must be reached
        if context.journal.read("forget"):
            from segmenter.verbs.answer import finish_erasures

            finish_erasures(context)
    return Session(context, lasting)


@dataclass(frozen=True, slots=True)
class Session:
    """One opened project. Every verb gives a frozen result with `to_dict()`, the JSON contract's document."""

    context: Context
    lasting: bool = False

    def __enter__(self) -> Self:
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

    def _at(self, given: Moment) -> datetime | None:
        return instant(given, self.policy.time_zone)

    def _asked(self, selection: Names, as_of: Moment, known_at: Moment, epsilon: Amount, tables: Names) -> Asked:
        from segmenter.verbs.publish import Asked

        return Asked(names(selection), self._at(as_of), self._at(known_at), amount(epsilon), names(tables) or ())

    def _ready(self, found: Answered) -> Answered:
        """An answer; the engine of the next question starts while nobody waits for it."""
        if self.lasting:
            self.context.store.expect_engine()
        return found

    def ingest(self) -> IngestReport:
        """Read the declared sources into a new snapshot and put it in use."""
        from segmenter.verbs.ingest import ingest

        return ingest(self.context)

    def plan(
        self,
        selection: Names = None,
        *,
        as_of: Moment = None,
        known_at: Moment = None,
        epsilon: Amount = None,
        tables: Names = None,
        target: int | None = None,
        lock: bool = False,
    ) -> PlanReport:
        """What a run would measure, what it costs, which error to expect. Spends nothing. `lock` writes budgets.lock."""
        from segmenter.verbs import publish

        return publish.plan(self.context, self._asked(selection, as_of, known_at, epsilon, tables), target, lock=lock)

    def run(
        self,
        selection: Names = None,
        *,
        as_of: Moment = None,
        known_at: Moment = None,
        epsilon: Amount = None,
        tables: Names = None,
    ) -> RunReport:
        """Publish the noised counts of segments; a question asked before is free. `tables` as `"age_band,payer"` are measured with them."""
        from segmenter.verbs import publish

        return self._ready(publish.run(self.context, self._asked(selection, as_of, known_at, epsilon, tables)))

    def report(self, selection: Names = None, *, to: str | Path | None = None, language: str = "en") -> Reports:
        """Write the reports of segments' latest releases: JSON, CSV and a page that stands alone."""
        from segmenter.verbs import publish

        return publish.reports(self.context, names(selection), None if to is None else Path(to), language)

    def discover(self, segment: str, *, toward: str | None = None, epsilon: Amount = None) -> Discovery:
        """What the numbers of a segment suggest: free from its release, or with a private model that `epsilon` pays for."""
        from segmenter.verbs.learn import discovered

        return discovered(self.context, segment, toward, amount(epsilon))

    def budget(self) -> BudgetReport:
        """What is allowed, spent and left."""
        from segmenter.verbs import books

        return books.budget(self.context)

    def budget_verify(self) -> dict[str, Any]:
        """Verify the whole journal against its marks."""
        from segmenter.verbs import books

        return books.budget_verify(self.context)

    def budget_recover(self, *, restored: bool = False) -> dict[str, Any]:
        """Start again from a journal that cannot be trusted, or was `restored` with its folder, assuming the worst. For officers."""
        from segmenter.verbs import books

        return books.budget_recover(self.context, restored=restored)

    def export(self, segment: str, *, channel: str, destination: str | None = None, planned_at: Moment = None) -> Export:
        """Write the file of those who may be contacted, decided as of now."""
        from segmenter.verbs.deliver import export_segment

        return export_segment(self.context, segment, channel, destination, self._at(planned_at))

    def query(
        self, sql: str, *, purpose: str, epsilon: Amount = None, as_of: Moment = None, known_at: Moment = None
    ) -> QueryResult:
        """Answer a question in SQL with noise; a question asked before is free."""
        from segmenter.verbs.ask import query

        return self._ready(query(self.context, sql, purpose, amount(epsilon), self._at(as_of), self._at(known_at)))

    def why(
        self,
        patient: str,
        *,
        segment: str | None = None,
        channel: str | None = None,
        as_of: Moment = None,
        known_at: Moment = None,
        language: str = "en",
    ) -> Answer:
        """Why a patient may or may not be used. For officers."""
        from segmenter.verbs.answer import why

        del language  # the document holds the sentences in every language
        return why(self.context, patient, segment, channel, self._at(as_of), self._at(known_at))

    def test(self) -> TrialReport:
        """Try the project out without real data: committed costs, coverage of segments, privacy of what it publishes."""
        from segmenter.trial.checks import examine

        return examine(self.context.root)

    # -- after the export ------------------------------------------------------------------------------------------------

    def recall(self) -> Recalls:
        """Make recalls for everyone who left after an export, and list all."""
        from segmenter.verbs import take_back

        return take_back.recalls(self.context)

    def recall_ack(self, recall: str) -> Recalls:
        """Note that a destination removed everyone of a recall."""
        from segmenter.verbs import take_back

        return take_back.acknowledge(self.context, recall)

    def exposed(self, export: str) -> Exposed:
        """Who was in an exported file, and a draft of the notice to the authority. For officers."""
        from segmenter.verbs import take_back

        return take_back.exposed(self.context, export)

    def verify(self, manifest: str | Path) -> Verified:
        """Check a manifest's signature and its file."""
        from segmenter.verbs import take_back

        return take_back.verify(self.context, Path(manifest))

    def retain(self) -> Retained:
        """Apply the policy's limits on how long things are kept."""
        from segmenter.verbs import take_back

        return take_back.retained(self.context)

    # -- the suppression list --------------------------------------------------------------------------------------------

    def suppress_show(self) -> Summary:
        """The list by reason and source; exact numbers for officers and operators."""
        from segmenter.verbs import suppress

        return suppress.show(self.context)

    def suppress_import(self, files: str | Path | Sequence[str | Path], *, channel: str | None = None) -> Imported:
        """Add what files of opt-outs, bounces and complaints say."""
        from segmenter.verbs import suppress

        return suppress.import_files(self.context, [Path(file) for file in ([files] if isinstance(files, (str, Path)) else files)], channel)

    def suppress_add(
        self,
        kind: str,
        value: str,
        *,
        channel: str | None = None,
        purpose: str | None = None,
        topic: str | None = None,
        reason: str = "manual",
        until: Moment = None,
    ) -> dict[str, Any]:
        """Suppress one identifier from this instant, for every process; or, of the kind `token`, whom an unsubscribe link was made for."""
        from segmenter.verbs import suppress

        if kind == "token":
            return suppress.add_token(self.context, value, suppress.Scope(channel, purpose, topic))
        return suppress.add(self.context, kind, value, suppress.Scope(channel, purpose, topic), reason, self._at(until))

    def suppress_lift(self, kind: str, value: str, *, reason: str, channel: str | None = None) -> dict[str, Any]:
        """Lift the entries of one identifier. For officers, with a reason."""
        from segmenter.verbs import suppress

        return suppress.lift(self.context, kind, value, reason, channel)

    def suppress_export(self, file: str | Path) -> dict[str, Any]:
        """Write the list's keyed hashes, to share with a processor. For officers."""
        from segmenter.verbs import suppress

        return suppress.export_hashes(self.context, Path(file))

    # -- consent as it ages ------------------------------------------------------------------------------------------------

    def forecast(self, purpose: str, *, epsilon: Amount = None) -> AheadReport:
        """How many patients eligible now will lapse within 30, 60 and 90 days. Paid like any release."""
        from segmenter.verbs import ahead

        return ahead.forecast(self.context, purpose, amount(epsilon))

    def notice(self, *, purpose: str | None = None, before: Moment = None, epsilon: Amount = None) -> AheadReport:
        """The notices in force, and how many eligible patients must be asked again before a date."""
        from segmenter.verbs import ahead

        return ahead.notice(self.context, purpose, self._at(before), amount(epsilon))

    # -- one person ------------------------------------------------------------------------------------------------------

    def receipt(self, patient: str, *, language: str = "en") -> Receipt:
        """A patient's consent receipt (ISO/IEC TS 27560). For officers."""
        from segmenter.verbs import answer

        return answer.receipt(self.context, patient, language)

    def subject(self, patient: str, *, language: str = "en") -> Subject:
        """All that is held of a person. For officers."""
        from segmenter.verbs import answer

        del language  # the document holds the sentences in every language
        return answer.subject(self.context, patient)

    def forget(self, patient: str) -> Forgotten:
        """Erase a person, recall them, and prove that nothing is left. For officers."""
        from segmenter.verbs import answer

        return answer.forget(self.context, patient)

    # -- the officer's tables ----------------------------------------------------------------------------------------------

    def quarantine(self) -> Table:
        """The rows that were set aside, with their content. For officers and operators."""
        from segmenter.verbs import look

        return look.quarantine(self.context)

    def trail(self) -> Table:
        """Who did what, when, under which policy."""
        from segmenter.verbs import look

        return look.trail(self.context)
