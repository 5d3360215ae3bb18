"""A small mailing: people, lists, wishes and earlier exports as ready tables, and an export of them
with everything around it real.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from segmenter import identifiers
from segmenter.engine import DuckDBEngine, Tables
from segmenter.export import commit, contacts, members
from segmenter.export.funnel import Histogram, Noised
from segmenter.export.order import Export, Order
from segmenter.journal.journal import Journal
from segmenter.model import (
    Actor,
    Clocks,
    Eligible,
    Interval,
    ProcessingRequest,
    Role,
    Snapshot,
    naive_utc,
)
from segmenter.project.policy import Cap, Channel, Destination
from segmenter.registers.entries import COLUMNS, SuppressionEntry, entry_table
from segmenter.registers.exports import ExportLayout
from segmenter.registers.registry import Registry
from segmenter.store.keys import Keys
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
TABLES = (
    "identity",
    "patient",
    "address",
    "link_group",
    "preference",
    "suppression",
    "feed",
    "consent",
    "fact_stay",
    "quarantine",
    "aside",
    "erased",
)
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

    def open(self) -> DuckDBEngine:
        """An engine with the snapshot's tables as ready tables."""
        engine = DuckDBEngine(self.home / "spill", self.file_key)
        engine.__enter__()
        n = self.numbers
        ids = {"patient": list(n.values()), "patient_id": list(n)}
        engine.load(
            "identity", pl.DataFrame(ids, schema={"patient": pl.Int64, "patient_id": pl.String})
        )
        texts = {
            name: pl.Series([p.get(name) for p in self.people], dtype=pl.String) for name in TEXTS
        }
        deceased = [bool(p.get("deceased")) for p in self.people]
        engine.load("patient", pl.DataFrame({**ids, **texts, "deceased": deceased}))
        nobody = pl.DataFrame(schema={"patient": pl.Int64, "deceased": pl.Boolean})
        engine.load("aside", nobody)
        engine.load("erased", nobody.drop("deceased"))
        engine.adopt("address", identifiers.hash_patients(engine, KEYS, "FR", engine.named()))
        linked = [(n[name], group) for name, group in self.links.items()]
        engine.load(
            "link_group",
            pl.DataFrame(linked, schema={"patient": pl.Int64, "grp": pl.Int64}, orient="row"),
        )
        usual = {**dict.fromkeys(WISH), "channel": "*", "topic": "*", "updated_at": naive_utc(NOW)}
        wishes = [{**usual, **w, "patient": n[w["patient_id"]]} for w in self.wishes]
        engine.load(
            "preference", pl.DataFrame([{k: w[k] for k in WISH} for w in wishes], schema=WISH)
        )
        engine.load("suppression", entry_table(self.entries))
        fed = naive_utc(self.fed_at or self.now)
        feed = {
            "name": ["mail"],
            "modified_at": [fed],
            "max_age_seconds": [172_800],
            "readable": [True],
            "shrunk": [False],
        }
        engine.load("feed", pl.DataFrame(feed))
        engine.load("consent", pl.DataFrame(schema=CONSENT))
        return engine

    def write(self, name: str = "snap") -> Path:
        """Write the tables into an encrypted snapshot file."""
        path = self.home / "snapshots" / f"{name}.duckdb"
        path.unlink(missing_ok=True)
        engine = self.open()
        engine.load(
            "fact_stay",
            pl.DataFrame(
                {"patient": list(self.numbers.values()), "unit": ["north"] * len(self.numbers)}
            ),
        )
        lines = [f"{p['patient_id']},{p.get('email')}" for p in self.people]
        engine.load("quarantine", pl.DataFrame({"line": range(len(lines)), "content": lines}))
        if self.consents:
            told = [
                {**dict.fromkeys(CONSENT), **c, "patient": self.numbers[c["patient_id"]]}
                for c in self.consents
            ]
            engine.load(
                "consent",
                pl.DataFrame(
                    [{name: row[name] for name in CONSENT} for row in told], schema=CONSENT
                ),
            )
        with engine.writing(path) as file:
            for table in TABLES:
                engine.copy(engine.table(table), into=file.table(table))
        engine.__exit__(None, None, None)
        return path

    def lists(self, engine: DuckDBEngine) -> Tables:
        """The suppression list, over the ready tables of an engine."""
        acts = self.journal.read()
        return suppression_list.load(engine, self.home, acts, engine.table("suppression"))

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
        self, engine: DuckDBEngine, order: Order, chosen: Sequence[str] | None = None
    ) -> dict[str, str | None]:
        """The first reason of each member, None where exported. Leaves `export_checked` ready."""
        names = list(self.numbers) if chosen is None else list(chosen)
        rows = [(self.numbers[name], name not in self.refusing) for name in names]
        engine.load(
            "eligible",
            pl.DataFrame(
                rows, schema={"patient": pl.Int64, "contactable": pl.Boolean}, orient="row"
            ),
        )
        request = ProcessingRequest(
            "prevention", (order.channel,), order.topic, ("identity",), Clocks(order.at, order.at)
        )
        eligible = Eligible(request, order.snapshot, "0" * 64, "eligible")
        members.build(engine, eligible, (), [()])
        tables = engine.named() | self.lists(engine)
        question = suppression_list.ListQuestion(
            order.channel, order.purpose, order.topic, order.at, order.layout.identifier
        )
        engine.adopt("suppressed", suppression_list.suppressed(engine, tables, question))
        planned = preference.PlannedContact(self.channel, order.topic, order.sent_at)
        engine.adopt("preferring", preference.denied(engine, tables, planned))
        since = preference.window_start(engine, tables, planned)
        contacts.contacts(engine, self.registry(), since)
        engine.adopt("capped", preference.capped(engine, engine.named(), planned))
        members.check(engine, KEYS, order.layout.identifier, order.segment, order.holdout)
        query = (
            "SELECT patient_id, reason FROM export_checked JOIN identity USING (patient) ORDER BY 1"
        )
        found = engine.connection.execute(query).fetchall()
        reasons = (None, *members.REASONS)
        return {name: reasons[reason] for name, reason in found}

    def export(
        self,
        destination: Destination = CHECK,
        layout: ExportLayout | None = None,
        **changed: Any,
    ) -> Export:
        order = self.order(destination, layout, **changed)
        engine = self.open()
        try:
            with self.registry().alone():
                self.checked(engine, order)
                return commit.commit(engine, self.registry(), order, exact)
        finally:
            engine.__exit__(None, None, None)

    def reasons(self, **changed: Any) -> dict[str, str | None]:
        engine = self.open()
        try:
            return self.checked(engine, self.order(CHECK, **changed))
        finally:
            engine.__exit__(None, None, None)

    def later(self, **by: Any) -> None:
        self.clock[0] += timedelta(**by)


def exact(histogram: Histogram) -> dict[str, Noised]:
    """A `publish` that adds no noise: only tests may."""
    assert len(histogram.labels) == len(histogram.counts)
    return {
        line: Noised(sum(histogram.counts[place] for place in places), Interval(0, 9))
        for line, places in histogram.sums.items()
    }


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
