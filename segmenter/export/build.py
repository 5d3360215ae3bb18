"""Export: eligible people in kept cells, checked again at this moment, as a registered file for one destination.

Three steps under one lock between processes: build the members, check each again, commit.
Committing registers the export and its members in the journal and then makes the finished file
visible; a crash leaves nothing visible, or a complete and registered export. Nothing exact leaves:
the funnel and the sizes are one paid release, made by the caller's `publish` (P16, P17).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from segmenter.export import destination, manifest, register, removal
from segmenter.export.register import FILE_DAYS, Place
from segmenter.identifiers import PROBE_DIGITS, pads
from segmenter.model import Framed, Interval, stamp
from segmenter.project.policy import CONTACT
from segmenter.store.files import write_file
from segmenter.suppression import unsubscribe

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    import polars as pl

    from segmenter.engine import DuckDBEngine
    from segmenter.export.destination import Layout
    from segmenter.export.register import Registered
    from segmenter.model import Eligible
    from segmenter.project.policy import Destination
    from segmenter.store.keys import Keys

__all__ = (
    "EXPORTED",
    "FILE_DAYS",
    "REASONS",
    "Export",
    "Order",
    "Place",
    "Publish",
    "Published",
    "alias_of",
    "build",
    "check",
    "commit",
)

REASONS = (
    "no_channel_consent", "suppressed", "preference", "frequency_cap", "no_address", "invalid_address", "duplicate_address", "holdout",
)  # fmt: skip
EXPORTED = "exported"
GONE = len(REASONS) + 1  # the code of those who were in the previous export and are no members now
HELD = "segmenter/holdout/1"

Published = Mapping[str, tuple[int, Interval]]
Publish = Callable[[Sequence[str], Sequence[int], Mapping[str, Sequence[int]]], Published | None]
Progress = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported.

    `categories` are the segment's own; `holdout` is the share held back; `sent_at` the planned time
    of sending, `at` now.
    """

    segment: str
    purpose: str
    topic: str | None
    channel: str
    categories: tuple[str, ...]
    destination: Destination
    layout: Layout
    holdout: Decimal
    at: datetime
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Export(Framed):
    """A registered file. `funnel` holds noised numbers, or is None where they could not be paid."""

    export: str
    alias: str
    file: Path
    manifest: Path
    funnel: tuple[tuple[str, int, Interval], ...] | None
    diff: Mapping[str, Path]

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract's form."""
        steps = (
            None
            if self.funnel is None
            else [{"reason": r, "count": n, "interval": i.as_list()} for r, n, i in self.funnel]
        )
        plain = {
            "export": self.export,
            "alias": self.alias,
            "file": str(self.file),
            "manifest": str(self.manifest),
            "funnel": steps,
        }
        return {**plain, "diff": {name: str(path) for name, path in self.diff.items()}}

    def to_polars(self) -> pl.DataFrame:
        """The funnel as a frame: reason, count, low, high."""
        import polars as pl

        rows = [(reason, count, i.low, i.high) for reason, count, i in self.funnel or ()]
        schema = {"reason": pl.String, "count": pl.Int64, "low": pl.Int64, "high": pl.Int64}
        return pl.DataFrame(rows, schema=schema, orient="row")


def silent(_step: str, _done: float | None = None) -> None:
    """Progress that nobody watches."""


# -- build and check -------------------------------------------------------------------------------


def build(
    engine: DuckDBEngine,
    eligible: Eligible,
    dimensions: Sequence[str],
    kept: Sequence[Sequence[int]],
) -> None:
    """Make `export_member` (patient, contactable): the eligible, one a human, whose codes over `dimensions` are a `kept` cell (P6).

    The table of `eligible` has `contactable`: whether the patient may be reached on the channel
    with what the export carries.
    """
    import polars as pl
    from sqlglot import exp

    columns = [f"dim_{name}" for name in dimensions]
    codes = {
        column: pl.Series([cell[i] for cell in kept], dtype=pl.Int16)
        for i, column in enumerate(columns)
    }
    engine.load(
        "kept_cell",
        pl.DataFrame({"kept": pl.Series([True] * len(kept), dtype=pl.Boolean), **codes}),
    )
    same = [
        exp.EQ(
            this=exp.column(c, table="e", quoted=True),
            expression=exp.column(c, table="k", quoted=True),
        )
        for c in columns
    ]
    structure = {
        "__eligible__": exp.to_table(eligible.table),
        "__same_cell__": exp.and_(exp.true(), *same),
    }
    engine.make("export_member", "export_member", structure=structure)


