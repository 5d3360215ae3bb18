"""A world on the engine: its snapshot written, its state settled, its decisions read back by
patient id.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from oracle.consent import World
from segmenter.consent import gate as consent
from segmenter.consent import state
from segmenter.consent.scopes import Scopes
from segmenter.engine import DuckDBEngine
from segmenter.model import Clocks, ProcessingRequest, Snapshot
from segmenter.project.policy import Policy
from world import snapshots
from world.histories import TAKEN_AT, Given
from world.policies import policy_of

MEMORY = (
    "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
)  # a folder in memory: nothing of a test needs to reach the disk
Question = tuple[str, str | None, str | None, str]


@dataclass(frozen=True)
class Settled:
    """An engine with a snapshot and its state exposed."""

    engine: DuckDBEngine
    policy: Policy
    snapshot: Snapshot
    state: Path
    given: Given

    @property
    def names(self) -> dict[int, str]:
        return {number: name for name, number in snapshots.numbers(self.engine).items()}

    def allowed(self) -> dict[str, set[Question]]:
        """What each patient may be used for."""
        scopes, names = Scopes.of(self.policy), self.names
        found = {}
        for patient, *words in self.engine.connection.execute(
            f"SELECT patient, {', '.join(f'allow_{w}' for w in range(scopes.words))} FROM person"
        ).fetchall():
            found[names[patient]] = {
                (b.purpose, b.channel, b.topic, b.category)
                for b in scopes.bits_
                if words[b.word] & b.mask
            }
        return found

    def representatives(self, request: ProcessingRequest) -> list[str]:
        """The ids that the gate lets through."""
        eligible = consent.gate(self.engine, self.policy, self.snapshot, request)
        names = self.names
        return sorted(
            names[p]
            for (p,) in self.engine.connection.execute(
                f"SELECT patient FROM {eligible.table}"
            ).fetchall()
        )

    def ask_at(self, clocks: Clocks) -> None:
        """Turn to other clocks."""
        state.ask_at(self.engine, self.policy, self.snapshot, snapshots.bare_profile, clocks)

    def rows(self) -> dict[str, list[Any]]:
        """Everything the state holds, in order."""
        tables = ("person", "kin", "linked", "buried", "newest_denial", "newest_grant")
        return {
            t: sorted(
                self.engine.connection.execute(f"SELECT * FROM state.{t}").fetchall(), key=repr
            )
            for t in tables
        }


def oracle(given: Given) -> World:
    """The plain reading of the same world."""
    return World.read(given.policy, given.patients, given.consents, given.links, given.erased)


@contextlib.contextmanager
def settled(
    given: Given,
    taken_at: datetime = TAKEN_AT,
    after: Settled | None = None,
    changed: dict[str, int | None] | None = None,
) -> Iterator[Settled]:
    """Settle a world; `after` is the world before, and `changed` the ids whose rows differ from it,
    with the first new event or None.
    """
    policy = policy_of(given.policy)
    with (
        tempfile.TemporaryDirectory(dir=MEMORY) as folder,
        DuckDBEngine(Path(folder) / "spill", None) as engine,
    ):
        ids = snapshots.numbers(after.engine) if after else None
        snapshot = snapshots.write(
            engine,
            Path(folder) / "snapshot.duckdb",
            policy,
            taken_at,
            given.patients,
            given.consents,
            given.links,
            given.erased,
            ids=ids,
        )
        engine.attach("snapshot", snapshot.path)
        engine.expose("snapshot")
        state_file = Path(folder) / "state.duckdb"
        if after:
            ids = snapshots.numbers(engine)
            rows = [(ids[name], since) for name, since in (changed or {}).items() if name in ids]
            engine.load(
                "changed",
                pl.DataFrame(rows, schema={"patient": pl.Int64, "since": pl.Int64}, orient="row"),
            )
        state.settle(
            engine,
            policy,
            snapshot,
            state_file,
            snapshots.bare_profile,
            previous=after.state if after else None,
        )
        engine.attach("state", state_file)
        engine.expose("state")
        yield Settled(engine, policy, snapshot, state_file, given)


def requests(policy: Policy, clocks: Clocks) -> Iterator[ProcessingRequest]:
    """One request for each purpose and topic: all its channels, and its first two categories."""
    for purpose in policy.purposes.values():
        for topic in purpose.topics or (None,):
            yield ProcessingRequest(
                purpose.name, purpose.channels, topic, purpose.categories[:2], clocks
            )
