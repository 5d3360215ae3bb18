"""Entries of a file are added to the imported lists. An import only tightens (S1, S6).

The newest file under `suppressions/` holds everything that was ever imported; the journal names it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.journal.journal import locked
from segmenter.model import Documented
from segmenter.private.files import new_file
from segmenter.registers.entries import FORGOTTEN, IMPORTED
from segmenter.store.bound import Bound
from segmenter.suppression.suppression_list import imported_file

if TYPE_CHECKING:
    from collections.abc import Collection
    from contextlib import AbstractContextManager
    from pathlib import Path

    from segmenter.engine import Engine, Table, Tables
    from segmenter.journal.journal import Journal
    from segmenter.model import Actor


@dataclass(frozen=True, slots=True)
class LineFault:
    """A line of an imported file that was set aside: where, under which rule, why."""

    origin: str
    line: int
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class FoundEntries:
    """What files hold: their `entries` (a suppression table), each once.

    `silent` is how many rows say nothing of anybody; `faults` are the lines that were set aside.
    """

    entries: Table
    silent: int = 0
    faults: tuple[LineFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported(Documented):
    """What an import did, in entries and lines; None if the actor may not see exact counts (P17).

    It holds no address.
    """

    created: int | None
    existing: int | None
    skipped: int | None
    quarantined: tuple[LineFault, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        lines = [
            {"file": fault.origin, "line": fault.line, "rule": fault.rule, "reason": fault.reason}
            for fault in self.quarantined
        ]
        return {
            "created": self.created,
            "existing": self.existing,
            "skipped": self.skipped,
            "quarantined": lines,
        }


def lock(home: Path) -> AbstractContextManager[None]:
    """The lock of imports, to be held from before the list is loaded until the import ended."""
    file = home / "locks" / "imports.lock"
    return locked(file)


def import_entries(
    engine: Engine,
    home: Path,
    journal: Journal,
    actor: Actor,
    lists: Tables,
    found: FoundEntries,
) -> Imported:
    """Add the entries of files to the imported lists.

    An entry that was known before adds nothing (S6). `lists` is the suppression list, loaded under
    `lock`. The new entries hold for every process from the instant this returns.
    """
    reads = {
        "suppression_incoming": found.entries,
        "suppression_known": lists["suppression_known"],
    }
    new = engine.make("import_new", reads=reads)
    created = engine.count(new)
    if created:
        _write(engine, home, journal, actor, lists["suppression_imported"], new)
    if not actor.sees_row_counts:
        return Imported(None, None, None, ())
    existing = engine.count(found.entries) - created
    return Imported(created, existing, found.silent, found.faults)


def _write(
    engine: Engine, home: Path, journal: Journal, actor: Actor, before: Table, new: Table
) -> None:
    """Write the next file of imported lists, and let the journal name it."""
    reads = {"suppression_imported": before, "import_new": new}
    newest = imported_file(home, journal.read(IMPORTED, FORGOTTEN))
    name = f"{secrets.token_hex(8)}.duckdb"
    file = home / "suppressions" / name
    with new_file(file) as part, engine.writing(part) as written:
        engine.make("import_all", reads=reads, into=written.table("suppression"))
    journal.append(actor.account, IMPORTED, {"file": name, **Bound(journal).files(file)})
    kept = {file} if newest is None else {file, newest}
    _sweep(home, kept)


def _sweep(home: Path, kept: Collection[Path]) -> None:
    """Remove the files of earlier imports; the one before stays for whoever is about to read it."""
    for file in (home / "suppressions").iterdir():
        if file not in kept:
            file.unlink(missing_ok=True)
