"""The project's private folder: snapshots, states, and engines opened on them.

The journal says which snapshot is in use: the one its last `ingest` entry names. So the switch is
one committed entry; a killed ingest leaves the old snapshot in use, and its unfinished file is
swept by the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.errors import Refusal, UsageError
from segmenter.model import Snapshot, stamp
from segmenter.private import files

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine
    from segmenter.journal.journal import Journal, JournalEntry
    from segmenter.private.keys import Keys
    from segmenter.store.bound import Bound

INGESTED = "ingest"  # the journal kind of an entry that puts a snapshot in use
FOLDERS = (
    "snapshots",
    "states",
    "releases",
    "exports",
    "registers",
    "suppressions",
    "reports",
    "spill",
    "locks",
)


@dataclass(frozen=True, slots=True)
class Store:
    """Where a project's data lies. `home` is `.segmenter/` (mode 700)."""

    home: Path
    keys: Keys
    encrypted: bool = True
    bound: Bound | None = None  # what the journal says of files; each is checked when it is opened

    def prepare(self) -> None:
        """Make the private folders that are missing, and sweep what killed writers left in them."""
        for name in ("", *FOLDERS):
            folder = self.home / name
            folder.mkdir(mode=0o700, exist_ok=True, parents=True)
            files.sweep(folder)

    def lock(self, name: str) -> Path:
        """The file that processes lock for one kind of work."""
        return self.home / "locks" / f"{name}.lock"

    def engine(self) -> DuckDBEngine:
        """A fresh engine whose spills go, encrypted, to the project's own folder.

        A context manager.
        """
        from segmenter.engine import DuckDBEngine

        key = self.keys.file_key() if self.encrypted else None
        check = None if self.bound is None else self.bound.require
        return DuckDBEngine(self.home / "spill", key, check=check)

    def expect_engine(self) -> None:
        """Begin to start an engine on another thread.

        A verb that will need one reads its project and pays meanwhile.
        """
        from segmenter.engine.duckdb import warmup

        warmup.begin(encrypted=self.encrypted)

    # -- which snapshot ----------------------------------------------------------------------------

    def snapshots(self, journal: Journal) -> list[Snapshot]:
        """The snapshots that are still there, oldest first."""
        found = []
        for entry in journal.read(INGESTED):
            snapshot = self._snapshot(entry)
            if snapshot.path.is_file():
                found.append(snapshot)
        return found

    def current(self, journal: Journal) -> Snapshot:
        """The newest snapshot; `UsageError` if there is none."""
        made = journal.read(INGESTED)
        if not made:
            msg = "there is no snapshot yet"
            raise UsageError(msg, hint="run `segmenter ingest`")
        snapshot = self._snapshot(made[-1])
        if not snapshot.path.is_file():
            msg = "the snapshot in use is missing"
            raise UsageError(msg, file=snapshot.path, hint="run `segmenter ingest`")
        return snapshot

    def known(self, journal: Journal, known_at: datetime) -> Snapshot:
        """The snapshot that was current at `known_at`.

        Refused if it is gone, or there was none yet (C11 to C13: undated facts).
        """
        snapshot = None
        for entry in journal.read(INGESTED):
            made = self._snapshot(entry)
            if made.taken_at <= known_at:
                snapshot = made
        if snapshot is None or not snapshot.path.is_file():
            raise Refusal(
                "known_at",
                "what was known then cannot be said: "
                "the snapshot of that moment is gone, or there was none yet",
                hint="ask with a later --known-at; "
                "links, deaths and ages are those of the snapshot of that time",
            )
        return snapshot

    def _snapshot(self, entry: JournalEntry) -> Snapshot:
        body = entry.body
        name = str(body["snapshot"])
        return Snapshot(
            id=name,
            path=self.home / "snapshots" / f"{name}.duckdb",
            taken_at=datetime.fromisoformat(str(body["taken_at"])),
            time_zone=str(body["time_zone"]),
        )

    def state_path(self, snapshot: Snapshot, policy_hash: str) -> Path:
        """Where the decisions derived from a snapshot under a policy lie."""
        name = f"{snapshot.id}-{policy_hash[:16]}"
        return self.home / "states" / f"{name}.duckdb"


def ingest_body(snapshot: Snapshot, policy_hash: str) -> dict[str, str]:
    """The journal's entry that puts a snapshot in use."""
    taken_at = stamp(snapshot.taken_at.astimezone(UTC))
    return {
        "snapshot": snapshot.id,
        "taken_at": taken_at,
        "time_zone": snapshot.time_zone,
        "policy": policy_hash,
    }
