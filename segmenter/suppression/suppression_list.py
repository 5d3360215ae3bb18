"""Which entries of the suppression list stand, and whom they name (S1, S2, S7, S8).

Entries come from the snapshot, from imported files, and from live opt-outs in the journal, which
hold for every process from the instant they are written. Only a lift takes an entry away (S1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.errors import Refusal
from segmenter.model import naive_utc
from segmenter.registers.entries import (
    ADDED,
    COLUMNS,
    FORGOTTEN,
    IMPORTED,
    LIFTED,
    entries_of,
    entry_table,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.journal.journal import JournalEntry
    from segmenter.registers.exports import RegisteredExport

TABLE = "suppression_entry"
FAULTS = {
    "stale": "is older than its max_age",
    "unreadable": "could not be read",
    "shrunk": "shrank by more than its max_shrink",
}


# -- what stands -----------------------------------------------------------------------------------


def load(engine: DuckDBEngine, home: Path, acts: Iterable[JournalEntry]) -> None:
    """Make the view `suppression_entry` of all entries that stand.

    Reads the ready table `suppression`, the file of imported lists, and the journal entries `acts`.
    It attaches that file, so it has to be called before the engine is locked down.
    """
    acts = list(acts)
    imported = imported_file(home, acts)
    if imported is None:
        engine.create("suppression_imported", COLUMNS)
    else:
        engine.attach("imported", imported)
        engine.alias("suppression_imported", "imported.suppression")
    load_live(engine, acts)


def load_live(engine: DuckDBEngine, acts: Iterable[JournalEntry]) -> None:
    """Make `suppression_entry` anew with the live opt-outs of the journal. After `load`.

    The lists that were imported by then stay the same.
    """
    acts = list(acts)
    live = entries_of(acts, ADDED, FORGOTTEN)
    lifted = entries_of(acts, LIFTED)
    engine.load("suppression_live", entry_table(live))
    engine.load("suppression_lifted", entry_table(lifted))
    if live or engine.count("suppression_imported"):
        engine.view("suppression_known", "suppression_known")
    else:
        engine.alias("suppression_known", "suppression")
    if lifted:
        engine.view(TABLE, TABLE)
    else:
        engine.alias(TABLE, "suppression_known")


def imported_file(home: Path, acts: Iterable[JournalEntry]) -> Path | None:
    """The file of all imported lists: the one that the last import, or an old erasure, wrote."""
    written = [act for act in acts if act.kind in (IMPORTED, FORGOTTEN)]
    names = [str(act.body["file"]) for act in written if act.body.get("file")]
    if not names:
        return None
    return home / "suppressions" / names[-1]


# -- who is suppressed -----------------------------------------------------------------------------


def suppressed(
    engine: DuckDBEngine,
    channel: str,
    purpose: str,
    topic: str | None,
    as_of: datetime,
    identifier: str = "",
    into: str = "suppressed",
) -> None:
    """Make `into` (patient): everyone whom an entry that covers the export names (S2).

    An entry names a patient by any identifier of theirs or of a linked id. The tombstone of an
    address holds only for exports that use its kind, the `identifier` (S8). Needs `load` before, and
    the ready tables `address` and `link_group`. If the snapshot has `suppression_listed`, its whole
    lists need not be read again.
    """
    later = engine.count("suppression_imported") + engine.count("suppression_live")
    if engine.has("suppression_listed") and not later:
        engine.alias("suppression_matched", "suppression_listed")
    else:
        engine.view("suppression_matched", "suppression_matched")
    if not engine.count("suppression_lifted"):
        engine.alias("suppression_near", "suppression_matched")
    values = {
        "channel": channel,
        "identifier": identifier,
        "purpose": purpose,
        "topic": topic,
        "as_of": naive_utc(as_of),
    }
    engine.make(into, "suppressed_patient", values)
    engine.forget(["suppression_near", "suppression_matched"])


def listed_addresses(
    engine: DuckDBEngine,
    export: RegisteredExport,
    as_of: datetime,
    into: str,
) -> None:
    """Make `into` (patient): those whose address, as it was exported, an entry names now.

    Reads the ready table `exported_address` (patient, address), and `suppression_entry`: the entry
    covers the export, whoever has the address today. Tombstones do not count: an erasure recalls
    the person itself, and nobody else (S8).
    """
    values = {
        "channel": export.channel,
        "identifier": "",
        "purpose": export.purpose,
        "topic": export.topic,
        "as_of": naive_utc(as_of),
    }
    engine.make("suppression_near", "address_listed", {"identifier": export.identifier})
    engine.make("suppression_covering", "suppression_covering", values)
    engine.make(into, "suppression_hit")
    engine.forget(["suppression_near", "suppression_covering"])


def require_fresh(engine: DuckDBEngine, now: datetime) -> None:
    """Refuse (S7) if a declared source is too old, unreadable or shrank. Reads the table `feed`."""
    found = engine.rows("feed_stale", {"now": naive_utc(now)})
    if not found:
        return
    faults = [f"suppression source {source} {FAULTS[fault]}" for source, fault in found]
    raise Refusal("S7", "; ".join(faults), hint="bring fresh files, then `segmenter ingest`")
