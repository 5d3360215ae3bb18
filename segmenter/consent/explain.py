"""Why a patient may or may not be used: every rule that speaks, and the events behind each.

Comes in: a snapshot's tables, a patient id, two clocks, uses that are asked about.
Goes out: an `Explanation`, for the officer and for access requests. One human's events are read,
and each use is answered from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.consent.decide import decision_values, load_scopes
from segmenter.consent.history import History, ReasonFound, ShownEvent, read_history
from segmenter.consent.reasons import NO_CONSENT, ORDER, Reason, sentence
from segmenter.consent.scopes import Scopes, WordMask
from segmenter.model import ANY, Clocks, Framed, stamp
from segmenter.project.policy import ALWAYS

if TYPE_CHECKING:
    import polars as pl

    from segmenter.engine import Engine, Tables
    from segmenter.project.policy import Policy

LANGUAGES = ("en", "fr")
COLON = {"en": ":", "fr": "\u00a0:"}
READ = ("patient", "consent", "link_group", "identity")  # tables narrowed to one human


@dataclass(frozen=True, slots=True)
class Use:
    """A use that is asked about.

    `channel` or `topic` None asks for all of them; every category is needed.
    """

    purpose: str
    channel: str | None
    topic: str | None
    categories: tuple[str, ...]

    @property
    def place(self) -> str:
        """Purpose, channel and topic in one line."""
        channel = self.channel or ANY
        topic = self.topic or ANY
        return f"{self.purpose} / {channel} / {topic}"


@dataclass(frozen=True, slots=True)
class UseDecision:
    """The answer about one use.

    It is allowed if no reason speaks against it; then `grants` are the numbers of the events it
    stands on.
    """

    use: Use
    reasons: tuple[ReasonFound, ...]
    grants: tuple[int, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the patient may be used for it."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Explanation(Framed):
    """What consent says about one patient id, at two clocks. Its repr shows nothing of it."""

    patient_id: str = field(repr=False)
    clocks: Clocks
    decisions: tuple[UseDecision, ...] = field(repr=False)
    events: Mapping[int, ShownEvent] = field(repr=False)

    @property
    def allowed(self) -> bool:
        """Whether at least one of the uses is allowed."""
        return any(decision.allowed for decision in self.decisions)

    @property
    def reasons(self) -> tuple[ReasonFound, ...]:
        """Every reason against a use, in the order of C15, with all events behind it."""
        behind: dict[Reason, set[int]] = {}
        for decision in self.decisions:
            for found in decision.reasons:
                behind.setdefault(found.reason, set()).update(found.events)
        ordered = [reason for reason in ORDER if reason in behind]
        return tuple(ReasonFound(reason, tuple(sorted(behind[reason]))) for reason in ordered)

    def to_dict(self) -> dict[str, Any]:
        """`allowed`, `reasons` (`rule`, `reason`, `sentence`, `events`), each use in `decisions`.

        An allowed use has the grants that it stands on, with all that proves them.
        """
        return {
            "patient_id": self.patient_id,
            "as_of": stamp(self.clocks.as_of),
            "known_at": stamp(self.clocks.known_at),
            "allowed": self.allowed,
            "reasons": [self._reason_dict(found) for found in self.reasons],
            "decisions": [self._decision_dict(decision) for decision in self.decisions],
        }

    def to_polars(self) -> pl.DataFrame:
        """One row a use: what was asked, whether it is allowed, rules and reasons against it."""
        import polars as pl

        rows = [_row(decision) for decision in self.decisions]
        texts = dict.fromkeys(("purpose", "channel", "topic", "categories"), pl.String)
        lists = dict.fromkeys(("rules", "reasons"), pl.List(pl.String))
        return pl.DataFrame(rows, schema={**texts, "allowed": pl.Boolean, **lists})

    def sentences(self, language: str = "en") -> list[str]:
        """The answer in words; uses that differ in the category only share a line."""
        lines: dict[tuple[str, str], list[str]] = {}
        for decision in self.decisions:
            key = (decision.use.place, self._told(decision, language))
            lines.setdefault(key, []).append("+".join(decision.use.categories))
        colon = COLON.get(language, COLON["en"])
        return [
            f"{place} / {', '.join(asked)}{colon} {told}" for (place, told), asked in lines.items()
        ]

    def _told(self, decision: UseDecision, language: str) -> str:
        """A decision in words: `Consent was withdrawn. (C7: E12)`."""
        if decision.allowed:
            grants = self._cited(NO_CONSENT.rule, decision.grants)
            return f"{sentence('allowed', language)} ({grants})"
        parts = []
        for found in decision.reasons:
            words = sentence(found.reason.name, language)
            parts.append(f"{words} ({self._cited(found.reason.rule, found.events)})")
        return " ".join(parts)

    def _cited(self, rule: str, events: Iterable[int]) -> str:
        names = [self.events[number].name for number in events]
        if not names:
            return rule
        return f"{rule}: {', '.join(names)}"

    def _decision_dict(self, decision: UseDecision) -> dict[str, Any]:
        return {
            "purpose": decision.use.purpose,
            "channel": decision.use.channel,
            "topic": decision.use.topic,
            "categories": list(decision.use.categories),
            "allowed": decision.allowed,
            "reasons": [self._reason_dict(found) for found in decision.reasons],
            "grants": self._event_dicts(decision.grants),
        }

    def _reason_dict(self, found: ReasonFound) -> dict[str, Any]:
        return {
            "rule": found.reason.rule,
            "reason": found.reason.name,
            "sentence": {lang: sentence(found.reason.name, lang) for lang in LANGUAGES},
            "events": self._event_dicts(found.events),
        }

    def _event_dicts(self, numbers: Iterable[int]) -> list[dict[str, Any]]:
        return [dict(self.events[number].fields) for number in numbers]


def _row(decision: UseDecision) -> dict[str, Any]:
    return {
        "purpose": decision.use.purpose,
        "channel": decision.use.channel,
        "topic": decision.use.topic,
        "categories": "+".join(decision.use.categories),
        "allowed": decision.allowed,
        "rules": [found.reason.rule for found in decision.reasons],
        "reasons": [found.reason.name for found in decision.reasons],
    }


def explain(
    engine: Engine,
    policy: Policy,
    tables: Tables,
    patient_id: str,
    clocks: Clocks,
    uses: Sequence[Use] = (),
) -> Explanation:
    """Explain some uses of one patient id; without any, every use that the policy knows.

    `tables` are those of the snapshot that was current at `known_at`, with `erased` and with every
    consent event that is known of. The caller has checked that the actor is an officer. Raises
    `PolicyError` (C14) if a purpose does not list what is asked, and `UsageError` if nobody has the
    id.
    """
    scopes = Scopes.of(policy)
    asked = tuple(uses) or tuple(every_use(scopes))
    questions = [_questions(scopes, use) for use in asked]  # refused before any data is read
    history = _read_human(engine, policy, tables, patient_id, clocks)
    pairs = zip(asked, questions, strict=True)
    decisions = tuple(_decision(history, use, bits) for use, bits in pairs)
    return Explanation(patient_id, clocks, decisions, history.events)


def every_use(scopes: Scopes) -> Iterator[Use]:
    """Every use that a policy knows, one category at a time."""
    for bit in scopes.bits:
        yield Use(bit.purpose, bit.channel, bit.topic, (bit.category,))


def segment_uses(
    purpose: str, channels: Sequence[str], topic: str | None, categories: Iterable[str]
) -> list[Use]:
    """The uses of a segment: one a channel, each for all its categories and `identity`."""
    needed = tuple(dict.fromkeys((ALWAYS, *categories)))
    asked = channels or (None,)
    return [Use(purpose, channel, topic, needed) for channel in asked]


def _questions(scopes: Scopes, use: Use) -> list[WordMask]:
    """The questions of one bit each that a use asks."""
    masks = [
        scopes.mask_of(use.purpose, use.channel, use.topic, (category,))
        for category in use.categories
    ]
    return list(dict.fromkeys(masks))


def _read_human(
    engine: Engine, policy: Policy, tables: Tables, patient_id: str, clocks: Clocks
) -> History:
    values = {**decision_values(policy, clocks), "patient_id": patient_id}
    with engine.scope():
        asked = engine.make("human_ids", reads=tables, values=values)
        own = {name: None for name in READ if name in tables}
        few = engine.narrowed(tables, own, asked)
        reads = tables | few | load_scopes(engine, policy)
        return read_history(engine, reads, values)


def _decision(history: History, use: Use, questions: Sequence[WordMask]) -> UseDecision:
    reasons = history.reasons_against(questions)
    grants = () if reasons else history.grants_behind(questions)
    return UseDecision(use, reasons, grants)
