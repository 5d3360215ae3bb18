"""What one human said, event by event: what each covers, which rules it fails, and which part of it still speaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segmenter.consent.reasons import DENIED, ORDER, Reason
from segmenter.errors import UsageError
from segmenter.model import stamp

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine

FACTS = ("deceased", "erased", "too_wide", "minor", "age_unknown")
PLAIN = {"too_wide": "link_too_wide"}


@dataclass(frozen=True, slots=True)
class Told:
    """One reason, with the numbers of the events behind it."""

    reason: Reason
    events: tuple[int, ...]


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
        for bit in _bits(mask):
            for reason, event in self._against(word, bit):
                behind.setdefault(reason, {}).update({} if event is None else {event: None})
        return (Told(reason, tuple(sorted(behind[reason]))) for reason in ORDER if reason in behind)

    def upholding(self, word: int, mask: int) -> tuple[int, ...]:
        """The numbers of the grants that an allowed question of several bits stands on."""
        return tuple(sorted({event for bit in _bits(mask) for event in self._upholding(word, bit)}))

    def _upholding(self, word: int, bit: int) -> list[int]:
        """The grants that count and that no denial came after; where it takes several to lift the denials, all that count."""
        good = [g for g in self.grants if g.word == word and g.good & bit]
        denials = [d for d in self.denials if d.word == word and d.mask & bit]
        return [g.event for g in good if all(_lifts(g, d) for d in denials)] or [
            g.event for g in good
        ]

    def _against(self, word: int, bit: int) -> Iterator[tuple[Reason, int | None]]:
        grants = [g for g in self.grants if g.word == word and g.mask & bit]
        good = [g for g in grants if g.good & bit]
        for denial in self.denials:
            if (
                denial.word == word
                and denial.mask & bit
                and not any(_lifts(grant, denial) for grant in good)
            ):
                yield denial.reason, denial.event
        if not grants:
            yield Reason("C1", "no_consent"), None
        elif not good:
            yield from (
                (reason, grant.event)
                for grant in grants
                for reason, part in grant.failing
                if part & bit
            )


def _bits(mask: int) -> Iterator[int]:
    return (1 << place for place in range(mask.bit_length()) if mask >> place & 1)


def _lifts(grant: Grant, denial: Denial) -> bool:
    """Strictly later, and alike in every field that the denial names (C7)."""
    return grant.given_at > denial.lifted_after and grant.scope & denial.fields == denial.scope


def history(engine: DuckDBEngine, values: Mapping[str, object]) -> History:
    """The history of the human whose tables the engine has been narrowed to. Raises `UsageError` where nobody has the id."""
    rows = engine.frame("standing_of", values).to_dicts()
    if not rows:
        msg = "no source knows this patient id"
        raise UsageError(msg, hint="ids are compared as text, exactly")
    own = rows[0]
    names = [PLAIN.get(name, name) for name in FACTS if own[name]]
    facts = tuple(
        reason for reason in ORDER if reason.rule in ("C11", "C12", "C13") and reason.name in names
    )
    grants = [
        _grant(row)
        for row in engine.frame("grant_heard", values).to_dicts()
        if row["patient"] == own["patient"]
    ]
    denials = [
        _denial(row) for row in engine.frame("denial_event", values).to_dicts() if row["heard"]
    ]
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
    reason = (
        Reason("C10", "quarantined") if row["quarantined"] else Reason("C7", DENIED[row["state"]])
    )
    return Denial(
        row["event"],
        row["word"],
        row["scope"],
        row["fields"],
        row["mask"],
        row["lifted_after"],
        reason,
    )


def _told_event(row: Mapping[str, Any]) -> dict[str, Any]:
    """An event as JSON, without its empty fields."""
    shown = {
        name: stamp(v.replace(tzinfo=UTC)) if isinstance(v, datetime) else v
        for name, v in row.items()
        if name != "event"
    }
    return {name: value for name, value in shown.items() if value not in (None, "")}
