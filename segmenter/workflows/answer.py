"""`why`, `receipt`, `subject`, `forget`: one person. For the officer and for access requests only."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from segmenter.consent import explain as whys
from segmenter.consent import receipt as receipts
from segmenter.consent.scopes import Scopes
from segmenter.consent.state import SNAPSHOT
from segmenter.erasure import erase
from segmenter.errors import UsageError
from segmenter.export import register
from segmenter.governance import access_report as subjects
from segmenter.model import Clocks, Framed, stamp
from segmenter.nearest import hint
from segmenter.project.folder import read_project
from segmenter.project.policy import CONTACT, Policy
from segmenter.suppression.entry import FORGOTTEN
from segmenter.workflows.decided import TOUCHED, opened
from segmenter.workflows.deliver import place_of
from segmenter.workflows.publish import snapshot_at
from segmenter.workflows.take_back import everything_still

if TYPE_CHECKING:
    import polars as pl

    from segmenter.consent.explain import Answer, Question
    from segmenter.consent.receipt import Receipt
    from segmenter.context import Context
    from segmenter.erasure.erase import Forgotten
    from segmenter.governance.access_report import Subject as Held


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
        exports = subjects.exports_of(engine, place_of(context, snapshot), patient_id)
        entries = subjects.entries_of(engine)
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


def receipt(context: Context, patient_id: str, language: str) -> Receipt:
    """A patient's consent receipt as of now. For officers."""
    answer = why(context, patient_id, None, None, None, None)
    names = {
        "receipt_id": secrets.token_hex(8),
        "record_id": context.keys.pseudonym("consent record", patient_id)[:16],
    }
    return receipts.receipt(answer, context.policy, context.now(), **names, language=language)


def subject(context: Context, patient_id: str) -> Subject:
    """All that is held of a person, every export they were in, and how every question about them is decided now."""
    context.require_officer("see what is held of a person")
    snapshot = context.store.current(context.journal)
    now = context.now()
    with register.alone(context.home, context.journal), opened(context, snapshot) as engine:
        tables = tuple(name for name in engine.tables(SNAPSHOT) if name != TOUCHED)
        held = subjects.report(engine, place_of(context, snapshot), patient_id, tables)
        decided = whys.why(engine, context.policy, patient_id, Clocks(now, now))
    return Subject(held, decided)


@dataclass(frozen=True, slots=True)
class Subject(Framed):
    """The answer to an access request. Its repr shows nothing."""

    held: Held = field(repr=False)
    decided: Answer = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: what is held, and the decisions."""
        return {**self.held.to_dict(), "decisions": self.decided.to_dict()["decisions"]}

    def to_polars(self) -> pl.DataFrame:
        """The decisions, one row a question."""
        return self.decided.to_polars()

    def sentences(self, language: str = "en") -> list[str]:
        """The decisions in words."""
        return self.decided.sentences(language)


def finish_erasures(context: Context) -> None:
    """Finish what a killed erasure left: every file that still holds somebody is written anew."""
    if erase.unfinished(context.journal.read(FORGOTTEN, erase.DONE)):
        snapshot = context.store.current(context.journal)
        with everything_still(context):
            erase.finish(context.store.engine, place_of(context, snapshot))
            _drop_states(context)


def _drop_states(context: Context) -> None:
    """Decisions are derived; they are made again without whoever is gone."""
    for path in (context.home / "states").glob("*.duckdb"):
        path.unlink(missing_ok=True)


def forget(context: Context, patient_id: str) -> Forgotten:
    """Erase a person, recall them from every destination, and prove that nothing is left."""
    context.require_officer("erase a person")
    snapshot = context.store.current(context.journal)
    with everything_still(context):
        done = erase.forget(
            context.store.engine,
            place_of(context, snapshot),
            context.policy,
            patient_id,
            context.now(),
        )
        _drop_states(context)
    return done
