"""Retention: what the policy's `retention` (days) says is over goes, and the trail says what.

`exports`: payload files after their use ended (default 30, the use of a file). `registers`:
registers of exports (default 1,095; never before their files). `snapshots`: snapshots not in use
(default 30), kept while an export made from one may still be recalled. `prospects`: people without
facts whose last own contact is longer ago (default 1,095).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from segmenter.erasure import erase
from segmenter.errors import Refusal
from segmenter.export import register
from segmenter.model import Documented, naive_utc
from segmenter.suppression.entry import frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.export.register import Place

    Engines = Callable[[], AbstractContextManager[DuckDBEngine]]

DEFAULTS: Mapping[str, int] = {
    "exports": register.FILE_DAYS,
    "registers": 1095,
    "snapshots": 30,
    "prospects": 1095,
}


@dataclass(frozen=True, slots=True)
class Retained(Documented):
    """What went: names of exports, registers and snapshots, and whether prospects were removed (how many is nobody's business here)."""

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
        }
        return {"removed": {**removed, "prospects": self.prospects}}


def retain(
    engines: Engines,
    place: Place,
    retention: Mapping[str, int],
    snapshots: Mapping[str, datetime],
    now: datetime,
) -> Retained:
    """Apply the limits. `snapshots` maps every snapshot's id to its `taken_at`. Inside `register.alone` and the ingest lock.

    Raises `Refusal` (`roles`) for whoever is neither officer nor operator.
    """
    if not place.actor.sees_row_counts:
        raise Refusal("roles", "only an officer or operator applies the retention limits")
    limits = {**DEFAULTS, **retention}
    files = _exports(place, now)
    registers = _registers(place, now - timedelta(days=max(limits["registers"], limits["exports"])))
    old = _snapshots(place, snapshots, now, now - timedelta(days=limits["snapshots"]))
    gone = _prospects(engines, place, now - timedelta(days=limits["prospects"]))
    made = Retained(files, registers, old, gone)
    place.journal.append(
        place.actor.account,
        register.RETAINED,
        {"exports": list(registers), "files": list(files), "snapshots": list(old)},
    )
    for name in registers:
        register.path(place.home, name).unlink(missing_ok=True)
    return made


def _exports(place: Place, now: datetime) -> tuple[str, ...]:
    """Delete the payload of every export whose use ended; manifests stay."""
    ended = [
        one.export
        for one in register.registered(place.journal.read(register.EXPORTED, register.RETAINED))
        if one.expires_at <= now
    ]
    return tuple(name for name in ended if erase.delete_payload(place.home / "exports" / name))


def _registers(place: Place, before: datetime) -> tuple[str, ...]:
    found = register.registered(place.journal.read(register.EXPORTED, register.RETAINED))
    return tuple(one.export for one in found if max(one.at, one.expires_at) <= before)


def _snapshots(
    place: Place, taken: Mapping[str, datetime], now: datetime, before: datetime
) -> tuple[str, ...]:
    """Delete old snapshots and their states, but not the one in use, nor one that an export still in use was made from."""
    exports = register.registered(place.journal.read(register.EXPORTED, register.RETAINED))
    needed = {place.snapshot.id, *(one.snapshot for one in exports if now < one.expires_at)}
    removed = []
    for name, taken_at in taken.items():
        path = place.snapshot_file(name)
        if name not in needed and taken_at <= before and path.is_file():
            _delete(place.home, path)
            removed.append(name)
    return tuple(removed)


def _delete(home: Path, snapshot: Path) -> None:
    for state in (home / "states").glob(f"{snapshot.stem}-*"):
        state.unlink()
    snapshot.unlink()


def _prospects(engines: Engines, place: Place, since: datetime) -> bool:
    """Write the snapshot in use anew without dormant prospects, where there are any. They leave no tombstone: they may come back."""
    return erase.rewrite_snapshot(engines, place.snapshot.path, lambda engine: _find(engine, since))


def _find(engine: DuckDBEngine, since: datetime) -> None:
    engine.create("active_patient", {"patient": "BIGINT"})
    for table in engine.tables(erase.OLD):
        if table.startswith("fact_"):
            engine.alias("active_source", f"{erase.OLD}.{table}")
            engine.add("active_patient", "active_row")
    engine.load("tombstone", frame(()))
    engine.make("gone", "dormant_patient", {"since": naive_utc(since)})