def check(engine: DuckDBEngine, keys: Keys, order: Order) -> None:
    """Make `export_checked`: every member with the first reason it is not exported for, in the order of `REASONS`.

    Needs `export_member`, the snapshot's tables, and `suppressed`, `preferring` and `capped`
    (patient) as of now.
    """
    with engine.as_written():
        engine.make(
            "export_considered", "export_considered", {"identifier": order.layout.identifier}
        )
    if engine.count("export_considered") < engine.count("export_member"):
        engine.add("export_considered", "export_unwritten")
    if order.holdout > 0:
        share = int(Decimal(order.holdout) * (1 << 4 * PROBE_DIGITS))
        values = {
            "experiment": f"{order.segment}\n",
            "held_below": share,
            **pads(keys.derive(HELD)),
        }
        engine.make("export_held", "export_held", values)
    else:
        engine.make("export_held", "export_nobody")
    engine.make("export_twin", "export_twin")
    if engine.count("export_held") + engine.count("export_twin"):
        engine.make("export_checked", "export_checked")
    else:
        engine.alias("export_checked", "export_considered")


# -- commit ----------------------------------------------------------------------------------------


def commit(
    engine: DuckDBEngine, place: Place, order: Order, publish: Publish, progress: Progress = silent
) -> Export:
    """Write the file of everyone in `export_checked` with no reason against them, register it, and make it visible.

    Inside `register.alone`. `publish(labels, exact, sums)` turns exact numbers of disjoint cells
    into published sums of them, or gives None where they cannot be paid (P16); they were reserved
    before the members were read (P2).
    """
    export = secrets.token_hex(8)
    with register.committing(place, export) as (part, done):
        made = _files(engine, place, order, export, part, publish, progress)
        final = done(register.EXPORTED, made.body)
    progress("export", 1.0)
    files = {name: final / file for name, file in made.diff.items()}
    return Export(
        export,
        made.alias,
        final / made.file,
        final / f"{made.alias}{manifest.SUFFIX}",
        made.funnel,
        files,
    )


@dataclass(frozen=True, slots=True)
class _Made:
    alias: str
    file: str
    body: Mapping[str, Any]
    funnel: tuple[tuple[str, int, Interval], ...] | None
    diff: Mapping[str, str]


def _files(
    engine: DuckDBEngine,
    place: Place,
    order: Order,
    export: str,
    part: Path,
    publish: Publish,
    progress: Progress,
) -> _Made:
    """Write payload, diff files and manifest into the folder `part`, and the register beside the end of the payload."""
    alias = alias_of(place.keys, order.segment, order.channel)
    key = destination.recipient(order.destination.name, order.destination.encrypt)
    suffix = f".{order.layout.format}" + ("" if key is None else ".age")
    before = _before(engine, place, order)
    progress("writing", None)
    with _payload(engine, place, order, alias, part / f"{alias}{suffix}", key) as written:
        progress("registering", None)
        register.write(engine, place.home, export)
        diff = (
            _diff(engine, place, order, before, part, alias, suffix, key)
            if order.destination.syncs
            else {}
        )
        published = _published(engine, order, publish)
        digest = written()
    body = _body(place, order, export, alias, f"{alias}{suffix}", before)
    numbers = {"size": _number(published, EXPORTED), "diff": _sizes(diff, part, published)}
    content = {
        **_told(body),
        **numbers,
        "file_sha256": digest,
        "encrypted": key is not None,
        "feeds": _feeds(engine),
    }
    write_file(
        part / f"{alias}{manifest.SUFFIX}", manifest.json_text(manifest.signed(place.keys, content))
    )
    steps = (
        None
        if published is None
        else tuple((name, *published[name]) for name in (*REASONS, EXPORTED))
    )
    return _Made(alias, f"{alias}{suffix}", {**body, "file_sha256": digest}, steps, diff)


def alias_of(keys: Keys, segment: str, channel: str) -> str:
    """What the outside sees instead of a segment's name: random to it, stable for us."""
    return keys.pseudonym("alias", f"{segment}\n{channel}")[:12]


def _payload(
    engine: DuckDBEngine, place: Place, order: Order, alias: str, path: Path, key: Any
) -> AbstractContextManager[Callable[[], str]]:
    url = (
        place.unsubscribe_url
        if order.layout.identifier in order.layout.columns and order.layout.audience is None
        else None
    )
    base = None if url is None else url if url.endswith(("/", "=")) else f"{url}/"
    tokens: dict[str, object] | None = None
    if base is not None:
        tokens = {
            "alias": alias,
            "unsubscribe_url": base,
            **pads(place.keys.derive(unsubscribe.LABEL)),
        }
    every = tokens is not None or order.layout.audience is not None
    removal.addresses(
        engine,
        place.region,
        order.layout,
        "export_identifier" if every else "export_identifier_odd",
        tokens,
    )
    structure = {"__columns__": destination.expressions(order.layout, unsubscribe=url is not None)}
    return destination.writing(
        engine, "export_payload", structure, path, place.spill, order.layout, key
    )


