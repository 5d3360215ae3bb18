"""A session: one opened project and its verbs. The only door from Python.

The command line calls nothing else. Every verb runs the workflow of its name in
`segmenter/workflows/` and answers a frozen result. The examples are of the clinic that
`segmenter demo` makes.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from segmenter import context as contexts
from segmenter.context import Context
from segmenter.errors import BudgetError
from segmenter.inputs import Amount, Moment, Names, amount, instant, names
from segmenter.model import Progress, silent
from segmenter.project.folder import read_project
from segmenter.project.policy import Policy

if TYPE_CHECKING:
    from segmenter.consent.receipt import Receipt
    from segmenter.erasure.erase import Forgotten
    from segmenter.erasure.retain import Retained
    from segmenter.export.manifest import VerifiedManifest
    from segmenter.export.order import Export
    from segmenter.export.recall import Recalls
    from segmenter.governance.exposure import Exposed
    from segmenter.project.segment import Segment
    from segmenter.query.ask import QueryResult
    from segmenter.selftest.checks import TrialReport
    from segmenter.suppression.imports import Imported
    from segmenter.suppression.summary import SuppressionSummary
    from segmenter.workflows.ageing import AgeingReport
    from segmenter.workflows.budget import BudgetReport, JournalVerified
    from segmenter.workflows.discover import Discovery
    from segmenter.workflows.ingest import IngestReport
    from segmenter.workflows.plan import PlanReport
    from segmenter.workflows.quarantine import Listing
    from segmenter.workflows.recovery import RecoveryConfirmed, RecoveryReport
    from segmenter.workflows.report import Reports
    from segmenter.workflows.request import WorkloadRequest
    from segmenter.workflows.run import RunReport
    from segmenter.workflows.subject import Subject
    from segmenter.workflows.suppress import HashesExported, OptOutAdded, OptOutLifted
    from segmenter.workflows.why import WhyReport

Result = TypeVar("Result")
Given = ParamSpec("Given")


def open_project(
    path: str | Path = ".",
    *,
    progress: Progress = silent,
    lasting: bool = True,
) -> Session:
    """Open the project at `path`. A context manager.

    An erasure that was killed halfway is finished first. In a `lasting` session an engine waits for
    the next question. Raises `FileError` or `PolicyError` if the policy is wrong,
    `ProjectKeyError` for the key, `Refusal` (P19) for a project of a test.

    >>> import segmenter
    >>> with segmenter.open(session.context.root) as opened:
    ...     list(opened.segments)[:2]
    ['depistage_colorectal', 'lettre_quartier']
    """
    root = Path(path).absolute()
    policy = read_project(root, segments=()).policy
    context = contexts.opened(root, policy, progress)
    # The verbs tell of a journal that cannot be trusted, and `budget recover` must be reached.
    with contextlib.suppress(BudgetError):
        contexts.require_real(context)
        if context.journal.read("forget"):
            from segmenter.workflows.forget import finish_erasures

            finish_erasures(context)
    return Session(context, lasting)


def by_role(
    verb: Callable[Concatenate[Session, Given], Result],
) -> Callable[Concatenate[Session, Given], Result]:
    """A verb that is refused (`roles`) to whom the table in `segmenter.roles` does not give it."""
    name = verb.__name__.replace("_", " ")

    @functools.wraps(verb)
    def allowed(session: Session, /, *args: Given.args, **options: Given.kwargs) -> Result:
        session.context.require(name)
        return verb(session, *args, **options)

    return allowed


@dataclass(frozen=True, slots=True)
class Session:
    """One opened project.

    Every verb gives a frozen result with `to_dict()`, the contract's document.

    Moments are given as ISO texts, dates or aware datetimes, amounts of epsilon as decimal texts or
    numbers, several names as a list. `as_of` is the moment that is asked about, `known_at` what had
    been recorded by then. In a `lasting` session an engine waits for the next question.
    """

    context: Context
    lasting: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.context.journal.close()

    @property
    def policy(self) -> Policy:
        """The policy in force.

        >>> list(session.policy.purposes)
        ['prevention', 'offers', 'statistics']
        """
        return self.context.policy

    @property
    def segments(self) -> Mapping[str, Segment]:
        """The project's segments by name, read anew.

        Raises `FileError` if a file of theirs is wrong.

        >>> session.segments["vaccination_grippe"].title["en"]
        'Flu vaccination from 65'
        """
        return read_project(self.context.root).segments

    def _at(self, given: Moment) -> datetime | None:
        return instant(given, self.policy.time_zone)

    def _asked(
        self, selection: Names, as_of: Moment, known_at: Moment, epsilon: Amount, tables: Names
    ) -> WorkloadRequest:
        from segmenter.workflows.request import WorkloadRequest

        return WorkloadRequest(
            selection=names(selection),
            as_of=self._at(as_of),
            known_at=self._at(known_at),
            epsilon=amount(epsilon),
            tables=names(tables) or (),
        )

    def _ready(self, found: Result) -> Result:
        """An answer; the engine of the next question starts while nobody waits for it."""
        if self.lasting:
            self.context.store.expect_engine()
        return found

    # -- from sources to published numbers ---------------------------------------------------------

    @by_role
    def ingest(self, *, accept: str | None = None, reason: str | None = None) -> IngestReport:
        """Read the declared sources into a new snapshot, decide who may be used, put it in use.

        Rows that cannot be read are set aside with file, line and reason. A killed ingest leaves
        the snapshot before in use. Raises `SourceError` if a declared file is missing or of
        another shape, `FileError` if `sources.yml` is wrong, `Refusal` (R3) if more rows were
        set aside than a source's `max_quarantined`: then exports refuse, too, until a load passes
        or an officer accepts one, `accept="R3"` with a `reason`.

        >>> report = session.ingest()
        >>> [table for table in report.to_dict()["tables"]][:3]
        ['patient', 'stay', 'consent']
        """
        from segmenter.workflows.ingest import ingest

        return ingest(self.context, accept, reason)

    @by_role
    def plan(
        self,
        selection: Names = None,
        *,
        as_of: Moment = None,
        known_at: Moment = None,
        epsilon: Amount = None,
        target: int | None = None,
        tables: Names = None,
        lock: bool = False,
    ) -> PlanReport:
        """What a run would measure, what it costs, which error to expect (P14). Spends nothing.

        Costs are in epsilon, errors in patients (95 %). No patient data is read.

        `target` finds the smallest epsilon whose error is at most so many patients. `lock` writes
        `budgets.lock`. Raises `PolicyError` (C14) for what the policy does not allow, `UsageError`
        for a name that is not declared.

        >>> planned = session.plan("vaccination_grippe", epsilon="0.2").to_dict()
        >>> [(release["dimensions"], release["epsilon"]) for release in planned["releases"]]
        [(['age_band'], 0.2)]
        """
        from segmenter.workflows.plan import plan

        return plan(
            self.context,
            self._asked(selection, as_of, known_at, epsilon, tables),
            target,
            lock=lock,
        )

    @by_role
    def run(
        self,
        selection: Names = None,
        *,
        as_of: Moment = None,
        known_at: Moment = None,
        epsilon: Amount = None,
        tables: Names = None,
    ) -> RunReport:
        """Publish the noised counts of segments, each with a 95 % interval (P1 to P8).

        Counts are of patients; small cells are withheld.

        The price is paid before data is read. What was asked before about the same snapshot is
        answered from the store, and is free (P9). `tables` as `"age_band,payer"` are measured with
        the segments. Raises `PolicyError` (C14) before any data is read, and `BudgetError` (P3 to
        P5) with nothing spent.

        >>> [segment] = session.run("vaccination_grippe").to_dict()["segments"]
        >>> [cell["age_band"] for cell in segment["cells"]]
        ['65-74', '75+']
        >>> session.run("vaccination_grippe").to_dict()["spent"]
        0.0
        """
        from segmenter.workflows.run import run

        return self._ready(
            run(self.context, self._asked(selection, as_of, known_at, epsilon, tables))
        )

    @by_role
    def report(
        self, selection: Names = None, *, to: str | Path | None = None, language: str = "en"
    ) -> Reports:
        """Write the reports of segments' latest releases: JSON, CSV and a page that stands alone.

        They go into the folder `to`, or into the project's private folder.

        Raises `Refusal` (P6) for a segment that has no release yet.

        >>> [made] = session.report("vaccination_grippe", language="fr").to_dict()["reports"]
        >>> sorted(made)
        ['csv', 'html', 'json', 'segment']
        """
        from segmenter.workflows.report import report

        return report(self.context, names(selection), None if to is None else Path(to), language)

    @by_role
    def query(
        self,
        sql: str,
        *,
        purpose: str,
        epsilon: Amount = None,
        as_of: Moment = None,
        known_at: Moment = None,
    ) -> QueryResult:
        """Answer a question in SQL with noise, about those who may be used for `purpose` (P15).

        A question that was asked before is free.

        A group is there for each declared value, withheld (`None`) if too few patients are in
        it. Raises `UsageError` for what cannot be read, `Refusal` (P15) for what cannot be answered
        safely, `PolicyError` (C14), `BudgetError` (P3 to P5).

        >>> sql = "SELECT sex, count(*) AS patients FROM patient GROUP BY sex"
        >>> answer = session.query(sql, purpose="statistics", epsilon="0.1")
        >>> answer.columns, [row[0] for row in answer.rows]
        (('sex', 'patients'), ['femme', 'homme', 'unknown'])
        """
        from segmenter.workflows.query import query

        return self._ready(
            query(self.context, sql, purpose, amount(epsilon), self._at(as_of), self._at(known_at))
        )

    @by_role
    def discover(
        self, segment: str, *, toward: str | None = None, epsilon: Amount = None
    ) -> Discovery:
        """What the numbers of a segment suggest (P18).

        Free if read off its release; `epsilon` pays for a private model.

        Raises `Refusal` (P6) if there is no release yet, `UsageError` if a model is asked for
        without saying `toward` what.

        >>> session.discover("vaccination_grippe").to_dict()["spent"]
        0.0
        """
        from segmenter.workflows.discover import discover

        return discover(self.context, segment, toward, amount(epsilon))

    @by_role
    def forecast(self, purpose: str, *, epsilon: Amount = None) -> AgeingReport:
        """How many patients who are eligible now will lapse within 0-30, 31-60 and 61-90 days.

        One noised histogram, paid like any release.

        Raises `PolicyError` (C14) and `BudgetError` (P3 to P5), `UsageError` for a purpose that is
        not declared.

        >>> [purpose] = session.forecast("prevention", epsilon="0.1").to_dict()["purposes"]
        >>> [bucket["lapse"] for bucket in purpose["buckets"]]
        ['0-30', '31-60', '61-90', 'later']
        """
        from segmenter.workflows.forecast import forecast

        return forecast(self.context, purpose, amount(epsilon))

    @by_role
    def notice(
        self, *, purpose: str | None = None, before: Moment = None, epsilon: Amount = None
    ) -> AgeingReport:
        """The notices in force, and how many eligible patients must be asked again before a date.

        The date is in 90 days unless it is given. Exact for officers; noised and paid for
        everyone else, with the errors of `forecast`.

        >>> session.notice(purpose="prevention").to_dict()["purposes"][0]["in_force"]
        ['2025-01', '2026-01']
        """
        from segmenter.workflows.notice import notice

        return notice(self.context, purpose, self._at(before), amount(epsilon))

    @by_role
    def test(self) -> TrialReport:
        """Try the project out on invented patients: costs, coverage, privacy (P1, P8).

        Checks committed costs, whether every segment finds somebody, and what is published.

        Takes some seconds. Reads no data of the project, and spends nothing.

        >>> [(check.name, check.passed) for check in session.test().checks][:2]
        [('budgets.lock', True), ('every segment finds somebody', True)]
        """
        from segmenter.selftest.checks import examine

        return examine(self.context.root)

    # -- files that leave --------------------------------------------------------------------------

    @by_role
    def export(
        self,
        segment: str,
        *,
        channel: str,
        destination: str | None = None,
        planned_at: Moment = None,
    ) -> Export:
        """Write the file of those who may be contacted, decided as of now (S1 to S8, P17).

        The file is encrypted and registered, and has a signed manifest. `planned_at` is when it
        will be sent, for quiet hours. Raises `PolicyError` (C14) before
        data is read, `Refusal` if no release is young enough (P6), a suppression list is stale
        (S7), or the hour is a quiet one, `UsageError` for a name that is not declared.

        >>> made = session.export("vaccination_grippe", channel="email", destination="routeur")
        >>> Path(made.file).suffixes, [line["reason"] for line in made.to_dict()["funnel"]][-1]
        (['.csv', '.age'], 'exported')
        """
        from segmenter.workflows.export import export

        return export(self.context, segment, channel, destination, self._at(planned_at))

    @by_role
    def recall(self) -> Recalls:
        """Make recalls for everyone who left after an export, and list all.

        Each has its removal file and its clock of 48 hours.

        >>> [recall["export"] for recall in session.recall().to_dict()["recalls"]]
        []
        """
        from segmenter.workflows.recall import recall

        return recall(self.context)

    @by_role
    def recall_ack(self, recall: str) -> Recalls:
        """Note that a destination removed everyone of a recall, and list all.

        Raises `UsageError` for a recall that is not known.

        >>> session.recall_ack("0000")
        Traceback (most recent call last):
        segmenter.errors.UsageError: ...
        """
        from segmenter.workflows.recall import acknowledge

        return acknowledge(self.context, recall)

    @by_role
    def exposed(self, export: str) -> Exposed:
        """Who was in an exported file, and which categories. For officers.

        With a draft of the notice to the authority (GDPR 33(3)).
        Raises `Refusal` for others, `UsageError` for an export that is not known.

        >>> made = session.export("depistage_colorectal", channel="email", destination="routeur")
        >>> session.exposed(made.export).categories
        ('contact', 'identity')
        """
        from segmenter.workflows.exposed import exposed

        return exposed(self.context, export)

    @by_role
    def verify(self, manifest: str | Path) -> VerifiedManifest:
        """Check a manifest: its signature, whose key made it, whether its file is the one it names.

        Raises `UsageError` for what is no manifest, `Refusal` if anything was changed.

        >>> made = session.export("suivi_sejours", channel="email", destination="routeur")
        >>> session.verify(made.manifest).file_matches
        True
        """
        from segmenter.workflows.verify import verify

        return verify(self.context, Path(manifest))

    @by_role
    def retain(self, *, confirm: bool = False) -> Retained:
        """Apply the policy's limits on how long things are kept; says what it removed.

        Limits are on exports, registers, snapshots and prospects. If the clock is far ahead of the
        journal's last entry, nothing is removed without `confirm`. Raises `Refusal` (P5) then.

        >>> sorted(session.retain().to_dict()["removed"])
        ['exports', 'prospects', 'registers', 'snapshots']
        """
        from segmenter.workflows.retain import retain

        return retain(self.context, confirmed=confirm)

    # -- the suppression list ----------------------------------------------------------------------

    @by_role
    def suppress_show(self) -> SuppressionSummary:
        """The list by reason and source; exact numbers for officers and operators.

        >>> [row["reason"] for row in session.suppress_show().to_dict()["suppression"]][0]
        'complained'
        """
        from segmenter.workflows import suppress

        return suppress.show(self.context)

    @by_role
    def suppress_import(
        self,
        files: str | Path | Sequence[str | Path],
        *,
        channel: str | None = None,
        ignored: Sequence[str] = (),
    ) -> Imported:
        """Add what files of opt-outs, bounces and complaints say (S1, S4 to S6). All or none.

        The layouts of many senders are recognised.

        Rows that cannot be read are set aside, with line and reason. Raises `UsageError` for a file
        whose layout is nobody's or more than one's, of which every row is set aside (S7), or that
        has a column that looks like an opt-out, is not read and not `ignored` (R1).

        >>> file = session.context.root / "data" / "lists" / "do_not_contact.csv"
        >>> sorted(session.suppress_import(file).to_dict())
        ['created', 'existing', 'quarantined', 'skipped']
        """
        from segmenter.workflows import suppress

        return suppress.import_files(
            self.context,
            [Path(file) for file in ([files] if isinstance(files, (str, Path)) else files)],
            channel,
            ignored,
        )

    @by_role
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
    ) -> OptOutAdded:
        """Suppress one identifier from this instant, for every process.

        Kinds: email, phone, postal, patient_id, domain; and `token`, for whom an unsubscribe link
        was made. Without a channel, a purpose, a
        topic it holds for all of them (S2). Raises `UsageError` for kinds and names that are not
        known.

        >>> session.suppress_add("email", "Camille@Example.org", channel="email").usable
        True
        """
        from segmenter.workflows import suppress

        if kind == "token":
            return suppress.add_token(
                self.context, value, suppress.EntryScope(channel, purpose, topic)
            )
        return suppress.add(
            self.context,
            kind,
            value,
            suppress.EntryScope(channel, purpose, topic),
            reason,
            instant(until, self.policy.time_zone, latest=True),
        )

    @by_role
    def suppress_lift(
        self, kind: str, value: str, *, reason: str, channel: str | None = None
    ) -> OptOutLifted:
        """Lift the entries of one identifier, because its owner asked for it (S1). For officers.

        The reason stays on the trail.

        >>> added = session.suppress_add("phone", "06 39 98 00 01")
        >>> lifted = session.suppress_lift("phone", "+33 6 39 98 00 01", reason="asked on paper")
        >>> [entry["source"] for entry in lifted.lifted]
        ['live']
        """
        from segmenter.workflows import suppress

        return suppress.lift(self.context, kind, value, reason, channel)

    @by_role
    def suppress_export(self, file: str | Path, *, overwrite: bool = False) -> HashesExported:
        """Write the list's keyed hashes, to share with a processor. For officers.

        Raises `UsageError` if no file can be written, if there is one and `overwrite` is not said,
        or if a declared source reads it.

        >>> session.suppress_export(session.context.root / "hashes.csv").file.name
        'hashes.csv'
        """
        from segmenter.workflows import suppress

        return suppress.export_hashes(self.context, Path(file), overwrite=overwrite)

    # -- one person, for officers ------------------------------------------------------------------

    @by_role
    def why(
        self,
        patient: str,
        *,
        segment: str | None = None,
        channel: str | None = None,
        as_of: Moment = None,
        known_at: Moment = None,
        language: str = "en",
    ) -> WhyReport:
        """Why a patient may or may not be used: every rule that speaks, with its events.

        For every purpose and channel, or for what one `segment` needs; at any two clocks. What is
        allowed names the grants it stands on. Raises `UsageError` for a patient or a name that
        nobody knows, and for moments before the oldest snapshot that is kept.

        >>> for patient in ("P00000005", "P00000002"):
        ...     print(session.why(patient, segment="lettre_quartier").sentences("en")[0])
        offers / email / newsletter / identity: Allowed. (C1: E00000005-...)
        offers / email / newsletter / identity: No consent covers this use. (C1)
        """
        from segmenter.workflows.why import why

        del language  # the document holds the sentences in every language
        return why(self.context, patient, segment, channel, self._at(as_of), self._at(known_at))

    @by_role
    def receipt(self, patient: str, *, language: str = "en") -> Receipt:
        """A patient's consent receipt (ISO/IEC TS 27560).

        For every purpose: what was agreed to, on which notice, when.

        >>> session.receipt("P00000001", language="fr").to_dict()["header"]["schema_version"]
        'ISO/IEC TS 27560:2023'
        """
        from segmenter.workflows.receipt import receipt

        return receipt(self.context, patient, language)

    @by_role
    def subject(self, patient: str, *, language: str = "en") -> Subject:
        """All that is held of a person: the answer to an access request (GDPR 15).

        With the source of each part, every decision and every export.

        >>> session.subject("P00000001").to_dict()["patient_ids"]
        ['P00000001']
        """
        from segmenter.workflows.subject import subject

        del language  # the document holds the sentences in every language
        return subject(self.context, patient)

    @by_role
    def forget(self, patient: str, *, confirm: bool = False) -> Forgotten:
        """Erase a person from every file and recall them from every export (S8, GDPR 17).

        A proof that nothing is left comes with the answer.

        A keyed hash stays, which keeps the person out when a source delivers them again. Killed
        halfway, it is finished when the project is opened next. If others share an address of the
        person, the answer says how many, and nothing happens before an officer gives `confirm`.
        Raises `EngineError`, naming the files, if something of the person is left all the same.

        >>> session.forget("P00000003", confirm=True).to_dict()["forgotten"]
        True
        """
        from segmenter.workflows.forget import forget

        return forget(self.context, patient, confirmed=confirm)

    # -- budgets, quarantine, trail ----------------------------------------------------------------

    @by_role
    def budget(self) -> BudgetReport:
        """What is allowed, spent and left of each purpose in its period (P3 to P5).

        In epsilon, delta and rho.

        Raises `BudgetError` if the journal cannot be trusted (P4).

        >>> budgets = session.budget().to_dict()["budgets"]
        >>> [(budget["purpose"], budget["epsilon"]["allowed"]) for budget in budgets][:2]
        [('prevention', 4.0), ('offers', 2.0)]
        """
        from segmenter.workflows.budget import budget

        return budget(self.context)

    @by_role
    def budget_verify(self) -> JournalVerified:
        """Verify the whole journal, line by line, against its marks and anchors (P4).

        Raises `BudgetError` if it was changed.

        >>> session.budget_verify().to_dict()["verified"]
        True
        """
        from segmenter.workflows.budget import budget_verify

        return budget_verify(self.context)

    @by_role
    def budget_recover(self, *, restored: bool = False) -> RecoveryReport:
        """Start again from a journal that cannot be trusted, assuming the worst (P4). For officers.

        `restored` says that the whole folder came back from a backup.

        Raises `Refusal` for others, and `UsageError` if nothing is wrong:

        >>> session.budget_recover()
        Traceback (most recent call last):
        segmenter.errors.UsageError: ...
        """
        from segmenter.workflows.recovery import budget_recover

        return budget_recover(self.context, restored=restored)

    @by_role
    def budget_confirm(self, *, reason: str) -> RecoveryConfirmed:
        """Confirm that all opt-outs are there again after a recovery; exports go on. For officers.

        Raises `UsageError` if no recovery waits for it:

        >>> session.budget_confirm(reason="all lists were imported again")
        Traceback (most recent call last):
        segmenter.errors.UsageError: ...
        """
        from segmenter.workflows.recovery import budget_confirm

        return budget_confirm(self.context, reason)

    @by_role
    def quarantine(self) -> Listing:
        """The rows that were set aside. For officers and operators.

        Each with source, file, line, rule, reason, and for officers the row itself.

        Raises `Refusal` for others, `UsageError` if nothing was ingested.

        >>> sorted({row["rule"] for row in session.quarantine().to_dict()["quarantine"]})[:1]
        ['C10']
        """
        from segmenter.workflows.quarantine import quarantine

        return quarantine(self.context)

    @by_role
    def trail(self) -> Listing:
        """Who did what, when, under which policy. For officers and operators.

        Each line is bound to the one before it by its hash.

        >>> session.trail().to_dict()["trail"][0]["act"]
        'ingest'
        """
        from segmenter.workflows.trail import trail

        return trail(self.context)
