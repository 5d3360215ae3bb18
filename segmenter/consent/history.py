"""What one human said, event by event: what each covers, which rules it fails, what of it speaks.

Comes in: tables that are narrowed to one human. Goes out: a `History`, which answers
each question from the same masks as the state. Tests hold both to the same answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segmenter.consent import reasons
from segmenter.consent.reasons import ORDER, Reason
from segmenter.errors import UsageError
from segmenter.model import stamp

if TYPE_CHECKING:
    from segmenter.consent.scopes import WordMask
    from segmenter.engine import Engine, Tables

FACTS = {
    "deceased": reasons.DECEASED,
    "erased": reasons.ERASED,
    "too_wide": reasons.LINK_TOO_WIDE,
    "age_unknown": reasons.AGE_UNKNOWN,
    "minor": reasons.MINOR,
}
GRANT = "grant"


@dataclass(frozen=True, slots=True)
class ReasonFound:
    """One reason against a use, with the numbers of the events behind it."""

    reason: Reason
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """An event as its source wrote it: JSON fields, empty ones left out. Its repr shows none."""

    kind: str  # grant, denial, silent, unknown
    fields: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """Its source's own id, else its file and line."""
        own = self.fields.get("event_id")
        if own:
            return str(own)
        return f"{self.fields['origin']}:{self.fields['line']}"


