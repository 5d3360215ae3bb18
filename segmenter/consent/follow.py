"""Following: a state made from the one before, deciding only whom something concerns.

Comes in: the tables of the new snapshot and of the state before, and `changed` (patient, since):
whose rows differ. Goes out: the rows of those who are decided again. The result is the same as if
everyone were decided from all events.

People are decided again in one of three ways:

- from all of their events, if their rows, links, birthday or erasure changed;
- from their new events and what spoke before, if they only said something new;
- by taking away, if all that is new are denials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from segmenter.consent import masks
from segmenter.consent.decide import (
    DECISION_COLUMNS,
    Deciding,
    Decisions,
    Steps,
    columns_read,
    decide,
    forbid,
    load_scopes,
)
from segmenter.dimensions.profile import profile_columns
from segmenter.model import naive_utc

if TYPE_CHECKING:
    from segmenter.engine import Table, Tables

BEFORE = "previous_"  # how the names of the tables of the state before begin
MERGED = Steps("newest_denial_merged", "newest_grant_merged")


def follow(work: Deciding, before: Tables, changed: Table) -> None:
    """Decide whom something concerns, and put it in place of what the state `before` holds."""
    engine = work.engine
    with engine.scope():
        work = work.reading(before.prefixed(BEFORE) | {"changed": changed})
        work = work.reading({"decide_again": _whom(work)})
        ((whole, only_new),) = engine.rows("decide_again_ways", reads=work.tables)
        if whole:
            with engine.scope():
                few = _those(work, "decide_again_whole", "consent_whole")
                _replace(few, before, _decide_whole(few))
        if only_new:
            ((since,),) = engine.rows("first_new_event", reads=work.tables)
            with engine.scope():
                few = _those(work, "decide_again_new", "consent_new", since)
                ((grants,),) = engine.rows("grant_among", reads=few.tables)
                _replace(few, before, _decide_new(few) if grants else _take_away(few))


def decide_due(work: Deciding, before: Tables) -> Table:
    """What the state before decided, with whoever falls due until the clocks decided again."""
    engine = work.engine
    with engine.scope() as scope:
        changed = engine.create({"patient": "BIGINT", "since": "BIGINT"})
        work = work.reading(before.prefixed(BEFORE) | {"changed": changed})
        work = work.reading({"decide_again": _whom(work)})
        few = _those(work, "decide_again_whole", "consent_whole")
        decided = _decide_whole(few)
        reads = few.tables | {"decided_again": decided.person}
        return scope.keep(engine.make("person_followed", reads=reads))


def is_anyone_due(work: Deciding, before: Tables) -> bool:
    """Whether somebody falls due until the clocks, or was erased since the state before."""
    reads = work.tables | before.prefixed(BEFORE)
    ((due,),) = work.engine.rows("fallen_due", reads=reads, values={"until": _until(work)})
    return bool(due)


def _whom(work: Deciding) -> Table:
    """Who has to be decided again."""
    values = {"until": _until(work)}
    return work.engine.make("decide_again", reads=work.tables, values=values)


def _until(work: Deciding) -> datetime:
    later = max(work.clocks.as_of, work.clocks.known_at)
    return naive_utc(later)


def _those(work: Deciding, whom: str, events: str, since: int = 0) -> Deciding:
    """The same for these people, `deciding`, with the events of theirs that decide."""
    engine = work.engine
    work = work.reading({"deciding": engine.view(whom, reads=work.tables)})
    few = engine.make(events, reads=work.tables, values={"since": since})
    return work.reading({"consent": few})


def _replace(work: Deciding, before: Tables, decided: Decisions) -> None:
    """Put what was decided in place of what the state holds of these people."""
    engine, deciding = work.engine, work.tables["deciding"]
    engine.replace(before["person"], "patient", deciding, decided.person)
    engine.replace(before["newest_denial"], "human", deciding, decided.newest_denial)
    if decided.newest_grant is not None:
        engine.replace(before["newest_grant"], "patient", deciding, decided.newest_grant)


# -- the three ways --------------------------------------------------------------------------------


def _decide_whole(work: Deciding) -> Decisions:
    few = _narrowed(work, columns_read(work.policy))
    return decide(few, few.profile(), steps=MERGED)


def _decide_new(work: Deciding) -> Decisions:
    """Nobody among them falls due, so their dimensions are those of the state before."""
    few = _narrowed(work, DECISION_COLUMNS)
    columns = list(profile_columns(work.policy, "earlier"))
    kept = work.engine.make("profile_kept", reads=few.tables, structure={"__dimensions__": columns})
    return decide(few, kept, steps=MERGED)


def _take_away(work: Deciding) -> Decisions:
    """What the state before allowed them, without what the new denials forbid.

    Of their grants only those may lift a denial that are later than the first of the new ones.
    """
    engine = work.engine
    deciding = {"patient": work.tables["deciding"]}  # only those who are decided again
    work = work.reading(load_scopes(engine, work.policy)).reading(deciding)
    with engine.as_written():
        work.progress("newest denial", None)
        denials = engine.make("newest_denial", reads=work.tables, values=work.values)
        work = work.reading({"newest_denial": denials})
        ((first_moment,),) = engine.rows("first_denial", reads=work.tables)
        lifted_after = {"lifted_after": first_moment}
        later_grants = engine.make("grant_later", reads=work.tables, values=lifted_after)
        work = work.reading({"newest_grant": later_grants})
        work = work.reading({"denied": forbid(work)})
        structure = {
            "__allow__": [masks.remaining_word(word) for word in work.words],
            "__dimensions__": list(profile_columns(work.policy, "earlier")),
        }
        person = engine.make("person_denied", reads=work.tables, structure=structure)
        merged = engine.make(MERGED.denials, reads=work.tables)
    return Decisions(person, newest_denial=merged, newest_grant=None)  # no grant is new


def _narrowed(work: Deciding, columns: Mapping[str, Sequence[str]]) -> Deciding:
    """The same with the snapshot's tables narrowed to the people of `deciding`."""
    there = {name: own for name, own in columns.items() if name in work.tables}
    deciding = work.tables["deciding"]
    few = work.engine.narrowed(work.tables, there, deciding)
    return work.reading(few)
