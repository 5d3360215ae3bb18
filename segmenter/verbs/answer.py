"""`why`: one person's decisions and what is behind them. For the officer and for access requests only."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from segmenter import why as whys
from segmenter.errors import UsageError
from segmenter.model import Clocks, stamp
from segmenter.nearest import hint
from segmenter.policy import CONTACT
from segmenter.project import read_project
from segmenter.verbs.decided import opened
from segmenter.verbs.publish import snapshot_at

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.why import Answer, Question


def why(
    context: Context, patient_id: str, segment: str | None, channel: str | None, as_of: datetime | None, known_at: datetime | None
) -> Answer:
    """Why a patient may or may not be used: for every question of the policy, or for one segment.

    With a channel the question is whether the segment may contact them there, so it reads `contact` too.
    Both clocks are now where nothing is said. Refused (`roles`) for anyone but an officer; leaves a line with the patient's pseudonym.
    """
    context.require_officer("ask why")
    now = context.now()
    clocks = Clocks(as_of or now, known_at or now)
    questions = _questions(context, segment, channel)
    snapshot = snapshot_at(context, clocks.known_at)
    with opened(context, snapshot) as engine:
        answer = whys.why(engine, context.policy, patient_id, clocks, questions)
    about = context.keys.pseudonym("patient", patient_id)
    context.record("why", {"patient": about, "segment": segment, "as_of": stamp(clocks.as_of), "known_at": stamp(clocks.known_at)})
    return answer


def _questions(context: Context, segment: str | None, channel: str | None) -> list[Question]:
    if channel is not None and channel not in context.policy.channels:
        raise UsageError(f"the channel `{channel}` is not declared", hint=hint(channel, context.policy.channels))
    if segment is None:
        every = whys.every(whys.Scopes.of(context.policy))
        return [] if channel is None else [q for q in every if q.channel == channel]
    (resolved,) = read_project(context.root, segments=(segment,)).chosen()
    own = resolved.segment
    if channel is not None and channel not in own.channels:
        raise UsageError(f"the segment `{segment}` does not list the channel `{channel}`", hint=hint(channel, own.channels))
    if channel is None:
        return whys.for_request(own.purpose, own.channels, own.topic, resolved.categories)
    reached = (CONTACT,) if CONTACT in context.policy.purposes[own.purpose].categories else ()
    return whys.for_request(own.purpose, (channel,), own.topic, (*resolved.categories, *reached))
