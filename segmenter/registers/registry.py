"""The register files of exports and recalls, and the one lock under which they change.

A register is an encrypted file of one table `member`: who is in a file, as numbers only. The
journal names it. What a killed process left is finished or swept by the next one that holds the
lock: whatever the journal names becomes visible, everything else goes.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.errors import Refusal
from segmenter.journal.journal import locked
from segmenter.private.files import new_file, sync_folder
from segmenter.registers.exports import (
    EXPORTED,
    MANIFEST,
    RECALLED,
    RETAINED,
    RegisteredExport,
    registered_exports,
)
from segmenter.store.bound import Bound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from segmenter.engine import Engine, Table
    from segmenter.journal.journal import Act, Journal, JournalEntry
    from segmenter.model import Actor
    from segmenter.private.keys import Keys

    Settle = Callable[[list[JournalEntry]], Mapping[str, Any]]
    Commit = Callable[[str, Settle], Path]


@dataclass(frozen=True, slots=True)
class Registry:
    """The registers of one project, and who acts.

    `region` is the default region of phone numbers.
    """

    home: Path
    keys: Keys
    journal: Journal
    actor: Actor
    region: str

    # -- places ------------------------------------------------------------------------------------

    @property
    def spill(self) -> Path:
        """Where pipes lie while a file is written."""
        return self.home / "spill"

    def folder(self, act: str) -> Path:
        """Where the files of an export or recall lie."""
        return self.home / "exports" / act

    def register_file(self, act: str) -> Path:
        """Where the register of an export or recall lies."""
        return self.home / "registers" / f"{act}.duckdb"

    def snapshot_file(self, snapshot: str) -> Path:
        """Where a snapshot lies, if it is still there."""
        return self.home / "snapshots" / f"{snapshot}.duckdb"

    @property
    def bound(self) -> Bound:
        """The files of the private folder, as the journal has them."""
        return Bound(self.journal)

    def rewriting(self, file: Path) -> AbstractContextManager[Path]:
        """Like `new_file`, for a file that is in use: the journal is told before (P4)."""
        return self.bound.rewriting(self.actor.account, file)

    # -- what the journal says ---------------------------------------------------------------------

    def exports(self) -> list[RegisteredExport]:
        """All committed exports whose registers are kept, oldest first."""
        return registered_exports(self.journal.read(EXPORTED, RETAINED))

    def record(self, kind: str, body: Mapping[str, Any]) -> JournalEntry:
        """Leave an entry of this actor in the journal."""
        return self.journal.append(self.actor.account, kind, body)

    # -- register files ----------------------------------------------------------------------------

    def write(self, engine: Engine, act: str, relation: str, reads: Mapping[str, Table]) -> None:
        """Write the register of an export or recall: the rows of a relation."""
        with new_file(self.register_file(act)) as part, engine.writing(part) as file:
            engine.make(relation, reads=reads, into=file.table("member"))

    def read(self, engine: Engine, act: str) -> Table:
        """The rows of a register: patient, pseudonym, and address or export.

        Raises `Refusal` (`register`) if the register is missing: without it neither caps nor
        recalls can be decided.
        """
        file = self.register_file(act)
        if not file.is_file():
            raise Refusal(
                "register",
                "the register of an earlier export is missing",
                file=file,
                hint="restore .segmenter/registers from a backup",
            )
        with engine.scope() as scope:
            rows = engine.attach(file)["member"]
            return scope.keep(engine.copy(rows))

    def delete_payload(self, act: str) -> list[Path]:
        """Delete the files of an export; the manifest stays, since it names nobody."""
        files = [path for path in self.folder(act).glob("*") if not path.name.endswith(MANIFEST)]
        for path in files:
            path.unlink()
        return files

    # -- the lock ----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the one lock of all exports, recalls and erasures."""
        with locked(self.home / "locks" / "export.lock"):
            self.recover()
            yield

    def recover(self) -> None:
        """Finish or sweep what a killed export or recall left. Under the lock only."""
        acts = self.journal.read(EXPORTED, RECALLED)
        known = {str(act.body.get("export") or act.body.get("recall")) for act in acts}
        for part in (self.home / "exports").glob(".*.part"):
            act = part.name[1:].removesuffix(".part")
            if act in known and not self.folder(act).exists():
                part.rename(self.folder(act))
            else:
                shutil.rmtree(part, ignore_errors=True)
        for pipe in self.spill.glob("pipe-*"):
            pipe.unlink(missing_ok=True)
        for file in (self.home / "registers").iterdir():
            if file.stem not in known or file.name.startswith("."):
                file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def committing(self, act: str) -> Iterator[tuple[Path, Commit]]:
        """Give a hidden folder for the files of `act`, and the function that commits them.

        The function writes the journal entry, then makes the folder visible. `settle(entries)`
        gives the body of the entry: it sees every entry that has a smaller number, and nobody can
        write one meanwhile. If anything fails, the journal says what becomes of it: nothing is
        left, or all of it is there.
        """
        part = self.home / "exports" / f".{act}.part"
        part.mkdir(mode=0o700)

        def commit(kind: str, settle: Settle) -> Path:
            def choose(entries: list[JournalEntry]) -> Act:
                body = {**settle(entries), **self.bound.files(self.register_file(act))}
                sync_folder(part)
                return self.actor.account, kind, body

            self.journal.decide(choose)
            final = part.rename(self.folder(act))
            sync_folder(final.parent)
            return final

        try:
            yield part, commit
        except BaseException:
            with contextlib.suppress(Exception):
                self.recover()
            raise
