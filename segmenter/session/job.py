"""The job: from sources to published numbers and files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.inputs import Amount, Moment, Names, amount, names
from segmenter.session.opened import Opened

if TYPE_CHECKING:
    from segmenter.export.build import Export
    from segmenter.query.ask import QueryResult
    from segmenter.selftest.checks import TrialReport
    from segmenter.workflows.ahead import AheadReport
    from segmenter.workflows.ingest import IngestReport
    from segmenter.workflows.learn import Discovery
    from segmenter.workflows.publish import PlanReport, Reports, RunReport


class Job(Opened):
    """Ingest, plan, run, look, export.

    Moments are given as ISO texts, dates or aware datetimes, amounts of epsilon as decimal texts or
    numbers, several names as a list. `as_of` is the moment that is asked about, `known_at` what had
    been recorded by then; each is the present one unless it is given.
    """

    __slots__ = ()

    def ingest(self) -> IngestReport:
        """Read the declared sources into a new snapshot, decide who may be used, and put it in use (C1 to C15, I1).

        Rows that cannot be read are set aside with file, line and reason. A killed ingest leaves
        the snapshot before in use. Raises `SourceError` where a declared file is missing or of
        another shape, `FileError` where `sources.yml` is wrong.

        >>> report = session.ingest()
        >>> [table for table in report.to_dict()["tables"]][:3]
        ['patient', 'stay', 'consent']
        """
        from segmenter.workflows.ingest import ingest

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
        """What a run would measure, what it costs (epsilon), which error to expect (patients, 95 %). Reads no data, spends nothing (P14).

        `target` finds the smallest epsilon whose error is at most so many patients. `lock` writes
        `budgets.lock`. Raises `PolicyError` (C14) for what the policy does not allow, `UsageError`
        for a name that is not declared.

        >>> planned = session.plan("vaccination_grippe", epsilon="0.2").to_dict()
        >>> [(release["dimensions"], release["epsilon"]) for release in planned["releases"]]
        [(['age_band'], 0.2)]
        """
        from segmenter.workflows import publish

        return publish.plan(
            self.context,
            self._asked(selection, as_of, known_at, epsilon, tables),
            target,
            lock=lock,
        )

    def run(
        self,
        selection: Names = None,
        *,
        as_of: Moment = None,
        known_at: Moment = None,
        epsilon: Amount = None,
        tables: Names = None,
    ) -> RunReport:
        """Publish the noised counts of segments (patients, with 95 % intervals); small cells are withheld (P1 to P8).

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
        from segmenter.workflows import publish

        return self._ready(
            publish.run(self.context, self._asked(selection, as_of, known_at, epsilon, tables))
        )

    def report(
        self, selection: Names = None, *, to: str | Path | None = None, language: str = "en"
    ) -> Reports:
        """Write the reports of segments' latest releases, into the project's own folder or `to`: JSON, CSV and a page that stands alone.

        Raises `Refusal` (P6) for a segment that has no release yet.

        >>> [made] = session.report("vaccination_grippe", language="fr").to_dict()["reports"]
        >>> sorted(made)
        ['csv', 'html', 'json', 'segment']
        """
        from segmenter.workflows import publish

        return publish.reports(
            self.context, names(selection), None if to is None else Path(to), language
        )

    def query(
        self,
        sql: str,
        *,
        purpose: str,
        epsilon: Amount = None,
        as_of: Moment = None,
        known_at: Moment = None,
    ) -> QueryResult:
        """Answer a question in SQL with noise, about those who may be used for `purpose`; a question asked before is free (P15).

        A group is there for each declared value, withheld (`None`) where too few patients are in
        it. Raises `UsageError` for what cannot be read, `Refusal` (P15) for what cannot be answered
        safely, `PolicyError` (C14), `BudgetError` (P3 to P5).

        >>> answer = session.query("SELECT sex, count(*) AS patients FROM patient GROUP BY sex", purpose="statistics", epsilon="0.1")
        >>> answer.columns, [row[0] for row in answer.rows]
        (('sex', 'patients'), ['femme', 'homme', 'unknown'])
        """
        from segmenter.workflows.ask import query

        return self._ready(
            query(self.context, sql, purpose, amount(epsilon), self._at(as_of), self._at(known_at))
        )

    def discover(
        self, segment: str, *, toward: str | None = None, epsilon: Amount = None
    ) -> Discovery:
        """What the numbers of a segment suggest: free from its release, or with a private model that `epsilon` pays for.

        Raises `Refusal` (P6) where there is no release yet, `UsageError` where a model is asked for
        without saying `toward` what.

        >>> session.discover("vaccination_grippe").to_dict()["spent"]
        0.0
        """
        from segmenter.workflows.learn import discovered

        return discovered(self.context, segment, toward, amount(epsilon))

    def forecast(self, purpose: str, *, epsilon: Amount = None) -> AheadReport:
        """How many patients eligible now will lapse within 0-30, 31-60 and 61-90 days: one noised histogram, paid like any release.

        Raises `PolicyError` (C14) and `BudgetError` (P3 to P5), `UsageError` for a purpose that is
        not declared.

        >>> [purpose] = session.forecast("prevention", epsilon="0.1").to_dict()["purposes"]
        >>> [bucket["lapse"] for bucket in purpose["buckets"]]
        ['0-30', '31-60', '61-90', 'later']
        """
        from segmenter.workflows import ahead

        return ahead.forecast(self.context, purpose, amount(epsilon))

    def notice(
        self, *, purpose: str | None = None, before: Moment = None, epsilon: Amount = None
    ) -> AheadReport:
        """The notices in force, and how many eligible patients must be asked again before a date (in 90 days unless it is given).

        Exact for officers; noised and paid for everyone else, with the errors of `forecast`.

        >>> session.notice(purpose="prevention").to_dict()["purposes"][0]["in_force"]
        ['2025-01', '2026-01']
        """
        from segmenter.workflows import ahead

        return ahead.notice(self.context, purpose, self._at(before), amount(epsilon))

    def export(
        self,
        segment: str,
        *,
        channel: str,
        destination: str | None = None,
        planned_at: Moment = None,
    ) -> Export:
        """Write the file of those who may be contacted, decided as of now, encrypted, registered, with a signed manifest (S1 to S8, P17).

        `planned_at` is when it will be sent, for quiet hours. Raises `PolicyError` (C14) before
        data is read, `Refusal` where no release is young enough (P6), a suppression list is stale
        (S7), or the hour is a quiet one, `UsageError` for a name that is not declared.

        >>> made = session.export("vaccination_grippe", channel="email", destination="routeur")
        >>> Path(made.file).suffixes, [line["reason"] for line in made.to_dict()["funnel"]][-1]
        (['.csv', '.age'], 'exported')
        """
        from segmenter.workflows.deliver import export_segment

        return export_segment(self.context, segment, channel, destination, self._at(planned_at))

    def test(self) -> TrialReport:
        """Try the project out on invented patients: committed costs, coverage of segments, privacy of what it publishes (P1, P8).

        Takes some seconds. Reads no data of the project, and spends nothing.

        >>> [(check.name, check.passed) for check in session.test().checks][:2]
        [('budgets.lock', True), ('every segment finds somebody', True)]
        """
        from segmenter.selftest.checks import examine

        return examine(self.context.root)
