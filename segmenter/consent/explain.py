"""Why a patient may or may not be used: every rule that speaks, and the events behind each. For the officer and for access requests.

One human's events are read (`history`), and the questions are answered from them by the same masks
as the state's (`tests` hold both to the same answers).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.consent.history import History, Told, history
from segmenter.consent.reasons import ORDER, Reason, sentence
from segmenter.consent.scopes import Scopes
from segmenter.consent.state import SNAPSHOT, Settling
from segmenter.model import ANY, Clocks, Framed, stamp
from segmenter.project.policy import ALWAYS

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from segmenter.engine import DuckDBEngine
    from segmenter.project.policy import Policy

LANGUAGES = ("en", "fr")
GRANTED = "C1"  # the rule that a grant is needed, and that is told of where one is there


@dataclass(frozen=True, slots=True)
class Question:
    """A use that is asked about. `channel` or `topic` None asks for all of them; every category is needed."""

    purpose: str
    channel: str | None
    topic: str | None
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one question: allowed exactly where no reason speaks against; then it stands on `grants`, numbers of events."""

    question: Question
    told: tuple[Told, ...]
    grants: tuple[int, ...] = ()

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
        return tuple(
            Told(reason, tuple(sorted(behind[reason]))) for reason in ORDER if reason in behind
        )

    def to_dict(self) -> dict[str, Any]:
        """The contract's document: `allowed`, `reasons` (`rule`, `reason`, `events`), `exports`; and each question by itself.

        An allowed question has the grants that it stands on, with all that proves them.
        """
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
                    "grants": [dict(self.events[e]) for e in d.grants],
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
        schema: Any = {
            **texts,
            "allowed": pl.Boolean,
            "rules": pl.List(pl.String),
            "reasons": pl.List(pl.String),
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    def sentences(self, language: str = "en") -> list[str]:
        """The answer in words: one line for questions that differ in the category only, with every rule and the events behind it."""
        lines: dict[tuple[str, str], list[str]] = {}
        for decision in self.decisions:
            asked = decision.question
            place = " / ".join((asked.purpose, asked.channel or ANY, asked.topic or ANY))
            lines.setdefault((place, self._said(decision, language)), []).append(
                "+".join(asked.categories)
            )
        return [
            f"{place} / {', '.join(categories)}: {said}"
            for (place, said), categories in lines.items()
        ]

    def _said(self, decision: Decision, language: str) -> str:
        """A decision in words: `Consent was withdrawn. (C7: E12)`."""
        if decision.allowed:
            return f"{sentence('allowed', language)} ({self._cited(GRANTED, decision.grants)})"
        return " ".join(
            f"{sentence(told.reason.name, language)} ({self._cited(told.reason.rule, told.events)})"
            for told in decision.told
        )

    def _cited(self, rule: str, events: Iterable[int]) -> str:
        """A rule, and the events behind it by their source's own ids, else by file and line."""
        names = [
            str(e.get("event_id") or f"{e['origin']}:{e['line']}")
            for e in (self.events[n] for n in events)
        ]
        return f"{rule}: {', '.join(names)}" if names else rule

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

    The engine has the snapshot attached as `snapshot` and exposed, the one that was current at
    `known_at`. The caller has checked that the actor is an officer. Raises `PolicyError` (C14)
    where a purpose does not list what is asked, and `UsageError` where nobody has the id.
    """
    scopes = Scopes.of(policy)
    asked = tuple(questions) or tuple(every(scopes))
    layouts = [scopes.bits(q.purpose, q.channel, q.topic, q.categories) for q in asked]
    work = Settling(engine, policy, _no_profile, clocks)
    values = {**work.values, "patient_id": patient_id}
    for name, frame in scopes.tables().items():
        engine.load(name, frame)
    engine.make("asked", "human", values)
    names = [
        t for t in ("patient", "consent", "link_group", "identity") if t in engine.tables(SNAPSHOT)
    ]
    engine.narrow(SNAPSHOT, dict.fromkeys(names), "asked")
    try:
        said = history(engine, values)
    finally:
        engine.widen(SNAPSHOT, names)
        engine.forget(["asked"])
    decisions = tuple(
        _decision(said, q, word, mask) for q, (word, mask) in zip(asked, layouts, strict=True)
    )
    return Answer(patient_id, clocks, decisions, said.shown, tuple(exports))


def _decision(said: History, question: Question, word: int, mask: int) -> Decision:
    told = tuple(said.told(word, mask))
    return Decision(question, told, () if told else said.upholding(word, mask))


def every(scopes: Scopes) -> Iterator[Question]:
    """Every question of a policy, one category at a time."""
    for bit in scopes.bits_:
        yield Question(bit.purpose, bit.channel, bit.topic, (bit.category,))


def for_request(
    purpose: str, channels: Sequence[str], topic: str | None, categories: Iterable[str]
) -> list[Question]:
    """The questions of a segment: one a channel, each for all its categories and `identity`."""
    needed = tuple(dict.fromkeys((ALWAYS, *categories)))
    return [Question(purpose, channel, topic, needed) for channel in (tuple(channels) or (None,))]


def _no_profile(engine: DuckDBEngine, policy: Policy, as_of: datetime) -> str:
    """`why` reads no dimension."""
    del engine, policy, as_of
    return ""
