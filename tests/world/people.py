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

from segmenter.consent.explain import Use, explain
from segmenter.model import Clocks
from world.histories import TAKEN_AT, Given, Row
from world.policies import POLICIES
from world.settled import Settled, settled

FILE = Path(__file__).with_name("people.yml")
MAY = "2026-05-01T10:00:00Z"
ASKED = {"purpose": "prevention", "channel": "sms", "topic": "screening", "category": "care"}
USUAL = {
    **ASKED,
    "event_id": "e",
    "source": "crm",
    "state": "given",
    "effective_at": MAY,
    "method": "paper",
    "expressed_by": "self",
    "notice_version": "2026-01",
    "evidence": "doc",
}


@dataclass(frozen=True)
class Ask:
    """One question about one person, and the reasons expected."""

    who: str
    story: str
    rule: str
    policy: str
    use: Use
    clocks: Clocks
    reasons: tuple[str, ...]

    @property
    def name(self) -> str:
        scope = (self.use.purpose, self.use.channel, self.use.topic, *self.use.categories)
        asked = "/".join(part or "*" for part in scope)
        name = f"{self.rule} {self.who}: {asked}"
        if self.clocks == Clocks(TAKEN_AT, TAKEN_AT):
            return name
        as_of, known_at = (
            f"{clock:%d %b %H:%M:%S}" for clock in (self.clocks.as_of, self.clocks.known_at)
        )
        return f"{name} as of {as_of}, known at {known_at}"


@functools.cache
def stories() -> tuple[Row, ...]:
    """The file, as it is."""
    yaml = YAML(typ="safe", pure=True)
    return tuple(yaml.load(FILE.read_text(encoding="utf-8")))


def text(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def policy_name(story: Row) -> str:
    return story.get("policy", "clinic")


def world(policy: str, only: str | None = None) -> Given:
    """Everyone whose story plays under a policy, or one of them."""
    patients: list[Row] = []
    consents: list[Row] = []
    links: list[Row] = []
    erased: list[str] = []
    for story in stories():
        if policy_name(story) != policy or only not in (None, story["who"]):
            continue
        ids = [story["who"], *story.get("linked", ())]
        patients += [patient_of(story, name) for name in ids]
        links += [{"patient_id": one, "same_as": other} for one, other in itertools.pairwise(ids)]
        consents += [event_of(story, event) for event in story["events"]]
        erased += [story["who"]] if story.get("erased") else []
    return Given(POLICIES[policy], patients, consents, links, erased)


def patient_of(story: Row, name: str) -> Row:
    fields = {field: text(value) for field, value in story.get("patient", {}).items()}
    row = {"patient_id": name, "age": "40", **fields}
    return {**row, "deceased": "yes"} if name in story.get("dead", ()) else row


def event_of(story: Row, event: Row) -> Row:
    fields = {field: text(value) for field, value in event.items()}
    row = {"patient_id": story["who"], **USUAL, **fields}
    return {"recorded_at": row["effective_at"], "confirmed_at": row["effective_at"], **row}


def asks(policy: str | None = None) -> Iterator[Ask]:
    """Every question of every story."""
    for story in stories():
        if policy not in (None, policy_name(story)):
            continue
        for ask in story["asks"]:
            yield ask_of(story, ask)


def ask_of(story: Row, ask: Row) -> Ask:
    scope = {field: ask.get(field, usual) for field, usual in ASKED.items()}
    use = Use(scope["purpose"], scope["channel"], scope["topic"], (scope["category"],))
    as_of, known_at = (
        dt.datetime.fromisoformat(ask[clock]) if clock in ask else TAKEN_AT
        for clock in ("as_of", "known_at")
    )
    return Ask(
        who=story["who"],
        story=story["story"],
        rule=story["rule"],
        policy=policy_name(story),
        use=use,
        clocks=Clocks(as_of, known_at),
        reasons=tuple(ask["reasons"]),
    )


def decided(ask: Ask, place: Settled) -> bool:
    """What the state says. The place must stand at the ask's clocks."""
    use = ask.use
    question = (use.purpose, use.channel, use.topic, use.categories[0])
    return question in place.allowed()[ask.who]


def told(ask: Ask, place: Settled) -> tuple[str, ...]:
    """What `why` says."""
    answer = explain(place.engine, place.policy, place.tables, ask.who, ask.clocks, [ask.use])
    (decision,) = answer.decisions
    return tuple(f"{found.reason.rule} {found.reason.name}" for found in decision.reasons)


def failures(policy: str, also_why: bool = True, only: str | None = None) -> list[str]:
    """The questions of a policy (or of one story) that the program answers otherwise than the
    stories say.
    """
    here = [ask for ask in asks(policy) if only in (None, ask.who)]
    here.sort(key=lambda ask: (ask.clocks.known_at, ask.clocks.as_of))
    failed = []
    with settled(world(policy, only)) as place:
        for clocks, of_clocks in itertools.groupby(here, key=lambda ask: ask.clocks):
            place.ask_at(clocks)
            failed += [ask for ask in of_clocks if decided(ask, place) == bool(ask.reasons)]
        if also_why:
            failed += [ask for ask in here if told(ask, place) != ask.reasons]
    return list(dict.fromkeys(ask.name for ask in failed))
