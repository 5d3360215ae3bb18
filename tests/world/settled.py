"""A world on the engine: its snapshot written, its state settled, its decisions read back by
patient id.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from oracle.consent import World
from segmenter.consent import gate, state
from segmenter.consent.scopes import Scopes
from segmenter.engine import DuckDBEngine, Table, Tables
from segmenter.model import Clocks, ProcessingRequest, Snapshot
from segmenter.project.policy import Policy
from world import snapshots
from world.histories import TAKEN_AT, Given
from world.policies import policy_of

# A folder in memory: nothing of a test needs to reach the disk.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
STATE_TABLES = ("person", "linked_patient", "links", "erasures", "newest_denial", "newest_grant")
Question = tuple[str, str | None, str | None, str]
Changed = Mapping[str, int | None]  # ids whose rows differ, each with its first new event or None


@dataclass
class Settled:
    """A snapshot and its state on an engine, and the decisions at the clocks last asked for."""

    engine: DuckDBEngine
    policy: Policy
    snapshot: Snapshot
    tables: Tables
    state: Path
    given: Given
    decisions: Tables = field(init=False)

    def __post_init__(self) -> None:
        self.decisions = self.state_tables

    @property
    def state_tables(self) -> Tables:
        """What the state holds."""
        return self.engine.attach(self.state)

    @property
    def names(self) -> dict[int, str]:
        """The patient id of each surrogate."""
        return {
            number: name for name, number in snapshots.numbers(self.engine, self.tables).items()
        }

    def allowed(self) -> dict[str, set[Question]]:
        """What each patient may be used for."""
        scopes = Scopes.of(self.policy)
        columns = ", ".join(f"allow_{word}" for word in range(scopes.words))
        person = self.decisions["person"].name
        rows = self.engine.connection.execute(f"SELECT patient, {columns} FROM {person}").fetchall()
        names = self.names
        allowed = {}
        for patient, *words in rows:
            allowed[names[patient]] = {
                (bit.purpose, bit.channel, bit.topic, bit.category)
                for bit in scopes.bits
                if words[bit.word] & bit.mask
            }
        return allowed

    def representatives(self, request: ProcessingRequest) -> list[str]:
        """The ids that the gate lets through."""
        eligible = gate.gate(self.engine, self.policy, self.snapshot, self.decisions, request)
        read = f"SELECT patient FROM {eligible.table.name}"
        names = self.names
        return sorted(
            names[patient] for (patient,) in self.engine.connection.execute(read).fetchall()
        )

    def ask_at(self, clocks: Clocks) -> None:
        """Turn to other clocks."""
        self.decisions = state.decisions_at(
            self.engine, self.policy, self.snapshot, self.tables, self.state_tables, clocks
        )

    def erase_everyone(self) -> None:
        """Let every id be erased, from now on."""
        everyone = pl.DataFrame({"patient": list(self.names)})
        self.tables |= {"erased": self.engine.load(everyone)}

    def rows(self) -> dict[str, list[Any]]:
        """Everything the state holds, in order."""
        return {table: self._rows(table) for table in STATE_TABLES}

    def _rows(self, table: str) -> list[Any]:
        name = self.state_tables[table].name
        return sorted(self.engine.connection.execute(f"FROM {name}").fetchall(), key=repr)


def oracle(given: Given) -> World:
    """The plain reading of the same world."""
    return World.read(given.policy, given.patients, given.consents, given.links, given.erased)


@contextlib.contextmanager
def settled(
    given: Given,
    taken_at: datetime = TAKEN_AT,
    after: Settled | None = None,
    changed: Changed | None = None,
) -> Iterator[Settled]:
    """Settle a world. `after` is the world before, `changed` the ids whose rows differ."""
    policy = policy_of(given.policy)
    with (
        tempfile.TemporaryDirectory(dir=MEMORY) as folder,
        DuckDBEngine(Path(folder) / "spill", None) as engine,
    ):
        snapshot = snapshots.write(
            engine,
            Path(folder) / "snapshot.duckdb",
            policy,
            taken_at,
            given.patients,
            given.consents,
            given.links,
            given.erased,
            ids=None if after is None else snapshots.numbers(after.engine, after.tables),
        )
        tables = engine.attach(snapshot.path)
        before = None
        if after is not None:
            before = state.Before(after.state, _load_changed(engine, tables, changed or {}))
        path = Path(folder) / "state.duckdb"
        state.settle(engine, policy, snapshot, tables, path, before=before)
        yield Settled(engine, policy, snapshot, tables, path, given)


@contextlib.contextmanager
def settled_anew(place: Settled) -> Iterator[Settled]:
    """The same snapshot, its state made from all events."""
    path = place.state.with_name("anew.duckdb")
    with DuckDBEngine(path.parent / "spill", None) as engine:
        tables = engine.attach(place.snapshot.path)
        state.settle(engine, place.policy, place.snapshot, tables, path)
        yield Settled(engine, place.policy, place.snapshot, tables, path, place.given)


def _load_changed(engine: DuckDBEngine, tables: Tables, changed: Changed) -> Table:
    ids = snapshots.numbers(engine, tables)
    rows = [(ids[name], since) for name, since in changed.items() if name in ids]
    schema = {"patient": pl.Int64, "since": pl.Int64}
    return engine.load(pl.DataFrame(rows, schema=schema, orient="row"))


def requests(policy: Policy, clocks: Clocks) -> Iterator[ProcessingRequest]:
    """One request for each purpose and topic: all its channels, and its first two categories."""
    for purpose in policy.purposes.values():
        for topic in purpose.topics or (None,):
            categories = purpose.categories[:2]
            yield ProcessingRequest(purpose.name, purpose.channels, topic, categories, clocks)
