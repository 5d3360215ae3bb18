"""`notice`: the notices in force, and who must be asked again."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from segmenter.consent import ageing
from segmenter.consent.ageing import Ahead, Outlook
from segmenter.errors import Refusal
from segmenter.model import Clocks, stamp
from segmenter.workflows.ageing import AgeingQuestion, AgeingReport, declared_purpose

if TYPE_CHECKING:
    from segmenter.context import Context


NOTICE = "notice"
SOON = timedelta(days=90)


def notice(
    context: Context, purpose: str | None, before: datetime | None, epsilon: str | None
) -> AgeingReport:
    """The notices in force, and how many eligible patients hold which and must be asked again before a date (default: in 90 days).

    Noised and paid for; exact and free for the officer. Where no purpose is named, those that are
    refused are told beside the others; a purpose that is named raises its refusal.
    """
    snapshot = context.store.current(context.journal)
    until = before or snapshot.taken_at + SOON
    chosen = (
        [declared_purpose(context, purpose)]
        if purpose is not None
        else list(context.policy.purposes.values())
    )
    rows, spent, refused = [], 0, []
    for one in chosen:
        asked = AgeingQuestion(
            context, one, f"{NOTICE} {stamp(until)}", epsilon, partial(_noticed, one.name, until)
        )
        try:
            buckets, paid = (asked.exact(), 0) if context.actor.is_officer else asked.answer()
        except Refusal as error:
            if purpose is not None:
                raise
            refused.append({"purpose": one.name, "rule": error.rule, "reason": str(error)})
            continue
        spent += paid
        in_force = list(ageing.in_force(context.policy, one.name))
        rows.append(
            {
                "purpose": one.name,
                "min_notice": one.min_notice,
                "in_force": in_force,
                "before": stamp(until),
                "buckets": buckets,
            }
        )
    context.record(NOTICE, {"purposes": [row["purpose"] for row in rows]})
    return AgeingReport(NOTICE, tuple(rows), spent, context.actor.is_officer, tuple(refused))


def _noticed(purpose: str, before: datetime, ahead: Ahead, clocks: Clocks) -> Outlook:
    return ageing.notices(ahead, purpose, clocks, before)
