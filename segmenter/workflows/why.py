"""`why`: which rules let a patient be used or not, for the officer and for access requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from segmenter.consent import explain as whys
from segmenter.consent.scopes import Scopes
from segmenter.errors import UsageError
from segmenter.governance import access_report
from segmenter.model import Clocks, stamp
from segmenter.nearest import hint
from segmenter.project.folder import read_project
from segmenter.project.policy import CONTACT, Policy
from segmenter.workflows.decisions import opened
from segmenter.workflows.places import registry_of
from segmenter.workflows.request import snapshot_at

if TYPE_CHECKING:
    from segmenter.consent.explain import Answer, Question
    from segmenter.context import Context


def why(
    context: Context,
    patient_id: str,
    segment: str | None,
    channel: str | None,
    as_of: datetime | None,
    known_at: datetime | None,
) -> Answer:
    """Why a patient may or may not be used: for every question of the policy, or for one segment.

    With a channel the question is whether the segment may contact them there, so it reads `contact`
    too. Both clocks are now where nothing is said. Refused (`roles`) for anyone but an officer;
    leaves a line with the patient's pseudonym.
    """
    context.require_officer("ask why")
    now = context.now()
    clocks = Clocks(as_of or now, known_at or now)
    questions = _questions(context, segment, channel)
    snapshot = snapshot_at(context, clocks.known_at)
    with opened(context, snapshot) as engine:
        tables = engine.named()
        person = access_report.person_of(engine, tables, patient_id)
        exports = access_report.exports_of(engine, registry_of(context), person)
        listed = tables["suppression_entry"]
        entries = access_report.entries_of(engine, person, tables, listed)
        answer = replace(
            whys.why(engine, context.policy, patient_id, clocks, questions, exports),
            suppression=entries,
        )
    about = context.keys.pseudonym("patient", patient_id)
    context.record(
        "why",
        {
            "patient": about,
            "segment": segment,
            "as_of": stamp(clocks.as_of),
            "known_at": stamp(clocks.known_at),
        },
    )
    return answer


def _questions(context: Context, segment: str | None, channel: str | None) -> list[Question]:
    if channel is not None and channel not in context.policy.channels:
        raise UsageError(
            f"the channel `{channel}` is not declared", hint=hint(channel, context.policy.channels)
        )
    if segment is None:
        return _every(context.policy, channel)
    (resolved,) = read_project(context.root, segments=(segment,)).chosen()
    own = resolved.segment
    if channel is not None and channel not in own.channels:
        raise UsageError(
            f"the segment `{segment}` does not list the channel `{channel}`",
            hint=hint(channel, own.channels),
        )
    if channel is None:
        return whys.for_request(own.purpose, own.channels, own.topic, resolved.categories)
    reached = (CONTACT,) if CONTACT in context.policy.purposes[own.purpose].categories else ()
    return whys.for_request(own.purpose, (channel,), own.topic, (*resolved.categories, *reached))


def _every(policy: Policy, channel: str | None) -> list[Question]:
    """Every question of the policy, on one channel if one is named."""
    found = [q for q in whys.every(Scopes.of(policy)) if channel is None or q.channel == channel]
    if not found:
        raise UsageError(f"no purpose lists the channel `{channel}`")
    return found