@dataclass(frozen=True, slots=True)
class Failing:
    """A rule that a grant fails, and for which questions."""

    reason: Reason
    mask: int


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant that is heard: which questions it covers, and which rules it fails for which."""

    event: int
    word: int
    scope: int
    given_at: datetime
    mask: int
    failing: tuple[Failing, ...]

    def covers(self, question: WordMask) -> bool:
        """Whether it speaks about a question of one bit."""
        common = self.mask & question.mask
        return self.word == question.word and common != 0

    def counts_for(self, question: WordMask) -> bool:
        """Whether it covers the question and fails no rule for it."""
        fails = any(one.mask & question.mask for one in self.failing)
        return self.covers(question) and not fails


@dataclass(frozen=True, slots=True)
class Denial:
    """A denial that is heard."""

    event: int
    word: int
    scope: int
    fields: int
    mask: int
    lifted_after: datetime
    reason: Reason

    def covers(self, question: WordMask) -> bool:
        """Whether it speaks about a question of one bit."""
        common = self.mask & question.mask
        return self.word == question.word and common != 0

    def is_lifted_by(self, grant: Grant) -> bool:
        """Whether the grant is later, and alike in every field that the denial names (C7)."""
        as_specific = grant.scope & self.fields == self.scope
        is_later = grant.given_at > self.lifted_after
        return as_specific and is_later


@dataclass(frozen=True, slots=True)
class History:
    """What one human said, and what is known of the patient id that is asked about."""

    facts: tuple[Reason, ...]
    grants: tuple[Grant, ...]
    denials: tuple[Denial, ...]
    events: Mapping[int, ShownEvent]

    def reasons_against(self, questions: Iterable[WordMask]) -> tuple[ReasonFound, ...]:
        """The reasons against any of some questions of one bit, in the order of C15."""
        behind: dict[Reason, set[int]] = {reason: set() for reason in self.facts}
        for question in questions:
            for found in self._against(question):
                behind.setdefault(found.reason, set()).update(found.events)
        found_in_order = []
        for reason in ORDER:
            if reason in behind:
                events = tuple(sorted(behind[reason]))
                found_in_order.append(ReasonFound(reason, events))
        return tuple(found_in_order)

    def grants_behind(self, questions: Iterable[WordMask]) -> tuple[int, ...]:
        """The numbers of the grants that some allowed questions of one bit stand on."""
        numbers: set[int] = set()
        for question in questions:
            numbers.update(self._grants_behind(question))
        return tuple(sorted(numbers))

    def _grants_behind(self, question: WordMask) -> list[int]:
        """The grants that count and came after every denial.

        If it takes several to lift all denials, every grant that counts.
        """
        counting = [grant for grant in self.grants if grant.counts_for(question)]
        denials = [denial for denial in self.denials if denial.covers(question)]
        alone = [grant.event for grant in counting if _lifts_all(grant, denials)]
        return alone or [grant.event for grant in counting]

    def _against(self, question: WordMask) -> Iterator[ReasonFound]:
        covering = [grant for grant in self.grants if grant.covers(question)]
        counting = [grant for grant in covering if grant.counts_for(question)]
        for denial in self.denials:
            lifted = any(denial.is_lifted_by(grant) for grant in counting)
            if denial.covers(question) and not lifted:
                yield ReasonFound(denial.reason, (denial.event,))
        if not covering:
            yield ReasonFound(reasons.NO_CONSENT, ())
        elif not counting:
            yield from _failures(covering, question)


def _lifts_all(grant: Grant, denials: Iterable[Denial]) -> bool:
    return all(denial.is_lifted_by(grant) for denial in denials)


def _failures(grants: Iterable[Grant], question: WordMask) -> Iterator[ReasonFound]:
    for grant in grants:
        for one in grant.failing:
            if one.mask & question.mask:
                yield ReasonFound(one.reason, (grant.event,))


# -- reading ---------------------------------------------------------------------------------------


def read_history(engine: Engine, reads: Tables, values: Mapping[str, object]) -> History:
    """The history of the human whose tables are given.

    `values` are what decisions take, and `patient_id`. Raises `UsageError` if nobody has the id.
    """
    rows = engine.frame("patient_facts", reads=reads, values=values).to_dicts()
    if not rows:
        msg = "no source knows this patient id"
        raise UsageError(msg, hint="ids are compared as text, exactly")
    (own,) = rows
    facts = tuple(reason for name, reason in FACTS.items() if own[name])
    grants = [
        _grant(row)
        for row in engine.frame("grant_heard", reads=reads, values=values).to_dicts()
        if row["patient"] == own["patient"]
    ]
    denials = [
        _denial(row)
        for row in engine.frame("denial_event", reads=reads, values=values).to_dicts()
        if row["heard"]
    ]
    events = {
        row["event"]: _shown(row) for row in engine.frame("event_shown", reads=reads).to_dicts()
    }
    return History(facts, tuple(grants), tuple(denials), events)


def _grant(row: Mapping[str, Any]) -> Grant:
    whole = row["mask"]
    failing = [
        Failing(reasons.UNCONFIRMED, row["unconfirmed"]),
        Failing(reasons.EXPIRED, whole * row["expired"]),
        Failing(reasons.UNPROVEN, whole * row["unproven"]),
        Failing(reasons.STALE_NOTICE, whole * row["stale_notice"]),
        Failing(reasons.NOT_EXPLICIT, row["not_explicit"]),
        Failing(reasons.MINOR, whole * row["not_joint"]),
    ]
    return Grant(
        event=row["event"],
        word=row["word"],
        scope=row["scope"],
        given_at=row["given_at"],
        mask=whole,
        failing=tuple(one for one in failing if one.mask),
    )


def _denial(row: Mapping[str, Any]) -> Denial:
    reason = reasons.QUARANTINED if row["quarantined"] else Reason("C7", row["reason"])
    return Denial(
        event=row["event"],
        word=row["word"],
        scope=row["scope"],
        fields=row["fields"],
        mask=row["mask"],
        lifted_after=row["lifted_after"],
        reason=reason,
    )


def _shown(row: Mapping[str, Any]) -> ShownEvent:
    """An event as JSON, without its empty fields."""
    fields = {}
    for name, value in row.items():
        if name in ("event", "kind") or value in (None, ""):
            continue
        moment = isinstance(value, datetime)
        fields[name] = stamp(value.replace(tzinfo=UTC)) if moment else value
    return ShownEvent(row["kind"], fields)
