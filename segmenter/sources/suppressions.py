"""The suppression sources -> `suppression` and `feed`: entries only ever come on top (S1), and every feed tells how old it is (S7)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from segmenter.model import naive_utc
from segmenter.sources import lists
from segmenter.sources.work import QUARANTINE, TableCount, Work

if TYPE_CHECKING:
    from segmenter.project.declared import SuppressionSource

ENTRY = {
    "kind": "VARCHAR", "hash": "VARCHAR", "probe": "BIGINT", "channel": "VARCHAR", "purpose": "VARCHAR", "topic": "VARCHAR",
    "reason": "VARCHAR", "since": "TIMESTAMP", "until": "TIMESTAMP", "source": "VARCHAR", "event": "VARCHAR",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Feed:
    """How one suppression source stands (S7)."""

    name: str
    modified_at: datetime | None
    max_age_seconds: int
    readable: bool
    shrunk: bool


def ingest_suppressions(work: Work) -> None:
    """Read every declared list, keep the keyed hashes of what it names, and note how its feed stands."""
    import polars as pl

    engine = work.engine
    engine.create("suppression_new", ENTRY)
    if work.previous:
        engine.alias("suppression_before", "old_suppression")
    else:
        engine.create("suppression_before", ENTRY)
    accepted = _accepted(work)
    feeds = [_ingest(work, declared, accepted) for declared in work.sources.suppression]
    work.meta["accepted"] = json.dumps(accepted, sort_keys=True)
    work.relisted = not work.carried or engine.count("suppression_new") > 0
    if work.relisted:
        work.keep("suppression", "suppression_all")
    engine.drop("suppression_new")
    rows = [
        (
            f.name,
            f.modified_at and naive_utc(f.modified_at),
            f.max_age_seconds,
            f.readable,
            f.shrunk,
        )
        for f in feeds
    ]
    when, names = (
        pl.Datetime("us"),
        ("name", "modified_at", "max_age_seconds", "readable", "shrunk"),
    )
    kinds: tuple[pl.DataType | type[pl.DataType], ...] = (
        pl.String,
        when,
        pl.Int64,
        pl.Boolean,
        pl.Boolean,
    )
    engine.load(
        work.table("feed"),
        pl.DataFrame(rows, schema=list(zip(names, kinds, strict=True)), orient="row"),
    )


def _ingest(work: Work, declared: SuppressionSource, accepted: dict[str, int]) -> Feed:
    import polars as pl

    seconds = int(declared.max_age.total_seconds())
    source = f"suppression {declared.name}"
    found = work.plan[source].parts[0].files
    if not found:
        return Feed(declared.name, None, seconds, readable=False, shrunk=False)
    before = (
        next((row for row in work.engine.rows("feed_known") if row[0] == declared.name), None)
        if work.carried
        else None
    )
    if before is not None and before[2] and work.same(source):
        return Feed(
            declared.name, before[1].replace(tzinfo=UTC), seconds, readable=True, shrunk=before[3]
        )
    how = lists.Reading(declared.read.format, declared.read.rename, declared.ignored)
    listed = lists.read(work.engine, found, declared.name, how)
    found_problems = lists.hashed(
        work.engine, work.keys, work.policy, listed, declared.channel, "suppression_new"
    )
    told = [(source, *rest) for _, *rest in found_problems]
    schema = {name: pl.Int64 if name == "line" else pl.String for name in QUARANTINE}
    if work.carried:
        work.engine.delete(work.table("quarantine"), "source", source)
    work.engine.append(work.table("quarantine"), pl.DataFrame(told, schema=schema, orient="row"))
    lines = len({(origin, line) for _, origin, line, *_ in told})
    work.counts[source] = TableCount(listed.read, listed.read - lines, lines)
    shrunk = listed.entries < accepted.get(declared.name, 0) * (1 - declared.max_shrink)
    if not shrunk:
        accepted[declared.name] = listed.entries
    oldest = min(listed.exported_at.get(file.path) or file.modified_at() for file in found)
    return Feed(
        declared.name, min(oldest, work.now.astimezone(UTC)), seconds, readable=True, shrunk=shrunk
    )


def _accepted(work: Work) -> dict[str, int]:
    """How many entries each feed had when it last had not shrunk: a feed stays refused until it recovers, or its max_shrink is raised."""
    if not work.previous:
        return {}
    found = work.engine.rows("meta_accepted")
    return (
        {str(name): int(count) for name, count in json.loads(found[0][0]).items()} if found else {}
    )
