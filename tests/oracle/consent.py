"""The consent page, read aloud.

Interface (pytest puts `tests/` on the path: `from oracle.consent import World`)::

    world = World.read(policy, patients, consents, links, erased=())
    world.decide(patient_id, purpose, channel, topic, category, as_of, known_at)
        -> Decision(allowed, reasons)
    world.allowed(patient_id, purpose, channel, topic, categories, as_of, known_at)
        -> bool  # every category
    world.eligible(patient_id, purpose, channels, topic, categories, as_of, known_at)
        -> bool  # on at least one channel
    world.representatives(purpose, channels, topic, categories, as_of, known_at)
        -> list[str]  # one id a human (C13), text order

`policy` is the YAML as a dict; rows are dicts of text (csv.DictReader).
`channel=None` and `topic=None` ask for all of them (`channels=()` does in the plural forms). Clocks
are aware datetimes. A row may lack a field, or have None: that is an empty text. `reasons` are
`(rule, reason)`, without repetition, in the order of C15; `link_too_wide` (C13), which that order
does not place, stands after C12; below fifteen a grant that is not joint is `("C11", "minor")`. An
allowed decision has no reasons. What the purpose does not list raises `NotListedError` (C14).

Where the page is open:

* a question for all channels needs a confirmed grant if any of the policy's asks for one, and a
  denial on any channel or topic, listed by the purpose or not, covers it;
* states `expired` and `revoked` give the reason `withdrawn`;
* a proof of white space is no proof; a bare date with a zone is unreadable; a person is as old as
  the calendar of the policy's zone says.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from oracle.events import SCOPE, Event, Row, parse_event, text, zone_of
from oracle.people import Person, close, read_deaths, read_people
from oracle.times import age_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

__all__ = [
    "SCOPE",
    "Decision",
    "Event",
    "NotListedError",
    "Person",
    "Question",
    "World",
    "parse_event",
]
BY_PERSON = (
    "web_form",
    "app",
    "paper",
    "phone_recorded",
    "in_person",
    "chatbot",
    "voicebot",
    "sms_keyword",
)
ORDER = ("C12", "C13", "C11", "C10", "C7", "C4", "C3", "C2", "C5", "C1")
HEALTH = 2
JOINT_BELOW = 15


class NotListedError(Exception):
    """C14: the purpose does not list what is asked."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of whom, and by which clocks."""

    purpose: str
    channel: str | None
    topic: str | None
    category: str
    as_of: datetime
    known_at: datetime

    @property
    def scope(self) -> tuple[str, str | None, str | None, str]:
        """The four fields in the order of an event's."""
        return (self.purpose, self.channel, self.topic, self.category)


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed or not, and every reason that speaks against."""

    allowed: bool
    reasons: tuple[tuple[str, str], ...]


def looked_at(event: Event, question: Question) -> bool:
    """Whether the clocks let an event be seen: it held, and was known. A quarantined denial holds
    at any time.
    """
    if event.kind == "quarantined":
        return event.recorded is None or event.recorded.starts_at <= question.known_at
    assert event.effective is not None
    assert event.recorded is not None
    return (
        event.effective.starts_at <= question.as_of
        and event.recorded.starts_at <= question.known_at
    )


def covers(event: Event, question: Question) -> bool:
    """Whether an event speaks about the question. All channels or topics: a grant must say `*`, any
    denial speaks.
    """
    for said, asked in zip(event.scope, question.scope, strict=True):
        if said in ("*", asked):
            continue
        if asked is None and event.kind != "grant":
            continue
        return False
    return True


def failures(
    grant: Event, question: Question, policy: Row, age: int | None
) -> list[tuple[str, str]]:
    """Why a covering grant does not count (C2 to C5, and the joint consent of C11); empty where it
    counts.
    """
    purpose = policy["purposes"][question.purpose]
    notices = list(policy["notices"])
    assert grant.effective is not None
    found = []
    if not grant.evidence or grant.method not in BY_PERSON:
        found.append(("C2", "unproven"))
    if grant.notice not in notices or notices.index(grant.notice) < notices.index(
        purpose["min_notice"]
    ):
        found.append(("C2", "stale_notice"))
    lives = question.as_of < grant.effective.starts_at + timedelta(days=purpose["max_age_days"])
    if not lives or (grant.until is not None and question.as_of >= grant.until.starts_at):
        found.append(("C3", "expired"))
    confirmed = grant.confirmed is not None and grant.confirmed.starts_at <= min(
        question.as_of, question.known_at
    )
    if needs_confirmation(question, policy) and not confirmed:
        found.append(("C4", "unconfirmed"))
    if policy["categories"][question.category]["sensitivity"] >= HEALTH and grant.scope[3] == "*":
        found.append(("C5", "not_explicit"))
    if age is not None and age < JOINT_BELOW and grant.expressed_by != "joint":
        found.append(("C11", "minor"))
    return found


def needs_confirmation(question: Question, policy: Row) -> bool:
    """Whether the channel asked for, or any of them where all are, is one of double opt-in (C4)."""
    channels = policy.get("channels") or {}
    asked = [question.channel] if question.channel is not None else list(channels)
    return any(channels[name].get("double_opt_in", False) for name in asked)


def lifts(grant: Event, denial: Event) -> bool:
    """Whether a counting grant is later than a denial and at least as specific (C7, C10)."""
    assert grant.effective is not None
    if denial.lifted_after is None or grant.effective.starts_at <= denial.lifted_after:
        return False
    return all(
        denied in ("*", granted) for denied, granted in zip(denial.scope, grant.scope, strict=True)
    )


@dataclass(frozen=True, slots=True)
class World:
    """The facts a decision is made from. `events` and `people` are by patient id; `groups` holds
    every linked id's whole group.
    """

    policy: Row
    people: Mapping[str, Person]
    events: Mapping[str, list[Event]]
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    erased: frozenset[str] = frozenset()
    dead: frozenset[str] = frozenset()

    @classmethod
    def read(
        cls,
        policy: Row,
        patients: Iterable[Row],
        consents: Iterable[Row],
        links: Iterable[Row] = (),
        erased: Iterable[str] = (),
    ) -> World:
        """Read raw rows. Rows without a patient id are nobody's; a patient id with differing rows
        has none (I2).
        """
        events: dict[str, list[Event]] = defaultdict(list)
        for row in consents:
            if text(row, "patient_id"):
                events[text(row, "patient_id")].append(parse_event(row, policy))
        rows = list(patients)
        return cls(
            policy,
            read_people(rows, policy),
            dict(events),
            close(links),
            frozenset(erased),
            read_deaths(rows),
        )

    def group(self, patient_id: str) -> frozenset[str]:
        """Every id of the same human (C13)."""
        return self.groups.get(patient_id, frozenset({patient_id}))

    def age(self, patient_id: str, as_of: datetime) -> int | None:
        """Age in years at a moment; a birth date wins over an age; None where unknown."""
        person = self.people.get(patient_id)
        if person is None:
            return None
        if person.birth_date is not None:
            return age_at(person.birth_date, as_of.astimezone(zone_of(self.policy)).date())
        return person.age

    def decide(
        self,
        patient_id: str,
        purpose: str,
        channel: str | None,
        topic: str | None,
        category: str,
        as_of: datetime,
        known_at: datetime,
    ) -> Decision:
        """May this patient be used for this? Raises NotListedError (C14)."""
        question = Question(
            purpose, channel, topic, category, as_of.astimezone(UTC), known_at.astimezone(UTC)
        )
        self._listed(question)
        group = self.group(patient_id)
        age = self.age(patient_id, as_of)
        found: list[tuple[str, str]] = []
        if any(one in self.dead for one in group):
            found.append(("C12", "deceased"))
        if group & self.erased:
            found.append(("C12", "erased"))
        if len(group) > self.policy.get("max_linked", 10):
            found.append(("C13", "link_too_wide"))
        if age is None:
            found.append(("C11", "age_unknown"))
        elif age < self.policy.get("min_age", 18):
            found.append(("C11", "minor"))
        found += self._scopes(patient_id, question, age)
        ordered = sorted(dict.fromkeys(found), key=lambda reason: ORDER.index(reason[0]))
        return Decision(not ordered, tuple(ordered))

    def _scopes(
        self, patient_id: str, question: Question, age: int | None
    ) -> list[tuple[str, str]]:
        """What the events say: own grants, and the denials of the whole group."""
        grants = [
            e
            for e in self.events.get(patient_id, ())
            if e.kind == "grant" and looked_at(e, question) and covers(e, question)
        ]
        denials = [
            e
            for one in sorted(self.group(patient_id))
            for e in self.events.get(one, ())
            if e.kind in ("denial", "quarantined")
            and looked_at(e, question)
            and covers(e, question)
        ]
        failed = [failures(grant, question, self.policy, age) for grant in grants]
        counting = [grant for grant, why in zip(grants, failed, strict=True) if not why]
        found = [
            ("C10" if denial.kind == "quarantined" else "C7", denial.reason)
            for denial in denials
            if not any(lifts(grant, denial) for grant in counting)
        ]
        if not counting:
            found += [why for each in failed for why in each]
        if not grants:
            found.append(("C1", "no_consent"))
        return found

    def _listed(self, question: Question) -> None:
        """C14: refuse what the purpose does not list, before anything is read."""
        purpose = self.policy["purposes"][question.purpose]
        if question.category not in purpose["categories"]:
            raise NotListedError(question.category)
        if question.channel is not None and question.channel not in (purpose.get("channels") or ()):
            raise NotListedError(question.channel)
        if question.topic is not None and question.topic not in (purpose.get("topics") or ()):
            raise NotListedError(question.topic)

    def allowed(
        self,
        patient_id: str,
        purpose: str,
        channel: str | None,
        topic: str | None,
        categories: Iterable[str],
        as_of: datetime,
        known_at: datetime,
    ) -> bool:
        """Whether every category is allowed."""
        return all(
            self.decide(patient_id, purpose, channel, topic, one, as_of, known_at).allowed
            for one in categories
        )

    def eligible(
        self,
        patient_id: str,
        purpose: str,
        channels: Iterable[str],
        topic: str | None,
        categories: Iterable[str],
        as_of: datetime,
        known_at: datetime,
    ) -> bool:
        """Whether on at least one of the channels every category is allowed; no channels: on all of
        them.
        """
        needed = sorted({"identity", *categories})
        asked = tuple(channels) or (None,)
        return any(
            self.allowed(patient_id, purpose, channel, topic, needed, as_of, known_at)
            for channel in asked
        )

    def representatives(
        self,
        purpose: str,
        channels: Iterable[str],
        topic: str | None,
        categories: Iterable[str],
        as_of: datetime,
        known_at: datetime,
    ) -> list[str]:
        """One patient id for each human who is eligible: the smallest eligible id of a linked group
        (C13).
        """
        found: dict[frozenset[str], str] = {}
        scope = (purpose, tuple(channels), topic, tuple(categories), as_of, known_at)
        for patient_id in sorted(self.people):
            group = self.group(patient_id)
            if group not in found and self.eligible(patient_id, *scope):
                found[group] = patient_id
        return sorted(found.values())
