"""Entries of a file are added to the imported lists. An import only tightens (S1, S6).

The newest file under `suppressions/` holds everything that was ever imported; the journal names it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.journal.journal import locked
from segmenter.model import Documented
from segmenter.registers.entries import FORGOTTEN, IMPORTED
from segmenter.store.files import new_file
from segmenter.suppression.suppression_list import imported_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.journal.journal import Journal
    from segmenter.model import Actor

WRITING = "importing"  # the alias of the file that is written


@dataclass(frozen=True, slots=True)
class LineFault:
    """A line of an imported file that was set aside: where, under which rule, why."""

    origin: str
    line: int
    rule: str
    reason: str


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
    return locked(home / "locks" / "imports.lock")


def import_entries(
    engine: DuckDBEngine,
    home: Path,
    journal: Journal,
    actor: Actor,
    read: int,
    faults: Iterable[LineFault],
) -> Imported:
    """Add the entries of the ready table `suppression_incoming` to the imported lists.

    An entry that was known before adds nothing (S6). `read` is how many rows the files had,
    `faults` are the lines that were set aside. Needs the suppression list, loaded under `lock`. The
    new entries hold for every process from the instant this returns.
    """
    faults = tuple(faults)
    engine.make("import_new", "import_new")
    created = engine.count("import_new")
    incoming = engine.count("suppression_incoming")
    if created:
        _write(engine, home, journal, actor)
    if not actor.sees_row_counts:
        return Imported(None, None, None, ())
    faulty_lines = {(fault.origin, fault.line) for fault in faults}
    skipped = max(read - incoming - len(faulty_lines), 0)
    return Imported(created, incoming - created, skipped, faults)


def _write(engine: DuckDBEngine, home: Path, journal: Journal, actor: Actor) -> None:
    """Write the next file of imported lists, and let the journal name it."""
    before = imported_file(home, journal.read(IMPORTED, FORGOTTEN))
    file = home / "suppressions" / f"{secrets.token_hex(8)}.duckdb"
    with new_file(file) as part:
        engine.attach(WRITING, part, write=True)
        engine.make(f"{WRITING}.suppression", "import_all")
        engine.detach(WRITING)
    journal.append(actor.account, IMPORTED, {"file": file.name})
    _sweep(home, {file} if before is None else {file, before})


def _sweep(home: Path, kept: Collection[Path]) -> None:
    """Remove the files of earlier imports; the one before stays for whoever is about to read it."""
    for file in (home / "suppressions").iterdir():
        if file not in kept:
            file.unlink(missing_ok=True)
