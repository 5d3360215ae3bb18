"""Marketing segments from consenting patients only, with counts that are safe to publish.

    import segmenter

    with segmenter.open("clinic") as session:
        session.ingest()  # sources -> snapshot
        session.plan()  # what will be measured, what it costs, which error
        session.run()  # noised counts, paid for in the ledger
        session.export("senior_frequent", channel="email")  # who may be contacted as of now

The folders are the data flow: `sources`, `identity` and `consent` say who may be used, `planning`
and `release` publish counts, `query` answers questions, `suppression` and `export` write files,
`erasure` takes people out of everything. `session` is the only door, and `workflows` has one file
a command.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from segmenter.errors import (
    BudgetError,
    Cancelled,
    EngineError,
    FileError,
    PolicyError,
    Refusal,
    SegmenterError,
    SourceError,
    UsageError,
)

if TYPE_CHECKING:
    from segmenter.consent.receipt import Receipt as Receipt
    from segmenter.erasure.erase import Forgotten as Forgotten
    from segmenter.erasure.retain import Retained as Retained
    from segmenter.export.manifest import VerifiedManifest as VerifiedManifest
    from segmenter.export.order import Export as Export
    from segmenter.export.recall import Recalls as Recalls
    from segmenter.governance.exposure import Exposed as Exposed
    from segmenter.query.ask import QueryResult as QueryResult
    from segmenter.selftest.checks import TrialReport as TrialReport
    from segmenter.session import Session
    from segmenter.session import open_project as open  # noqa: A004  (reads as `segmenter.open`)
    from segmenter.suppression.imports import Imported as Imported
    from segmenter.suppression.summary import SuppressionSummary as SuppressionSummary
    from segmenter.workflows.ageing import AgeingReport as AgeingReport
    from segmenter.workflows.budget import BudgetReport as BudgetReport
    from segmenter.workflows.budget import JournalVerified as JournalVerified
    from segmenter.workflows.discover import Discovery as Discovery
    from segmenter.workflows.ingest import IngestReport as IngestReport
    from segmenter.workflows.plan import PlanReport as PlanReport
    from segmenter.workflows.quarantine import Listing as Listing
    from segmenter.workflows.recovery import RecoveryConfirmed as RecoveryConfirmed
    from segmenter.workflows.recovery import RecoveryReport as RecoveryReport
    from segmenter.workflows.report import Reports as Reports
    from segmenter.workflows.run import RunReport as RunReport
    from segmenter.workflows.subject import Subject as Subject
    from segmenter.workflows.suppress import HashesExported as HashesExported
    from segmenter.workflows.suppress import OptOutAdded as OptOutAdded
    from segmenter.workflows.suppress import OptOutLifted as OptOutLifted
    from segmenter.workflows.why import WhyReport as WhyReport

RESULTS = {  # what the verbs of a session answer, and where it is made
    "AgeingReport": "segmenter.workflows.ageing",
    "BudgetReport": "segmenter.workflows.budget",
    "Discovery": "segmenter.workflows.discover",
    "Export": "segmenter.export.order",
    "Exposed": "segmenter.governance.exposure",
    "Forgotten": "segmenter.erasure.erase",
    "HashesExported": "segmenter.workflows.suppress",
    "Imported": "segmenter.suppression.imports",
    "IngestReport": "segmenter.workflows.ingest",
    "JournalVerified": "segmenter.workflows.budget",
    "Listing": "segmenter.workflows.quarantine",
    "OptOutAdded": "segmenter.workflows.suppress",
    "OptOutLifted": "segmenter.workflows.suppress",
    "PlanReport": "segmenter.workflows.plan",
    "QueryResult": "segmenter.query.ask",
    "Recalls": "segmenter.export.recall",
    "Receipt": "segmenter.consent.receipt",
    "RecoveryConfirmed": "segmenter.workflows.recovery",
    "RecoveryReport": "segmenter.workflows.recovery",
    "Reports": "segmenter.workflows.report",
    "Retained": "segmenter.erasure.retain",
    "RunReport": "segmenter.workflows.run",
    "Subject": "segmenter.workflows.subject",
    "SuppressionSummary": "segmenter.suppression.summary",
    "TrialReport": "segmenter.selftest.checks",
    "VerifiedManifest": "segmenter.export.manifest",
    "WhyReport": "segmenter.workflows.why",
}

__all__ = [
    "AgeingReport",
    "BudgetError",
    "BudgetReport",
    "Cancelled",
    "Discovery",
    "EngineError",
    "Export",
    "Exposed",
    "FileError",
    "Forgotten",
    "HashesExported",
    "Imported",
    "IngestReport",
    "JournalVerified",
    "Listing",
    "OptOutAdded",
    "OptOutLifted",
    "PlanReport",
    "PolicyError",
    "QueryResult",
    "Recalls",
    "Receipt",
    "RecoveryConfirmed",
    "RecoveryReport",
    "Refusal",
    "Reports",
    "Retained",
    "RunReport",
    "SegmenterError",
    "Session",
    "SourceError",
    "Subject",
    "SuppressionSummary",
    "TrialReport",
    "UsageError",
    "VerifiedManifest",
    "WhyReport",
    "open",
]


def __getattr__(name: str) -> Any:
    """Public names on first use: importing the package costs next to nothing."""
    if name == "open":
        return import_module("segmenter.session").open_project
    if name == "Session":
        return import_module("segmenter.session").Session
    if name in RESULTS:
        return getattr(import_module(RESULTS[name]), name)
    msg = f"module 'segmenter' has no attribute {name!r}"
    raise AttributeError(msg)
