"""Entries as they were written -> entries that hold keyed hashes alone, and rows to be told of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

from segmenter.errors import SourceError
from segmenter.model import ANY
from segmenter.sources.lists.written import Listed, broken_places
from segmenter.sqlexpr.columns import instant, instant_later

if TYPE_CHECKING:
    from segmenter.engine import Engine, Table
    from segmenter.private.keys import Keys
    from segmenter.project.policy import Policy

PART = 4 * 122_880  # entries hashed at a time, in whole groups of rows
MEANT = {
    "email": "email",
    "sms": "phone",
    "whatsapp": "phone",
}  # a sender's channel -> its identifier


@dataclass(frozen=True, slots=True, order=True)
class Told:
    """A row to be told of. It is `lost` if it adds no entry that can be relied on."""

    source: str
    origin: str
    line: int
    rule: str
    reason: str
    content: str
    lost: bool


def hashed(
    engine: Engine, keys: Keys, policy: Policy, listed: Listed, channel: str | None, into: Table
) -> list[tuple[Any, ...]]:
    """Append what a list says to the table `into`; gives the rows to be told of.

    `into` has the columns of the snapshot's `suppression`.
    What a list says twice comes twice; `list_once` has each once. The rows to be told of are
    (source, origin, line, rule, reason, content): lines that could not be read, that name nobody
    (S5), or whose scope, end or words had to be taken in the widest sense. The table with plain
    identifiers is dropped. Raises `SourceError` if every row of a file is set aside (S7).
    """
    from segmenter.identifiers import hash_values

    values = _values(policy, listed, channel)
    dates = {
        "__since__": instant("since"),
        "__until__": instant("until"),
        "__until_later__": instant_later("until"),
    }
    written = {"list_written": listed.table}
    channels = _channels(engine, policy)
    told: dict[tuple[str, int], Told] = {}
    for first in range(0, listed.entries, PART):
        part = {**values, "first": first, "after": first + PART}
        with engine.scope():
            entry = engine.make("list_entry", reads=written, values=part, structure=dates)
            hashes = hash_values(engine, keys, policy.region, entry)
            reads = {"list_entry_read": entry, "list_hash": hashes, "list_channel": channels}
            engine.add(into, "list_hashed", reads=reads)
            for row in engine.rows("list_problem", reads=reads):
                _note(told, Told(*row))
    with engine.scope():
        broken = broken_places(engine, listed)
        recovered = set(engine.rows("list_recovered", reads={**written, "list_broken": broken}))
    engine.drop(channels)
    engine.drop(listed.table)
    for one in listed.broken:
        why = (one.rule, one.reason, one.content)
        lost = (one.origin, one.line) not in recovered
        _note(told, Told(listed.source, one.origin, one.line, *why, lost=lost))
    _require_some(listed, told.values())
    return [astuple(one)[:-1] for one in sorted(told.values())]


def _note(told: dict[tuple[str, int], Told], new: Told) -> None:
    """Keep one problem a line: a line that names several may lie in two parts."""
    place = (new.origin, new.line)
    known = told.get(place)
    if known is None or (new.lost and not known.lost):
        told[place] = new
    elif known.lost == new.lost:
        told[place] = min(known, new)


def _values(policy: Policy, listed: Listed, channel: str | None) -> dict[str, object]:
    default = policy.channels.get(channel or "")
    return {
        "source": listed.source,
        "identifier": "" if default is None else default.identifier,
        "channel": channel or ANY,
        "time_zone": policy.time_zone,
        "channels": ["", ANY, *policy.channels],
        "purposes": ["", ANY, *policy.purposes],
        "topics": ["", ANY, *policy.topics],
    }


def _channels(engine: Engine, policy: Policy) -> Table:
    """Which of our channels a sender's word means: word, channel."""
    import polars as pl

    rows = [(word, one) for word in MEANT for one in channels_meant(policy, word)]
    schema = {"word": pl.String, "channel": pl.String}
    return engine.load(pl.DataFrame(rows, schema=schema, orient="row"))


def channels_meant(policy: Policy, word: str) -> list[str]:
    """The channels that a sender's word may mean.

    The one of that name; else all that use its identifier and have no such name themselves.
    None is meant if the policy has no such channel; the entry then keeps the word.
    """
    if word in policy.channels:
        return [word]
    others = {name: one for name, one in policy.channels.items() if name not in MEANT}
    return [name for name, one in others.items() if one.identifier == MEANT[word]]


def _require_some(listed: Listed, told: Iterable[Told]) -> None:
    """Refuse a file of which every row is set aside (S7): it is not readable."""
    lost: dict[str, list[Told]] = {}
    for one in told:
        if one.lost:
            lost.setdefault(one.origin, []).append(one)
    for origin, found in lost.items():
        if len(found) >= listed.rows[origin]:
            first = min(found)
            raise SourceError(
                f"S7: no row of the list {origin} can be read: {first.reason} (line {first.line})",
                rule="S7",
                hint="a list of which every row is set aside counts as unreadable",
            )
