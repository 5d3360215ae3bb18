"""Registers of exports: for each one an encrypted file of its members, as numbers only, that the journal names.

They answer who was contacted when (caps), who has to be recalled, and who was in a leaked file.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from segmenter.errors import Refusal
from segmenter.export.destination import Layout
from segmenter.journal.journal import locked
from segmenter.model import naive_utc
from segmenter.store.files import new_file, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.journal.journal import Entry as Act
    from segmenter.journal.journal import Journal
    from segmenter.model import Actor, Snapshot
    from segmenter.store.keys import Keys

EXPORTED = "export"  # journal kinds
RECALLED = "recall"
ACKNOWLEDGED = "recall_ack"
RETAINED = "retain"
WRITING = "registering"  # the alias of the file being written
READING = "registered_file"
FILE_DAYS = 30  # how long a file may be used, unless the policy's retention says


PLAIN = (
    "export", "alias", "segment", "purpose", "topic", "channel", "destination", "snapshot", "file", "previous", "identifier", "format",
    "audience", "recipient",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where, by whom and under what an export or a recall is made. `file_days`: how long a file may be used."""

    home: Path
    keys: Keys
    journal: Journal
    actor: Actor
    snapshot: Snapshot
    policy_hash: str
    region: str
    file_days: int = FILE_DAYS
    unsubscribe_url: str | None = None

    @property
    def spill(self) -> Path:
        """Where pipes of this program lie while a file is written."""
        return self.home / "spill"

    def snapshot_file(self, snapshot: str) -> Path:
        """Where a snapshot lies, if it is still there."""
        return self.home / "snapshots" / f"{snapshot}.duckdb"


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
    identifier: str
    format: str
    audience: str | None
    recipient: str | None

    @property
    def layout(self) -> Layout:
        """What the file held."""
        return Layout(self.columns, self.identifier, self.categories, self.audience, self.format)

    @classmethod
    def of(cls, act: Act) -> Registered:
        """Read a journal entry."""
        body = act.body
        plain: dict[str, Any] = {name: body[name] for name in PLAIN}
        plain |= {
            name: datetime.fromisoformat(str(body[name])) for name in ("sent_at", "expires_at")
        }
        return cls(
            columns=tuple(body["columns"]), categories=tuple(body["categories"]), at=act.at, **plain
        )


def registered(acts: Iterable[Act]) -> list[Registered]:
    """All committed exports whose registers are kept, oldest first."""
    acts = list(acts)
    gone = {name for act in acts if act.kind == RETAINED for name in act.body.get("exports", ())}
    return [
        Registered.of(act)
        for act in acts
        if act.kind == EXPORTED and act.body["export"] not in gone
    ]


def path(home: Path, export: str) -> Path:
    """Where the register of an export lies."""
    return home / "registers" / f"{export}.duckdb"


def write(engine: DuckDBEngine, home: Path, act: str, relation: str = "register_member") -> None:
    """Write the register of an export (or recall) from a relation; whole on disk, or absent."""
    with new_file(path(home, act)) as part:
        engine.attach(WRITING, part, write=True)
        engine.make(f"{WRITING}.member", relation)
        engine.detach(WRITING)


def read(
    engine: DuckDBEngine,
    home: Path,
    act: str,
    name: str = "registered",
    relation: str = "register_copy",
) -> None:
    """Make the temporary table `name` (patient, pseudonym, address) of an export's members, or what `relation` reads of `register_row`.

    A register that is missing refuses (`register`): without it neither caps nor recalls can be
    decided.
    """
    file = path(home, act)
    if not file.is_file():
        raise Refusal(
            "register",
            "the register of an earlier export is missing",
            hint="restore .segmenter/registers from a backup",
        )
    engine.attach(READING, file)
    engine.alias("register_row", f"{READING}.member")
    engine.make(name, relation)
    engine.forget(["register_row"])
    engine.detach(READING)


def contacts(
    engine: DuckDBEngine, home: Path, exports: Sequence[Registered], since: datetime | None
) -> None:
    """Make the table `contact` (patient, exported_at, channel, topic) of all that was exported since a moment; None: of nothing."""
    engine.create(
        "contact",
        {"patient": "BIGINT", "exported_at": "TIMESTAMP", "channel": "VARCHAR", "topic": "VARCHAR"},
    )
    if since is None:
        return
    for one in exports:
        if naive_utc(max(one.at, one.sent_at)) > since:
            read(engine, home, one.export)
            values = {
                "exported_at": naive_utc(one.sent_at),
                "channel": one.channel,
                "topic": one.topic,
            }
            engine.add("contact", "register_contact", values)
            engine.forget(["registered"])


@contextlib.contextmanager
def alone(home: Path, journal: Journal) -> Iterator[None]:
    """Hold the one lock of all exports, recalls and erasures, with what a killed one left finished or swept."""
    with locked(home / "locks" / "export.lock"):
        recover(home, journal)
        yield


def recover(home: Path, journal: Journal) -> None:
    """Finish or sweep what a killed export or recall left: what the journal names becomes visible, all else goes. Under the lock only."""
    known = {
        str(act.body.get("export") or act.body.get("recall"))
        for act in journal.read(EXPORTED, RECALLED)
    }
    for part in (home / "exports").glob(".*.part"):
        act = part.name[1:].removesuffix(".part")
        if act in known and not (home / "exports" / act).exists():
            part.rename(home / "exports" / act)
        else:
            shutil.rmtree(part, ignore_errors=True)
    for pipe in (home / "spill").glob("pipe-*"):
        pipe.unlink(missing_ok=True)
    for file in (home / "registers").iterdir():
        if file.stem not in known or file.name.startswith("."):
            file.unlink(missing_ok=True)


@contextlib.contextmanager
def committing(
    place: Place, act: str
) -> Iterator[tuple[Path, Callable[[str, Mapping[str, Any]], Path]]]:
    """A hidden folder to write the files of `act` into, and the function that commits it: journal entry first, then visible.

    Where anything fails the journal says what becomes of it: nothing is left, or all of it is
    there.
    """
    part = place.home / "exports" / f".{act}.part"
    part.mkdir(mode=0o700)

    def commit(kind: str, body: Mapping[str, Any]) -> Path:
        sync_folder(part)
        place.journal.append(place.actor.account, kind, body)
        final = part.rename(place.home / "exports" / act)
        sync_folder(final.parent)
        return final

    try:
        yield part, commit
    except BaseException:
        with contextlib.suppress(Exception):
            recover(place.home, place.journal)
        raise


def expiry(at: datetime, days: int) -> datetime:
    """When the use of a file made at a moment ends."""
    return at.astimezone(UTC) + timedelta(days=days)
