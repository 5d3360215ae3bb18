"""`notice`: the notices in force, and who must be asked again."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from segmenter.consent import ageing
from segmenter.errors import Refusal
from segmenter.model import stamp
from segmenter.workflows.ageing import AgeingQuestion, AgeingReport, Row, declared_purpose

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.project.policy import Purpose


NOTICE = "notice"
SOON = timedelta(days=90)


def notice(
    context: Context, purpose: str | None, before: datetime | None, epsilon: str | None
) -> AgeingReport:
    """The notices in force, and how many eligible patients must be asked again before a date.

    The date is in 90 days if none is given. Numbers are noised and paid for; exact and free for the
    officer. If no purpose is named, the report tells refused purposes beside the others; a purpose
    that is named raises its refusal.
    """
    until = before or context.newest_snapshot().taken_at + SOON
    if purpose is None:
        purposes = list(context.policy.purposes.values())
    else:
        purposes = [declared_purpose(context, purpose)]
    rows, spent, refused = [], 0, []
    for one in purposes:
        try:
            buckets, paid = _buckets(context, one, until, epsilon)
        except Refusal as error:
            if purpose is not None:
                raise
            refused.append({"purpose": one.name, "rule": error.rule, "reason": str(error)})
            continue
        spent += paid
        rows.append(_row(context, one, until, buckets))
    context.record(NOTICE, {"purposes": [row["purpose"] for row in rows]})
    return AgeingReport(
        verb=NOTICE,
        purposes=tuple(rows),
        spent=spent,
        exact=context.actor.is_officer,
        refused=tuple(refused),
    )


def _buckets(
    context: Context, purpose: Purpose, until: datetime, epsilon: str | None
) -> tuple[list[Row], int]:
    """Who holds which notice, and what was paid for it now."""
    take = partial(ageing.notices, before=until)
    question = AgeingQuestion(
        context=context,
        purpose=purpose,
        what=f"{NOTICE} {stamp(until)}",
        epsilon=epsilon,
        take=take,
    )
    if context.actor.is_officer:
        return question.exact(), 0
    return question.answer()


def _row(context: Context, purpose: Purpose, until: datetime, buckets: list[Row]) -> Row:
    return {
        "purpose": purpose.name,
        "min_notice": purpose.min_notice,
        "in_force": list(ageing.notices_in_force(context.policy, purpose.name)),
        "before": stamp(until),
        "buckets": buckets,
    }
