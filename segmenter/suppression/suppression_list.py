"""Which entries of the suppression list stand, and whom they name (S1, S2, S7, S8).

Entries come from the snapshot, from imported files, and from live opt-outs in the journal, which
hold for every process from the instant they are written. Only a lift takes an entry away (S1).
"""

from __future__ import annotations

from dataclasses import dataclass
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
from segmenter.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from segmenter.engine import Engine, Table
    from segmenter.journal.journal import JournalEntry

FAULTS = {
    "stale": "is older than its max_age",
    "unreadable": "could not be read",
    "shrunk": "shrank by more than its max_shrink",
}


# -- what stands -----------------------------------------------------------------------------------


def load(engine: Engine, home: Path, acts: Iterable[JournalEntry], suppression: Table) -> Tables:
    """All entries that stand, as the table `suppression_entry`, and the tables that it is made of.

    Those are the snapshot's `suppression`, the file of imported lists, and the live opt-outs and
    lifts of the journal's entries `acts`. It attaches that file, so it has to be called before the
    engine is locked down.
    """
    acts = list(acts)
    file = imported_file(home, acts)
    if file is None:
        imported = engine.create(COLUMNS)
    else:
        imported = engine.attach(file)["suppression"]
    lists = Tables({"suppression": suppression, "suppression_imported": imported})
    return load_live(engine, acts, lists)


def load_live(engine: Engine, acts: Iterable[JournalEntry], lists: Tables) -> Tables:
    """The tables of `load` anew, with the live opt-outs and lifts that the journal has now.

    The `lists` of the snapshot and of imports stay the same.
    """
    acts = list(acts)
    live = entries_of(acts, ADDED, FORGOTTEN)
    lifted = entries_of(acts, LIFTED)
    made = lists.only("suppression", "suppression_imported") | {
        "suppression_live": engine.load(entry_table(live)),
        "suppression_lifted": engine.load(entry_table(lifted)),
    }
    known = made["suppression"]
    if live or engine.count(made["suppression_imported"]):
        known = engine.view("suppression_known", reads=made)
    made |= {"suppression_known": known}
    entries = engine.view("suppression_entry", reads=made) if lifted else known
    return made | {"suppression_entry": entries}


def imported_file(home: Path, acts: Iterable[JournalEntry]) -> Path | None:
    """The file of all imported lists: the one that the last import, or an old erasure, wrote."""
    newest = None
    for act in acts:
        if act.kind in (IMPORTED, FORGOTTEN) and act.body.get("file"):
            newest = str(act.body["file"])
    if newest is None:
        return None
    return home / "suppressions" / newest


# -- who is suppressed -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """What an export asks of the list; a question without a topic is of all topics.

    The tombstone of an address holds only for exports that use its kind, the `identifier` (S8).
    """

    channel: str
    purpose: str
    topic: str | None
    as_of: datetime
    identifier: str = ""

    def values(self) -> dict[str, object]:
        """What the relations of the list take."""
        return {
            "channel": self.channel,
            "identifier": self.identifier,
            "purpose": self.purpose,
            "topic": self.topic,
            "as_of": naive_utc(self.as_of),
        }


def suppressed(engine: Engine, tables: Tables, question: ListQuestion) -> Table:
    """Everyone (patient) whom an entry that covers the export names (S2).

    An entry names a patient by any identifier of theirs or of a linked id. Reads the `tables` of
    `load`, and `address` and `link_group` of the snapshot. If the snapshot has
    `suppression_listed`, its whole lists need not be read again.
    """
    with engine.scope() as scope:
        matched = _matched(engine, tables)
        reads = tables | {"suppression_matched": matched}
        if not engine.count(tables["suppression_lifted"]):
            reads |= {"suppression_near": matched}
        return scope.keep(engine.make("suppressed_patient", reads=reads, values=question.values()))


def _matched(engine: Engine, tables: Tables) -> Table:
    """Every entry that names a patient, lifted ones too, beside each it names."""
    later = engine.count(tables["suppression_imported"])
    later += engine.count(tables["suppression_live"])
    if later or "suppression_listed" not in tables:
        return engine.view("suppression_matched", reads=tables)
    return tables["suppression_listed"]


def listed_addresses(
    engine: Engine, entries: Table, members: Table, identifier: str, question: ListQuestion
) -> Table:
    """Those (patient) whose address, as it was exported, one of the `entries` names now.

    `members` (patient, address) are those of an export that used this kind of `identifier`. An
    entry covers the export, whoever has the address today. Tombstones do not count, as the question
    names no kind of address: an erasure recalls the person itself, and nobody else (S8).
    """
    addressed = {"suppression_entry": entries, "exported_address": members}
    with engine.scope() as scope:
        near = engine.make("address_listed", reads=addressed, values={"identifier": identifier})
        covering = engine.make(
            "suppression_covering", reads={"suppression_near": near}, values=question.values()
        )
        return scope.keep(engine.make("suppression_hit", reads={"suppression_covering": covering}))


def require_fresh(engine: Engine, feed: Table, now: datetime) -> None:
    """Refuse (S7) if a declared source is too old, unreadable or shrank, as its `feed` says."""
    values = {"now": naive_utc(now)}
    found = engine.rows("feed_stale", reads={"feed": feed}, values=values)
    if not found:
        return
    faults = [f"suppression source {source} {FAULTS[fault]}" for source, fault in found]
    raise Refusal("S7", "; ".join(faults), hint="bring fresh files, then `segmenter ingest`")
