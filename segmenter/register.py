"""Registers of exports: for each one an encrypted file of its members, as numbers only, that the journal names.

They answer who was contacted when (caps), who has to be recalled, and who was in a leaked file.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from segmenter.errors import Refusal
from segmenter.model import naive_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from segmenter.control import Entry as Act
    from segmenter.engine import DuckDBEngine

EXPORTED = "export"  # journal kinds
RETAINED = "retain"
WRITING = "registering"  # the alias of the file being written
READING = "registered_file"


PLAIN = ("export", "alias", "segment", "purpose", "topic", "channel", "destination", "snapshot", "file", "previous")


@dataclass(frozen=True, slots=True)
class Registered:
    """One committed export, as the journal has it. Times aware, UTC; `expires_at` ends the use of its file."""

    export: str
    alias: str
    segment: str
    purpose: str
    topic: str | None
    channel: str
    destination: str
    columns: tuple[str, ...]
    categories: tuple[str, ...]
    snapshot: str
    file: str
    at: datetime
    sent_at: datetime
    expires_at: datetime
    previous: str | None

    @classmethod
    def of(cls, act: Act) -> Registered:
        """Read a journal entry."""
        body = act.body
        plain: dict[str, Any] = {name: body[name] for name in PLAIN}
        plain |= {name: datetime.fromisoformat(str(body[name])) for name in ("sent_at", "expires_at")}
        return cls(columns=tuple(body["columns"]), categories=tuple(body["categories"]), at=act.at, **plain)


def registered(acts: Iterable[Act]) -> list[Registered]:
    """All committed exports whose registers are kept, oldest first."""
    acts = list(acts)
    gone = {name for act in acts if act.kind == RETAINED for name in act.body.get("exports", ())}
    return [Registered.of(act) for act in acts if act.kind == EXPORTED and act.body["export"] not in gone]


def path(home: Path, export: str) -> Path:
    """Where the register of an export lies."""
    return home / "registers" / f"{export}.duckdb"


def write(engine: DuckDBEngine, home: Path, export: str) -> None:
    """Write the register of an export from the ready table `export_checked`; whole on disk, or absent."""
    final = path(home, export)
    part = final.with_name(f".{export}.part")
    part.unlink(missing_ok=True)
    engine.attach(WRITING, part, write=True)
    engine.make(f"{WRITING}.member", "register_member")
    engine.detach(WRITING)
    part.replace(final)


def read(engine: DuckDBEngine, home: Path, export: str, name: str = "registered") -> None:
    """Make the temporary table `name` (patient, pseudonym, address) of an export's members.

    A register that is missing refuses (`register`): without it neither caps nor recalls can be decided.
    """
    file = path(home, export)
    if not file.is_file():
        raise Refusal("register", "the register of an earlier export is missing", hint="restore .segmenter/registers from a backup")
    engine.attach(READING, file)
    engine.alias("register_row", f"{READING}.member")
    engine.make(name, "register_copy")
    engine.forget(["register_row"])
    engine.detach(READING)


def contacts(engine: DuckDBEngine, home: Path, exports: Sequence[Registered], since: datetime | None) -> None:
    """Make the table `contact` (patient, exported_at, channel, topic) of all that was exported since a moment; None: of nothing."""
    engine.create("contact", {"patient": "BIGINT", "exported_at": "TIMESTAMP", "channel": "VARCHAR", "topic": "VARCHAR"})
    if since is None:
        return
    for one in exports:
        if naive_utc(max(one.at, one.sent_at)) > since:
            read(engine, home, one.export)
            values = {"exported_at": naive_utc(one.sent_at), "channel": one.channel, "topic": one.topic}
            engine.add("contact", "register_contact", values)
            engine.forget(["registered"])


def recover(home: Path, acts: Iterable[Act]) -> None:
    """Finish or sweep what a killed export left: what the journal names becomes visible, all else goes. Call under the export lock."""
    known = {str(act.body["export"]) for act in acts if act.kind == EXPORTED}
    for part in (home / "exports").glob(".*.part"):
        export = part.name[1:].removesuffix(".part")
        final = home / "exports" / export
        if export in known and not final.exists():
            part.rename(final)
        else:
            shutil.rmtree(part, ignore_errors=True)
    for file in (home / "registers").iterdir():
        if file.stem not in known or file.name.startswith("."):
            file.unlink(missing_ok=True)


def expiry(at: datetime, days: int) -> datetime:
    """When the use of a file made at a moment ends."""
    return at.astimezone(UTC) + timedelta(days=days)
