"""A small mailing: people, lists, wishes and earlier exports as ready tables, and an export of them
with everything around it real.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from segmenter import identifiers
from segmenter.engine import DuckDBEngine, Tables
from segmenter.export import commit, contacts, members
from segmenter.export.funnel import Histogram
from segmenter.export.order import Export, Order
from segmenter.journal.journal import Journal
from segmenter.model import (
    Actor,
    Interval,
    Role,
    Snapshot,
    naive_utc,
)
from segmenter.private.keys import Keys
from segmenter.project.policy import Cap, Channel, Destination
from segmenter.published.noisy_count import NoisyCount
from segmenter.registers.entries import COLUMNS, SuppressionEntry, entry_table
from segmenter.registers.exports import ExportLayout
from segmenter.registers.registry import Registry
from segmenter.suppression import changes, preference, suppression_list

NOW = datetime(2026, 11, 23, 11, tzinfo=UTC)
KEYS = Keys(b"a key that only these tests have ever used")
OFFICER = Actor("dpo", frozenset(Role))
MARKETER = Actor("mia", frozenset({Role.MARKETER}))
TEXTS = ("email", "phone", "postal", "first_name", "language")
CHECK = Destination("check", "csv", ("patient_id",), None)
WISH = {
    "patient": pl.Int64,
    "channel": pl.String,
    "topic": pl.String,
    "allowed": pl.Boolean,
    "max_contacts": pl.Int64,
    "per_days": pl.Int64,
    "updated_at": pl.Datetime("us"),
}
ENTRY = {
    name: {"BIGINT": pl.Int64, "TIMESTAMP": pl.Datetime("us")}.get(sort, pl.String)
    for name, sort in COLUMNS.items()
}
CONSENT = {
    "event": pl.Int64,
    "patient": pl.Int64,
    **dict.fromkeys(
        ("event_id", "source", "purpose", "channel", "topic", "category", "state", "method"),
        pl.String,
    ),
    "effective_at": pl.Datetime("us"),
    "recorded_at": pl.Datetime("us"),
}
EMAIL = Channel("email", "email")
Person = Mapping[str, Any]


@dataclass
class Mailing:
    """Everything an export stands on. `people` are rows by patient_id; surrogates are their
    positions.
    """

    home: Path
    people: Sequence[Person]
    links: Mapping[str, int] = field(default_factory=dict)
    wishes: Sequence[Mapping[str, Any]] = ()
    entries: Sequence[SuppressionEntry] = ()
    consents: Sequence[Mapping[str, Any]] = ()
    refusing: frozenset[str] = frozenset()  # no consent for the channel now
    channel: Channel = EMAIL
    now: datetime = NOW
    fed_at: datetime | None = None
    file_key: str | None = (
        KEYS.file_key()
    )  # None: files are plain, so that what they hold can be searched
    in_use: str = "snap"  # the snapshot in use
    numbers: dict[str, int] = field(default_factory=dict)
    clock: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in (
            "exports",
            "registers",
            "suppressions",
            "spill",
            "locks",
            "snapshots",
            "states",
            "releases",
        ):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        self.clock = [self.now]
        self.journal = Journal(self.home, KEYS, lambda: self.clock[0])
        self.journal.read()
        self.numbers = {str(p["patient_id"]): i for i, p in enumerate(self.people)}

    # -- tables ------------------------------------------------------------------------------------

    @contextmanager
    def opened(self) -> Iterator[tuple[DuckDBEngine, Tables]]:
        """An engine, and the tables of the snapshot with `erased`."""
        with self.engines() as engine:
            yield engine, self.tables(engine)

    def tables(self, engine: DuckDBEngine) -> Tables:
        """The snapshot's tables, with `erased`."""
        n = self.numbers
        schema = {"patient": pl.Int64, "patient_id": pl.String}
        ids = pl.DataFrame({"patient": list(n.values()), "patient_id": list(n)}, schema=schema)
        texts = {
            name: pl.Series([p.get(name) for p in self.people], dtype=pl.String) for name in TEXTS
        }
        deceased = [bool(p.get("deceased")) for p in self.people]
        nobody = pl.DataFrame(schema={"patient": pl.Int64, "deceased": pl.Boolean})
        linked = [(n[name], group) for name, group in self.links.items()]
        groups = {"patient": pl.Int64, "grp": pl.Int64}
        usual = {**dict.fromkeys(WISH), "channel": "*", "topic": "*", "updated_at": naive_utc(NOW)}
        wishes = [{**usual, **w, "patient": n[w["patient_id"]]} for w in self.wishes]
        feed = {
            "name": ["mail"],
            "modified_at": [naive_utc(self.fed_at or self.now)],
            "max_age_seconds": [172_800],
            "readable": [True],
            "shrunk": [False],
        }
        told = [{**c, "patient": n[c["patient_id"]]} for c in self.consents]
        frames = {
            "identity": ids,
            "patient": ids.with_columns(**texts, deceased=pl.Series(deceased)),
            "aside": nobody,
            "erased": nobody.drop("deceased"),
            "link_group": pl.DataFrame(linked, schema=groups, orient="row"),
            "preference": pl.DataFrame([{k: w[k] for k in WISH} for w in wishes], schema=WISH),
            "suppression": entry_table(self.entries),
            "feed": pl.DataFrame(feed),
            "consent": pl.DataFrame(
                [{name: act.get(name) for name in CONSENT} for act in told], schema=CONSENT
            ),
        }
        made = Tables({name: engine.load(frame) for name, frame in frames.items()})
        return made | {"address": identifiers.hash_patients(engine, KEYS, "FR", made)}

    def write(self, name: str = "snap") -> Path:
        """Write the tables into an encrypted snapshot file."""
        path = self.home / "snapshots" / f"{name}.duckdb"
        path.unlink(missing_ok=True)
        numbers = list(self.numbers.values())
        lines = [f"{p['patient_id']},{p.get('email')}" for p in self.people]
        more = {
            "fact_stay": pl.DataFrame({"patient": numbers, "unit": ["north"] * len(numbers)}),
            "quarantine": pl.DataFrame({"line": range(len(lines)), "content": lines}),
        }
        with self.opened() as (engine, tables), engine.writing(path) as file:
            for kind, table in tables.items():
                engine.copy(table, into=file.table(kind))
            for kind, frame in more.items():
                engine.load(frame, into=file.table(kind))
        return path

    def lists(self, engine: DuckDBEngine, tables: Tables) -> Tables:
        """The suppression list over the tables of a snapshot."""
        acts = self.journal.read()
        return suppression_list.load(engine, self.home, acts, tables["suppression"])

    def engines(self) -> DuckDBEngine:
        """A fresh engine with nothing attached."""
        return DuckDBEngine(self.home / "spill", self.file_key)

    # -- an export ---------------------------------------------------------------------------------

    def order(
        self, destination: Destination, layout: ExportLayout | None = None, **changed: Any
    ) -> Order:
        plan = layout or ExportLayout(
            destination.columns or (),
            self.channel.identifier,
            ("identity",),
            destination.profile,
            destination.format,
        )
        now = self.clock[0]
        given = {
            "holdout": Decimal(0),
            "categories": ("identity",),
            "topic": "news",
            "at": now,
            "sent_at": now,
            "snapshot": self.snapshot(),
            "policy_hash": "0" * 64,
            **changed,
        }
        return Order(
            "seniors",
            "prevention",
            channel=self.channel.name,
            destination=destination,
            layout=plan,
            **given,
        )

    def snapshot(self) -> Snapshot:
        file = self.home / "snapshots" / f"{self.in_use}.duckdb"
        return Snapshot(self.in_use, file, self.now, "UTC")

    def registry(self, actor: Actor = OFFICER) -> Registry:
        return Registry(self.home, KEYS, self.journal, actor, "FR")

    def checked(
        self,
        engine: DuckDBEngine,
        tables: Tables,
        order: Order,
        chosen: Sequence[str] | None = None,
    ) -> Tables:
        """The tables, with `export_checked` and all that it stands on."""
        names = list(self.numbers) if chosen is None else list(chosen)
        rows = [(self.numbers[name], name not in self.refusing) for name in names]
        schema = {"patient": pl.Int64, "contactable": pl.Boolean}
        eligible = engine.load(pl.DataFrame(rows, schema=schema, orient="row"))
        tables |= self.lists(engine, tables)
        tables |= {"export_member": members.build(engine, eligible, (), [()])}
        identifier = order.layout.identifier
        question = suppression_list.ListQuestion(
            order.channel, order.purpose, order.topic, order.at, identifier
        )
        planned = preference.PlannedContact(self.channel, order.topic, order.sent_at)
        since = preference.window_start(engine, tables, planned)
        tables |= {"contact": contacts.contacts(engine, self.registry(), since)}
        tables |= {
            "suppressed": suppression_list.suppressed(engine, tables, question),
            "preferring": preference.denied(engine, tables, planned),
            "capped": preference.capped(engine, tables, planned),
        }
        checked = members.check(engine, tables, KEYS, identifier, order.segment, order.holdout)
        return tables | {"export_checked": checked}

    def export(
        self,
        destination: Destination = CHECK,
        layout: ExportLayout | None = None,
        **changed: Any,
    ) -> Export:
        order = self.order(destination, layout, **changed)
        with self.opened() as (engine, tables), self.registry().alone():
            checked = self.checked(engine, tables, order)
            return commit.commit(engine, self.registry(), order, checked, exact)

    def reasons(self, chosen: Sequence[str] | None = None, **changed: Any) -> dict[str, str | None]:
        """The first reason of each member, None if exported."""
        order = self.order(CHECK, **changed)
        with self.opened() as (engine, tables):
            found = self.checked(engine, tables, order, chosen)
            checked, identity = found["export_checked"].name, found["identity"].name
            query = f"SELECT patient_id, reason FROM {checked} JOIN {identity} USING (patient)"
            rows = engine.connection.execute(f"{query} ORDER BY 1").fetchall()
        reasons = (None, *members.REASONS)
        return {name: reasons[reason] for name, reason in rows}

    def later(self, **by: Any) -> None:
        self.clock[0] += timedelta(**by)


