"""Why a patient may or may not be used: every rule that speaks, and the events behind each. For the officer and for access requests.

One human's events are read, each with what it covers and which rules it fails, and the questions are answered from them by the same masks
as the state's (`tests` hold both to the same answers).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segmenter.consent.reasons import DENIED, ORDER, Reason, sentence
from segmenter.consent.scopes import Scopes
from segmenter.consent.standing import SNAPSHOT, Settling
from segmenter.errors import UsageError
from segmenter.model import ANY, Clocks, Framed, stamp
from segmenter.policy import ALWAYS

if TYPE_CHECKING:
    import polars as pl

    from segmenter.engine import DuckDBEngine
    from segmenter.policy import Policy

LANGUAGES = ("en", "fr")
FACTS = ("deceased", "erased", "too_wide", "minor", "age_unknown")
PLAIN = {"too_wide": "link_too_wide"}


@dataclass(frozen=True, slots=True)
class Question:
    """A use that is asked about. `channel` or `topic` None asks for all of them; every category is needed."""

    purpose: str
    channel: str | None
    topic: str | None
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One reason, with the numbers of the events behind it."""

    reason: Reason
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one question: allowed exactly where no reason speaks against."""

    question: Question
    told: tuple[Told, ...]

    @property
    def allowed(self) -> bool:
        """Whether the patient may be used for it."""
        return not self.told


@dataclass(frozen=True, slots=True)
class Answer(Framed):
    """What `why` answers about one patient id, at two clocks. Consent decides; `suppression` is what also stands against contact now."""

    patient_id: str = field(repr=False)
    clocks: Clocks
    decisions: tuple[Decision, ...] = field(repr=False)
    events: Mapping[int, Mapping[str, Any]] = field(repr=False)
    exports: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    suppression: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @property
    def allowed(self) -> bool:
        """Whether at least one of the questions is allowed."""
        return any(decision.allowed for decision in self.decisions)

    @property
    def told(self) -> tuple[Told, ...]:
        """Every reason of every refused question, in the order of C15."""
        behind: dict[Reason, dict[int, None]] = {}
        for told in (t for decision in self.decisions for t in decision.told):
            behind.setdefault(told.reason, {}).update(dict.fromkeys(told.events))
        return tuple(Told(reason, tuple(sorted(behind[reason]))) for reason in ORDER if reason in behind)

    def to_dict(self) -> dict[str, Any]:
        """The contract's document: `allowed`, `reasons` (`rule`, `reason`, `events`), `exports`; and each question by itself."""
        return {
            "patient_id": self.patient_id,
            "as_of": stamp(self.clocks.as_of),
            "known_at": stamp(self.clocks.known_at),
            "allowed": self.allowed,
            "reasons": [self._shown(told) for told in self.told],
            "decisions": [
                {
                    "purpose": d.question.purpose,
                    "channel": d.question.channel,
                    "topic": d.question.topic,
                    "categories": list(d.question.categories),
                    "allowed": d.allowed,
                    "reasons": [self._shown(told) for told in d.told],
                }
                for d in self.decisions
            ],
            "exports": [dict(export) for export in self.exports],
            "suppression": [dict(entry) for entry in self.suppression],
        }

    def to_polars(self) -> pl.DataFrame:
        """One row a question: what was asked, whether it is allowed, and the rules and reasons against it."""
        import polars as pl

        rows = [
            (d.question.purpose, d.question.channel, d.question.topic, "+".join(d.question.categories), d.allowed,
             [t.reason.rule for t in d.told], [t.reason.name for t in d.told])
            for d in self.decisions
        ]  # fmt: skip
        texts = dict.fromkeys(("purpose", "channel", "topic", "categories"), pl.String)
        schema: Any = {**texts, "allowed": pl.Boolean, "rules": pl.List(pl.String), "reasons": pl.List(pl.String)}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def sentences(self, language: str = "en") -> list[str]:
        """The answer in words, one line a question, then its reasons."""
        lines = []
        for decision in self.decisions:
            asked = decision.question
            places = [asked.purpose, asked.channel or ANY, asked.topic or ANY, "+".join(asked.categories)]
            reasons = [sentence(told.reason.name, language) for told in decision.told] or [sentence("allowed", language)]
            rules = ", ".join(dict.fromkeys(told.reason.rule for told in decision.told))
            lines.append(f"{' / '.join(places)}: {' '.join(reasons)}{f' ({rules})' if rules else ''}")
        return lines

    def _shown(self, told: Told) -> dict[str, Any]:
        words = {language: sentence(told.reason.name, language) for language in LANGUAGES}
        return {
            "rule": told.reason.rule,
            "reason": told.reason.name,
            "sentence": words,
            "events": [dict(self.events[e]) for e in told.events],
        }


def why(
    engine: DuckDBEngine,
    policy: Policy,
    patient_id: str,
    clocks: Clocks,
    questions: Sequence[Question] = (),
    exports: Iterable[Mapping[str, Any]] = (),
) -> Answer:
    """Answer `questions` about one patient id; without any, every question that the policy knows, category by category.

    The engine has the snapshot attached as `snapshot` and exposed, the one that was current at `known_at`. The caller has checked that the
    actor is an officer. Raises `PolicyError` (C14) where a purpose does not list what is asked, and `UsageError` where nobody has
    the id.
    """
    scopes = Scopes.of(policy)
    asked = tuple(questions) or tuple(every(scopes))
    layouts = [scopes.bits(q.purpose, q.channel, q.topic, q.categories) for q in asked]
    work = Settling(engine, policy, _no_profile, clocks)
    values = {**work.values, "patient_id": patient_id}
    for name, frame in scopes.tables().items():
        engine.load(name, frame)
    engine.make("asked", "human", values)
    names = [t for t in ("patient", "consent", "link_group", "identity") if t in engine.tables(SNAPSHOT)]
    engine.narrow(SNAPSHOT, dict.fromkeys(names), "asked")
    try:
        history = _history(engine, values)
    finally:
        engine.widen(SNAPSHOT, names)
        engine.forget(["asked"])
    decisions = tuple(Decision(q, tuple(history.told(word, mask))) for q, (word, mask) in zip(asked, layouts, strict=True))
    return Answer(patient_id, clocks, decisions, history.shown, tuple(exports))


