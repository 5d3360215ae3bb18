"""Following: a state made from the one before, deciding only whom something concerns.

Comes in: an engine with the new snapshot exposed, the state before exposed under `previous_`, and
`changed` (patient, since): whose rows differ. Goes out: the rows of those who are decided again.
The result is the same as if everyone were decided from all events.

People are decided again in one of three ways:

- from all of their events, if their rows, links, birthday or erasure changed;
- from their new events and what spoke before, if they only said something new;
- by taking away, if all that is new are denials.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from segmenter.consent import masks
from segmenter.consent.decide import (
    DECISION_COLUMNS,
    NEWEST,
    Deciding,
    columns_read,
    decide,
    forbid,
    load_scopes,
)
from segmenter.dimensions.profile import PROFILE, profile_columns
from segmenter.model import naive_utc

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine
    from segmenter.project.policy import Policy

SNAPSHOT = "snapshot"  # the alias under which the engine has the snapshot attached
PREVIOUS = ("person", "links", "erasures", *NEWEST)  # what is read of the state before
PREFIX = "previous_"
MERGED = ("newest_denial_merged", "newest_grant_merged")


@dataclass(frozen=True, slots=True)
class Replaced:
    """Rows to put in place of a state's: those of `source`, for the patients of `deciding`."""

    table: str
    column: str  # the column of the table that holds a patient
    source: str


PERSON = Replaced("person", "patient", "decided_again")
DENIALS = Replaced("newest_denial", "human", "newest_denial")
GRANTS = Replaced("newest_grant", "patient", "newest_grant")


def decide_again(work: Deciding) -> Iterator[Sequence[Replaced]]:
    """Decide whom something concerns, one way after the other; after each, what is to be replaced.

    The caller replaces it before it asks for the next.
    """
    engine = work.engine
    _find_whom(work)
    ((whole, only_new),) = engine.rows("decide_again_ways")
    if whole:
        _begin(engine, "decide_again_whole", "consent_whole")
        yield _decide_whole(work)
        _end(engine)
    if only_new:
        ((since,),) = engine.rows("first_new_event")
        _begin(engine, "decide_again_new", "consent_new", since)
        ((grants,),) = engine.rows("grant_among")
        yield _decide_new(work) if grants else _take_away(work)
        _end(engine)
    engine.forget(["decide_again", "changed", *(f"{PREFIX}{name}" for name in PREVIOUS)])


def decide_due(work: Deciding, table: str) -> None:
    """Make `table`: the state before, with whoever falls due until the clocks decided again."""
    engine = work.engine
    engine.make("changed", "changed_nobody")
    _find_whom(work)
    _begin(engine, "decide_again_whole", "consent_whole")
    _decide_whole(work)
    engine.make(table, "person_followed")
    _end(engine)
    engine.forget(["decide_again", "changed"])


def is_anyone_due(work: Deciding) -> bool:
    """Whether somebody falls due until the clocks, or was erased since the state before."""
    ((due,),) = work.engine.rows("fallen_due", {"until": _until(work)})
    return bool(due)


def _find_whom(work: Deciding) -> None:
    work.engine.make("decide_again", "decide_again", {"until": _until(work)})


def _until(work: Deciding) -> datetime:
    return naive_utc(max(work.clocks.as_of, work.clocks.known_at))


def _begin(engine: DuckDBEngine, whom: str, events: str, since: int = 0) -> None:
    """Make `deciding` mean these people, and `consent` the events of theirs that decide."""
    engine.view(whom, whom)
    engine.alias("deciding", whom)
    engine.make("consent_few", events, {"since": since})
    engine.alias("consent", "consent_few")


def _end(engine: DuckDBEngine) -> None:
    """Make `consent` mean everybody's events again."""
    engine.widen(SNAPSHOT, ["consent"])
    of_this_way = ("deciding", "decide_again_whole", "decide_again_new", "consent_few")
    engine.forget([*of_this_way, "denials_merged", "decided_again", *NEWEST])


# -- the three ways --------------------------------------------------------------------------------


def _decide_whole(work: Deciding) -> Sequence[Replaced]:
    return _decide_few(work, columns_read(work.policy))


def _decide_new(work: Deciding) -> Sequence[Replaced]:
    """Nobody among them falls due, so their dimensions are those of the state before."""
    return _decide_few(replace(work, make_profile=_keep_profile), DECISION_COLUMNS)


def _take_away(work: Deciding) -> Sequence[Replaced]:
    engine = work.engine
    load_scopes(engine, work.policy)
    engine.alias("patient", "deciding")
    with engine.as_written():
        work.progress("newest denial", None)
        engine.make("newest_denial", "newest_denial", work.values)
        ((first,),) = engine.rows("first_denial")
        engine.make("newest_grant", "grant_later", {"lifted_after": first})
        forbid(work)
        structure = {
            "__allow__": [masks.remaining_word(word) for word in work.words],
            "__dimensions__": list(profile_columns(work.policy, "earlier")),
        }
        engine.make("decided_again", "person_denied", structure=structure)
        engine.make("denials_merged", "newest_denial_merged")
    engine.widen(SNAPSHOT, ["patient"])
    engine.forget(["denied_patient", "denied", *NEWEST])
    engine.alias("newest_denial", "denials_merged")
    return PERSON, DENIALS


def _decide_few(work: Deciding, columns: Mapping[str, Sequence[str]]) -> Sequence[Replaced]:
    """Decide the people of `deciding`, with the snapshot's tables narrowed to them."""
    engine = work.engine
    there = engine.tables(SNAPSHOT)
    narrowed = {name: own for name, own in columns.items() if name in there}
    engine.narrow(SNAPSHOT, narrowed, "deciding")
    decide(work, "decided_again", steps=MERGED)
    engine.widen(SNAPSHOT, list(narrowed))
    return PERSON, DENIALS, GRANTS


def _keep_profile(engine: DuckDBEngine, policy: Policy, as_of: datetime) -> None:
    del as_of
    columns = list(profile_columns(policy, "earlier"))
    engine.make(PROFILE, "profile_kept", structure={"__dimensions__": columns})
