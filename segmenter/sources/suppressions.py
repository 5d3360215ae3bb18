"""The suppression sources -> `suppression` and `feed`.

Entries only ever come on top (S1), and every feed tells how old it is (S7).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from segmenter.model import naive_utc
from segmenter.registers.entries import COLUMNS
from segmenter.sources import lists
from segmenter.sources.health import known_orphans, orphans_of_ids
from segmenter.sources.load import PREVIOUS, QUARANTINE, Load
from segmenter.sources.results import TableCount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from segmenter.engine import Table
    from segmenter.project.declared import SuppressionSource
    from segmenter.sources.files import SourceFile
    from segmenter.sources.lists import Listed


ACCEPTED = "accepted"  # the key of what the snapshot says of the lists' lengths


@dataclass(frozen=True, slots=True)
class Feed:
    """The state of one suppression source (S7)."""

    name: str
    modified_at: datetime | None
    max_age_seconds: int
    readable: bool
    shrunk: bool


def ingest_suppressions(load: Load) -> None:
    """Read every declared list, keep the keyed hashes of its entries, note its feed's state."""
    accepted = _accepted(load)
    with load.engine.scope():
        new = load.engine.create(COLUMNS)
        feeds = [_ingest(load, declared, accepted, new) for declared in load.sources.suppression]
        load.relisted = not load.carried or load.engine.count(new) > 0
        if load.relisted:
            reads = {"suppression_new": new, "suppression_before": _before(load)}
            load.keep("suppression", "suppression_all", reads=reads)
    load.meta[ACCEPTED] = json.dumps(accepted, sort_keys=True)
    load.write("feed", _feeds(feeds))


def _before(load: Load) -> Table:
    """The entries of the previous snapshot: they stay for ever (S1)."""
    if load.previous:
        return load.previous[f"{PREVIOUS}suppression"]
    return load.engine.create(COLUMNS)


def _feeds(feeds: Sequence[Feed]) -> pl.DataFrame:
    import polars as pl

    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "name": pl.String,
        "modified_at": pl.Datetime("us"),
        "max_age_seconds": pl.Int64,
        "readable": pl.Boolean,
        "shrunk": pl.Boolean,
    }
    rows = []
    for feed in feeds:
        modified_at = None if feed.modified_at is None else naive_utc(feed.modified_at)
        rows.append((feed.name, modified_at, feed.max_age_seconds, feed.readable, feed.shrunk))
    return pl.DataFrame(rows, schema=schema, orient="row")


def _ingest(load: Load, declared: SuppressionSource, accepted: dict[str, int], into: Table) -> Feed:
    """Read one list, and append its entries.

    `accepted` has how many entries each feed had when it last had not shrunk.
    """
    seconds = int(declared.max_age.total_seconds())
    source = f"suppression {declared.name}"
    found = load.states[source].parts[0].files
    if not found:
        return Feed(declared.name, None, seconds, readable=False, shrunk=False)
    before = _known_feed(load, declared.name)
    if before is not None and before.readable and load.keep_same(source):
        load.orphans[source] = known_orphans(load, source)
        return Feed(declared.name, before.modified_at, seconds, readable=True, shrunk=before.shrunk)
    reading = lists.Reading(declared.read.format, declared.read.rename, declared.ignored)
    listed = lists.read(load.engine, found, declared.name, reading)
    reads = load.tables | {"list_written": listed.table}
    load.orphans[source] = orphans_of_ids(load, "orphan_list", reads)
    _hash(load, source, declared, listed, into)
    least = accepted.get(declared.name, 0) * (1 - declared.max_shrink)
    shrunk = listed.entries < least
    if not shrunk:
        accepted[declared.name] = listed.entries
    return Feed(
        declared.name, _modified_at(load, found, listed), seconds, readable=True, shrunk=shrunk
    )


def _hash(
    load: Load, source: str, declared: SuppressionSource, listed: Listed, into: Table
) -> None:
    """Append the keyed hashes of what a list names, write its quarantine and count its rows."""
    import polars as pl

    problems = lists.hashed(load.engine, load.keys, load.policy, listed, declared.channel, into)
    told = [(source, *rest) for _, *rest in problems]
    lines = len({(origin, line) for _, origin, line, *_ in told})
    load.counts[source] = TableCount(listed.read, listed.read - lines, lines)
    quarantine = load.tables["quarantine"]
    if load.carried:
        load.engine.delete(quarantine, "source", source)
    schema = {name: pl.Int64 if name == "line" else pl.String for name in QUARANTINE}
    load.engine.append(quarantine, pl.DataFrame(told, schema=schema, orient="row"))


def _modified_at(load: Load, found: Sequence[SourceFile], listed: Listed) -> datetime:
    """The oldest of a feed's files: each by its envelope's export time, else by its own."""
    oldest = load.now.astimezone(UTC)
    for file in found:
        told = listed.exported_at.get(file.path)
        oldest = min(oldest, told or file.modified_at())
    return oldest


def _known_feed(load: Load, name: str) -> Feed | None:
    """The state of a feed in the previous snapshot, if the new one began as its copy."""
    if not load.carried:
        return None
    feeds = load.engine.rows("feed_known", reads=load.previous)
    for known, modified_at, readable, shrunk in feeds:
        if known == name:
            aware = None if modified_at is None else modified_at.replace(tzinfo=UTC)
            return Feed(name, aware, 0, readable, shrunk)
    return None


def _accepted(load: Load) -> dict[str, int]:
    """How many entries each feed had when it last had not shrunk.

    A feed stays refused until it recovers, or its `max_shrink` is raised.
    """
    told = load.known(ACCEPTED)
    if told is None:
        return {}
    accepted: Mapping[str, int] = json.loads(told)
    return {str(name): int(count) for name, count in accepted.items()}