# -- the previous export ---------------------------------------------------------------------------


def _before(engine: DuckDBEngine, place: Place, order: Order) -> Registered | None:
    """The previous export of the same segment, channel and destination; its members become `export_before`."""
    same = [
        one
        for one in register.registered(place.journal.read(register.EXPORTED, register.RETAINED))
        if (one.segment, one.channel, one.destination)
        == (order.segment, order.channel, order.destination.name)
    ]
    if same and order.destination.syncs:
        register.read(engine, place.home, same[-1].export, "export_before")
    else:
        engine.create(
            "export_before", {"patient": "BIGINT", "pseudonym": "BIGINT", "address": "BIGINT"}
        )
    return same[-1] if same else None


def _diff(
    engine: DuckDBEngine,
    place: Place,
    order: Order,
    before: Registered | None,
    part: Path,
    alias: str,
    suffix: str,
    key: Any,
) -> dict[str, str]:
    """Files of who was added and who has to be removed since the previous export."""
    names = {kind: f"{alias}.{kind}{suffix}" for kind in ("added", "removed")}
    spill = place.spill
    structure = {"__columns__": destination.expressions(order.layout)}
    destination.write(
        engine, "export_added", structure, part / names["added"], spill, order.layout, key
    )
    engine.make("removal", "export_gone")
    plan = removal.identifying(order.layout)
    with removal.source(engine, place, None if before is None else before.snapshot):
        removal.collect(engine, place.region, plan)
    removal.write(engine, plan, part / names["removed"], spill, key)
    return names


# -- numbers ---------------------------------------------------------------------------------------


def _published(engine: DuckDBEngine, order: Order, publish: Publish) -> Published | None:
    """The funnel as one histogram of disjoint cells: each human in one. Only a destination that syncs tells old from new."""
    counted = {
        (int(reason), bool(before)): int(people)
        for reason, before, people in engine.rows("export_funnel")
    }
    names = (EXPORTED, *REASONS)
    cells = [
        (code, before)
        for code in range(len(names))
        for before in ((False, True) if order.destination.syncs else (False,))
    ]
    if order.destination.syncs:
        cells.append((GONE, True))
    labels = [
        f"{names[code] if code < GONE else 'gone'}{'_again' if before else ''}"
        for code, before in cells
    ]
    sums = {
        name: [i for i, (code, _) in enumerate(cells) if code == position]
        for position, name in enumerate(names)
    }
    if order.destination.syncs:
        sums["added"] = [i for i, cell in enumerate(cells) if cell == (0, False)]
        sums["removed"] = [i for i, (code, before) in enumerate(cells) if before and code > 0]
    return publish(labels, [counted.get(cell, 0) for cell in cells], sums)


def _number(published: Published | None, name: str) -> dict[str, Any] | None:
    if published is None or name not in published:
        return None
    count, interval = published[name]
    return {"count": count, "interval": interval.as_list()}


def _sizes(diff: Mapping[str, str], part: Path, published: Published | None) -> dict[str, Any]:
    return {
        kind: {
            "file": name,
            "file_sha256": manifest.file_hash(part / name),
            "size": _number(published, kind),
        }
        for kind, name in diff.items()
    }


# -- what is written down --------------------------------------------------------------------------


def _body(
    place: Place, order: Order, export: str, alias: str, file: str, before: Registered | None
) -> dict[str, Any]:
    """The journal's entry: what, for whom, under which policy; never how many."""
    return {
        "export": export,
        "alias": alias,
        "segment": order.segment,
        "purpose": order.purpose,
        "topic": order.topic,
        "channel": order.channel,
        "destination": order.destination.name,
        "columns": list(order.layout.columns),
        "identifier": order.layout.identifier,
        "categories": sorted({*order.categories, CONTACT, *order.layout.categories}),
        "recipient": order.destination.encrypt,
        "format": order.layout.format,
        "audience": order.layout.audience,
        "snapshot": place.snapshot.id,
        "policy": place.policy_hash,
        "file": file,
        "created_at": stamp(order.at),
        "sent_at": stamp(order.sent_at),
        "expires_at": stamp(register.expiry(order.at, place.file_days)),
        "previous": None if before is None else before.export,
    }


def _told(body: Mapping[str, Any]) -> dict[str, Any]:
    """What of an entry the destination may read: not the segment, whose name can be health data."""
    hidden = ("segment", "categories", "topic", "sent_at", "recipient")
    return {name: value for name, value in body.items() if name not in hidden}


def _feeds(engine: DuckDBEngine) -> list[dict[str, str]]:
    return [
        {"name": name, "modified_at": stamp(at.replace(tzinfo=UTC))}
        for name, at in engine.rows("feed_watermark")
    ]
