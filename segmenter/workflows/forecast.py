"""`forecast`: how many consents will lapse, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.consent import ageing
from segmenter.model import stamp
from segmenter.workflows.ageing import AgeingQuestion, AgeingReport, declared_purpose

if TYPE_CHECKING:
    from segmenter.context import Context


FORECAST = "forecast"


def forecast(context: Context, purpose: str, epsilon: str | None) -> AgeingReport:
    """How many patients who are eligible now will lapse within 0-30, 31-60 and 61-90 days.

    As of the snapshot. Paid like any release.
    """
    question = AgeingQuestion(
        context=context,
        purpose=declared_purpose(context, purpose),
        what=FORECAST,
        epsilon=epsilon,
        take=ageing.lapses,
    )
    buckets, spent = question.answer()
    as_of = stamp(question.clocks.as_of)
    row = {"purpose": purpose, "as_of": as_of, "buckets": buckets}
    return AgeingReport(FORECAST, (row,), spent)
