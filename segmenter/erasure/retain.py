"""Retention: what the policy's `retention` (days) says is over goes, and the trail says what.

exports     payload files after their use ended (default 30, the use of a file)
registers   registers of exports (default 1,095; never before their files)
snapshots   snapshots not in use (default 30), kept while an export made from one may still be
            recalled
prospects   people without facts whose last own contact is longer ago (default 1,095)
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from segmenter.erasure import rewrite
from segmenter.errors import Refusal
from segmenter.model import Documented, naive_utc
from segmenter.registers.entries import entry_table
from segmenter.registers.exports import FILE_DAYS, RETAINED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from segmenter.engine import Engine, Tables
    from segmenter.model import Snapshot
    from segmenter.registers.registry import Registry

    Engines = Callable[[], AbstractContextManager[Engine]]

DEFAULTS: Mapping[str, int] = {
    "exports": FILE_DAYS,
    "registers": 1095,
    "snapshots": 30,
    "prospects": 1095,
}


@dataclass(frozen=True, slots=True)
class Retained(Documented):
    """What went: names of exports, registers and snapshots, and whether prospects were removed.

    How many prospects is not said.
    """

    exports: tuple[str, ...]
    registers: tuple[str, ...]
    snapshots: tuple[str, ...]
    prospects: bool

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        removed = {
            "exports": list(self.exports),
            "registers": list(self.registers),
            "snapshots": list(self.snapshots),
            "prospects": self.prospects,
        }
        return {"removed": removed}


def retain(
    engines: Engines,
    registry: Registry,
    snapshot: Snapshot,
    retention: Mapping[str, int],
    taken: Mapping[str, datetime],
    now: datetime,
) -> Retained:
    """Apply the limits. Inside `registry.alone` and the ingest lock.

    `snapshot` is the one in use, `taken` maps every snapshot's id to the time it was taken. Raises
    `Refusal` (`roles`) for whoever is neither officer nor operator.
    """
    if not registry.actor.sees_row_counts:
        raise Refusal("roles", "only an officer or operator applies the retention limits")
    limits = {**DEFAULTS, **retention}
    register_days = max(limits["registers"], limits["exports"])
    retained = Retained(
        exports=_delete_payloads(registry, now),
        registers=_old_registers(registry, now - timedelta(days=register_days)),
        snapshots=_delete_snapshots(
            registry, snapshot, taken, now, now - timedelta(days=limits["snapshots"])
        ),
        prospects=_remove_prospects(
            engines, registry, snapshot.path, now - timedelta(days=limits["prospects"])
        ),
    )
    body = {
        "exports": list(retained.registers),
        "files": list(retained.exports),
        "snapshots": list(retained.snapshots),
        **registry.bound.settled(),
    }
    registry.record(RETAINED, body)
    for export in retained.registers:  # only after the journal says that they go
        registry.register_file(export).unlink(missing_ok=True)
    return retained


def _delete_payloads(registry: Registry, now: datetime) -> tuple[str, ...]:
    """Delete the files of every export whose use ended; manifests stay."""
    deleted = []
    for export in registry.exports():
        has_ended = export.expires_at <= now
        if has_ended and registry.delete_payload(export.export):
            deleted.append(export.export)
    return tuple(deleted)


def _old_registers(registry: Registry, before: datetime) -> tuple[str, ...]:
    old = []
    for export in registry.exports():
        last_use = max(export.at, export.expires_at)
        if last_use <= before:
            old.append(export.export)
    return tuple(old)


def _delete_snapshots(
    registry: Registry,
    in_use: Snapshot,
    taken: Mapping[str, datetime],
    now: datetime,
    before: datetime,
) -> tuple[str, ...]:
    """Delete old snapshots and their states.

    The one in use stays, and those that an export whose file may still be used was made from.
    """
    needed = {export.snapshot for export in registry.exports() if now < export.expires_at}
    needed.add(in_use.id)
    deleted = []
    for snapshot, taken_at in taken.items():
        file = registry.snapshot_file(snapshot)
        if snapshot not in needed and taken_at <= before and file.is_file():
            for state in (registry.home / "states").glob(f"{snapshot}-*"):
                state.unlink()
            file.unlink()
            deleted.append(snapshot)
    return tuple(deleted)


def _remove_prospects(
    engines: Engines, registry: Registry, snapshot: Path, since: datetime
) -> bool:
    """Write the snapshot in use anew without dormant prospects, if there are any.

    They leave no tombstone: they may come back.
    """
    return rewrite.rewrite_snapshot(
        engines,
        snapshot,
        lambda engine, tables: _find_dormant(engine, tables, since),
        writing=registry.rewriting,
    )


def _find_dormant(engine: Engine, tables: Tables, since: datetime) -> rewrite.Leaving:
    """The dormant prospects of a snapshot; they leave no tombstones."""
    active = engine.create({"patient": "BIGINT"})
    for name, table in tables.items():
        if name.startswith("fact_"):
            engine.add(active, "active_row", reads={"active_source": table})
    reads = tables | {"active_patient": active}
    dormant = engine.make("dormant_patient", reads=reads, values={"since": naive_utc(since)})
    return rewrite.Leaving(dormant, engine.load(entry_table(())))