def every(scopes: Scopes) -> Iterator[Question]:
    """Every question of a policy, one category at a time."""
    for bit in scopes.bits_:
        yield Question(bit.purpose, bit.channel, bit.topic, (bit.category,))


def for_request(purpose: str, channels: Sequence[str], topic: str | None, categories: Iterable[str]) -> list[Question]:
    """The questions of a segment: one a channel, each for all its categories and `identity`."""
    needed = tuple(dict.fromkeys((ALWAYS, *categories)))
    return [Question(purpose, channel, topic, needed) for channel in (tuple(channels) or (None,))]


# -- one human's history -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant that is heard: what it covers, and which part of that fails which rule."""

    event: int
    word: int
    scope: int
    given_at: datetime
    mask: int
    failing: tuple[tuple[Reason, int], ...]  # the rule, and the part of the mask that fails it

    @property
    def good(self) -> int:
        """What of it counts."""
        mask = self.mask
        for _, part in self.failing:
            mask &= ~part
        return mask


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


@dataclass(frozen=True, slots=True)
class History:
    """What one human said, and what is known of the patient id that is asked about."""

    facts: tuple[Reason, ...]
    grants: tuple[Grant, ...]
    denials: tuple[Denial, ...]
    shown: Mapping[int, Mapping[str, Any]]

    def told(self, word: int, mask: int) -> Iterator[Told]:
        """The reasons against a question of several bits, each with its events, in the order of C15."""
        behind: dict[Reason, dict[int, None]] = {reason: {} for reason in self.facts}
        for bit in (1 << place for place in range(mask.bit_length()) if mask >> place & 1):
            for reason, event in self._against(word, bit):
                behind.setdefault(reason, {}).update({} if event is None else {event: None})
        return (Told(reason, tuple(sorted(behind[reason]))) for reason in ORDER if reason in behind)

    def _against(self, word: int, bit: int) -> Iterator[tuple[Reason, int | None]]:
        grants = [g for g in self.grants if g.word == word and g.mask & bit]
        good = [g for g in grants if g.good & bit]
        for denial in self.denials:
            if denial.word == word and denial.mask & bit and not any(_lifts(grant, denial) for grant in good):
                yield denial.reason, denial.event
        if not grants:
            yield Reason("C1", "no_consent"), None
        elif not good:
            yield from ((reason, grant.event) for grant in grants for reason, part in grant.failing if part & bit)


def _lifts(grant: Grant, denial: Denial) -> bool:
    """Strictly later, and alike in every field that the denial names (C7)."""
    return grant.given_at > denial.lifted_after and grant.scope & denial.fields == denial.scope


def _history(engine: DuckDBEngine, values: Mapping[str, object]) -> History:
    rows = engine.frame("standing_of", values).to_dicts()
    if not rows:
        msg = "no source knows this patient id"
        raise UsageError(msg, hint="ids are compared as text, exactly")
    own = rows[0]
    names = [PLAIN.get(name, name) for name in FACTS if own[name]]
    facts = tuple(reason for reason in ORDER if reason.rule in ("C11", "C12", "C13") and reason.name in names)
    grants = [_grant(row) for row in engine.frame("grant_heard", values).to_dicts() if row["patient"] == own["patient"]]
    denials = [_denial(row) for row in engine.frame("denial_event", values).to_dicts() if row["heard"]]
    events = {row["event"]: _told_event(row) for row in engine.frame("event_shown").to_dicts()}
    return History(facts, tuple(grants), tuple(denials), events)


def _grant(row: Mapping[str, Any]) -> Grant:
    whole = row["mask"]
    parts = {
        Reason("C4", "unconfirmed"): row["unconfirmed"],
        Reason("C3", "expired"): whole * row["expired"],
        Reason("C2", "unproven"): whole * row["unproven"],
        Reason("C2", "stale_notice"): whole * row["stale_notice"],
        Reason("C5", "not_explicit"): row["not_explicit"],
        Reason("C11", "minor"): whole * row["not_joint"],
    }
    failing = tuple((reason, part) for reason, part in parts.items() if part)
    return Grant(row["event"], row["word"], row["scope"], row["given_at"], whole, failing)


def _denial(row: Mapping[str, Any]) -> Denial:
    reason = Reason("C10", "quarantined") if row["quarantined"] else Reason("C7", DENIED[row["state"]])
    return Denial(row["event"], row["word"], row["scope"], row["fields"], row["mask"], row["lifted_after"], reason)


def _told_event(row: Mapping[str, Any]) -> dict[str, Any]:
    """An event as JSON, without its empty fields."""
    shown = {name: stamp(v.replace(tzinfo=UTC)) if isinstance(v, datetime) else v for name, v in row.items() if name != "event"}
    return {name: value for name, value in shown.items() if value not in (None, "")}


def _no_profile(engine: DuckDBEngine, policy: Policy, as_of: datetime) -> str:
    """`why` reads no dimension."""
    del engine, policy, as_of
    return ""