def exact(histogram: Histogram) -> dict[str, NoisyCount]:
    """A `publish` that adds no noise: only tests may."""
    assert len(histogram.labels) == len(histogram.counts)
    return {
        line: NoisyCount(sum(histogram.counts[place] for place in places), Interval(0, 9))
        for line, places in histogram.sums.items()
    }


def acts_in(home: Path) -> set[str]:
    """The exports and recalls whose folders are there, finished or not; a mark is no folder."""
    return {path.name for path in (home / "exports").iterdir() if path.is_dir()}


def die_in(owner: Any, name: str, nth: int) -> None:
    """Let this process die, as if it were killed, at the nth call of a function from now on."""
    before, seen = getattr(owner, name), itertools.count(1)

    def fatal(*args: Any, **named: Any) -> Any:
        if next(seen) == nth:
            os._exit(9)
        return before(*args, **named)

    setattr(owner, name, fatal)


def named(
    value: str, kind: str = "email", reason: str = "manual", **scope: str
) -> SuppressionEntry:
    """The entry of a plain identifier that has one reading."""
    (entry,) = changes.entries(KEYS, "FR", kind, value, reason, **scope)
    return entry


def capped(contacts: int, days: int) -> Channel:
    """The email channel with a cap."""
    return Channel("email", "email", cap=Cap(contacts, days))
