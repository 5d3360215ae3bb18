"""The people of people.yml as worlds, and what is answered about them."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from segmenter.consent.explain import Question, why
from segmenter.model import Clocks
from world.histories import TAKEN_AT, Given, Row
from world.policies import POLICIES
from world.settled import Settled, settled

FILE = Path(__file__).with_name("people.yml")
MAY = "2026-05-01T10:00:00Z"
USUAL = {
    "event_id": "e", "source": "crm", "purpose": "prevention", "channel": "sms", "topic": "screening", "category": "care", "state": "given",
    "effective_at": MAY, "method": "paper", "expressed_by": "self", "notice_version": "2026-01", "evidence": "doc",
}  # fmt: skip
ASKED = {"purpose": "prevention", "channel": "sms", "topic": "screening", "category": "care"}


@dataclass(frozen=True)
class Ask:
    """One question about one person, and the reasons expected."""

    who: str
    story: str
    rule: str
    policy: str
    question: Question
    clocks: Clocks
    reasons: tuple[str, ...]

    @property
    def name(self) -> str:
        asked = "/".join(
            str(part or "*")
            for part in (
                self.question.purpose,
                self.question.channel,
                self.question.topic,
                *self.question.categories,
            )
        )
        clocks = (
            ""
            if self.clocks == Clocks(TAKEN_AT, TAKEN_AT)
            else f" as of {self.clocks.as_of:%d %b %H:%M:%S}, known at {self.clocks.known_at:%d %b %H:%M:%S}"
        )
        return f"{self.rule} {self.who}: {asked}{clocks}"


@functools.cache
def stories() -> tuple[Row, ...]:
    """The file, as it is."""
    return tuple(YAML(typ="safe", pure=True).load(FILE.read_text(encoding="utf-8")))


def text(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def world(policy: str, only: str | None = None) -> Given:
    """Everyone whose story plays under a policy, or one of them."""
    people = [
        s for s in stories() if s.get("policy", "clinic") == policy and only in (None, s["who"])
    ]
    patients: list[Row] = []
    consents: list[Row] = []
    links: list[Row] = []
    for story in people:
        ids = [story["who"], *story.get("linked", ())]
        patients += [
            {
                "patient_id": i,
                "age": "40",
                **{k: text(v) for k, v in story.get("patient", {}).items()},
            }
            for i in ids
        ]
        patients = [
            {**p, "deceased": "yes"} if p["patient_id"] in story.get("dead", ()) else p
            for p in patients
        ]
        links += [{"patient_id": one, "same_as": other} for one, other in itertools.pairwise(ids)]
        for event in story["events"]:
            row = {"patient_id": story["who"], **USUAL, **{k: text(v) for k, v in event.items()}}
            consents.append(
                {"recorded_at": row["effective_at"], "confirmed_at": row["effective_at"], **row}
            )
    return Given(
        POLICIES[policy], patients, consents, links, [s["who"] for s in people if s.get("erased")]
    )


def asks(policy: str | None = None) -> Iterator[Ask]:
    """Every question of every story."""
    for story in stories():
        if policy not in (None, story.get("policy", "clinic")):
            continue
        for ask in story["asks"]:
            scope = {**ASKED, **{k: v for k, v in ask.items() if k in ASKED}}
            question = Question(
                scope["purpose"], scope["channel"], scope["topic"], (scope["category"],)
            )
            as_of, known_at = (
                dt.datetime.fromisoformat(ask[c]) if c in ask else TAKEN_AT
                for c in ("as_of", "known_at")
            )
            yield Ask(
                story["who"],
                story["story"],
                story["rule"],
                story.get("policy", "clinic"),
                question,
                Clocks(as_of, known_at),
                tuple(ask["reasons"]),
            )


def decided(ask: Ask, place: Settled) -> bool:
    """What the state says. The place must stand at the ask's clocks."""
    q = ask.question
    return (q.purpose, q.channel, q.topic, q.categories[0]) in place.allowed()[ask.who]


def told(ask: Ask, place: Settled) -> tuple[str, ...]:
    """What `why` says."""
    answer = why(place.engine, place.policy, ask.who, ask.clocks, [ask.question])
    return tuple(f"{t.reason.rule} {t.reason.name}" for t in answer.decisions[0].told)


def failures(policy: str, also_why: bool = True, only: str | None = None) -> list[str]:
    """The questions of a policy (or of one story) that the program answers otherwise than the
    stories say.
    """
    failed = []
    with settled(world(policy, only)) as place:
        here = sorted(
            (a for a in asks(policy) if only in (None, a.who)),
            key=lambda a: (a.clocks.known_at, a.clocks.as_of),
        )
        for clocks in dict.fromkeys(a.clocks for a in here):
            place.ask_at(clocks)
            failed += [
                a.name for a in here if a.clocks == clocks and decided(a, place) != (not a.reasons)
            ]
        if also_why:
            failed += [a.name for a in here if told(a, place) != a.reasons]
    return list(dict.fromkeys(failed))
