"""The suppression list: who may not be contacted (S1, S2, S4, S7, S8).

Entries come from the snapshot, from imported files and from live opt-outs in the journal, which
hold for every process from the instant they are written. Nothing weakens an entry but a lift, by an
officer and with a reason (S1). Plain identifiers are never kept.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from segmenter.errors import Refusal, UsageError
from segmenter.identifiers import KINDS, entry_hashes, hashes
from segmenter.journal.journal import locked
from segmenter.model import Documented, Framed, naive_utc, stamp
from segmenter.store.files import new_file
from segmenter.suppression.entry import (
    ADDED,
    COLUMNS,
    FORGOTTEN,
    IMPORTED,
    LIFTED,
    REASONS,
    Entry,
    frame,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    import polars as pl

    from segmenter.engine import DuckDBEngine
    from segmenter.journal.journal import Entry as Act
    from segmenter.journal.journal import Journal
    from segmenter.model import Actor
    from segmenter.store.keys import Keys

    Fault = tuple[str, int, str, str]

TABLE = "suppression_entry"


@dataclass(frozen=True, slots=True)
class Summary(Framed):
    """How many entries stand, by reason and source; `entries` is None for whoever may not see exact counts (P17)."""

    rows: tuple[tuple[str, str, int | None], ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract's form."""
        return {
            "suppression": [
                {"reason": reason, "source": source, "entries": entries}
                for reason, source, entries in self.rows
            ]
        }

    def to_polars(self) -> pl.DataFrame:
        """The same as a frame."""
        import polars as pl

        return pl.DataFrame(
            list(self.rows),
            schema={"reason": pl.String, "source": pl.String, "entries": pl.Int64},
            orient="row",
        )


# -- what stands -----------------------------------------------------------------------------------


def load(engine: DuckDBEngine, home: Path, acts: Iterable[Act]) -> None:
    """Make the view `suppression_entry` of all entries that stand, from the ready table `suppression`, imported files and the journal.

    `acts` are the journal's entries. Has to come before the engine is locked down, since it
    attaches the file of imported lists.
    """
    acts = list(acts)
    alive, ended, imported = live(acts), lifted(acts), imported_file(home, acts)
    engine.load("suppression_live", frame(alive))
    engine.load("suppression_lifted", frame(ended))
    if imported is None:
        engine.create("suppression_imported", COLUMNS)
    else:
        engine.attach("imported", imported)
        engine.alias("suppression_imported", "imported.suppression")
    if alive or imported is not None:
        engine.view("suppression_known", "suppression_known")
    else:
        engine.alias("suppression_known", "suppression")
    if ended:
        engine.view(TABLE, TABLE)
    else:
        engine.alias(TABLE, "suppression_known")


def live(acts: Iterable[Act]) -> list[Entry]:
    """Opt-outs recorded in the journal, and the tombstones of the erased (S8)."""
    return [
        Entry(**one)
        for act in acts
        if act.kind in (ADDED, FORGOTTEN)
        for one in act.body.get("entries", ())
    ]


def lifted(acts: Iterable[Act]) -> list[Entry]:
    """Entries that an officer lifted."""
    return [
        Entry(**one) for act in acts if act.kind == LIFTED for one in act.body.get("entries", ())
    ]


def imported_file(home: Path, acts: Iterable[Act]) -> Path | None:
    """The file that holds all imported lists: the one that the last import wrote."""
    names = [
        str(act.body["file"])
        for act in acts
        if act.kind in (IMPORTED, FORGOTTEN) and act.body.get("file")
    ]
    return home / "suppressions" / names[-1] if names else None


# -- who is suppressed -----------------------------------------------------------------------------


def suppressed(
    engine: DuckDBEngine,
    channel: str,
    purpose: str,
    topic: str | None,
    as_of: datetime,
    into: str = "suppressed",
) -> None:
    """Make `into` (patient): everyone whom an entry that covers the export names, by any identifier of theirs or of a linked id (S2).

    Needs `load` before, and the ready tables `address` and `link_group`; `suppression_listed`,
    where the snapshot has it, saves reading its whole lists. `since` never delays an entry; `until`
    ends it.
    """
    values = {"channel": channel, "purpose": purpose, "topic": topic, "as_of": naive_utc(as_of)}
    later = engine.count("suppression_imported") + engine.count("suppression_live") > 0
    if not later and engine.has("suppression_listed"):
        engine.alias("suppression_matched", "suppression_listed")
    else:
        engine.view("suppression_matched", "suppression_matched")
    if not engine.count("suppression_lifted"):
        engine.alias("suppression_near", "suppression_matched")
    engine.make(into, "suppressed_patient", values)
    engine.forget(["suppression_near", "suppression_matched"])


def require_fresh(engine: DuckDBEngine, now: datetime) -> None:
    """Refuse (S7) where a declared suppression source is too old, unreadable or shrank; says which. Reads the ready table `feed`."""
    faults = engine.rows("feed_stale", {"now": naive_utc(now)})
    if faults:
        words = {
            "stale": "is older than its max_age",
            "unreadable": "could not be read",
            "shrunk": "shrank by more than its max_shrink",
        }
        said = "; ".join(f"suppression source {name} {words[fault]}" for name, fault in faults)
        raise Refusal("S7", said, hint="bring fresh files, then `segmenter ingest`")


# -- acts ------------------------------------------------------------------------------------------


def entries(
    keys: Keys, region: str, kind: str, value: str, reason: str = "manual", **scope: str | None
) -> list[Entry]:
    """The entries of one plain identifier, which is not kept: one for each reading of it (S3).

    `scope` may hold channel, purpose, topic, since, until, source, event. None if the value can
    name nobody. Raises `UsageError` for an unknown kind or reason.
    """
    if kind not in KINDS:
        raise UsageError(f"unknown kind of identifier: {kind!r}", hint=f"one of {', '.join(KINDS)}")
    if reason not in REASONS:
        raise UsageError(f"unknown reason: {reason!r}", hint=f"one of {', '.join(REASONS)}")
    given = {name: text for name, text in scope.items() if text is not None}
    hashed = entry_hashes(keys, region, kind, value)
    return [Entry(kind, one.hash, reason, **given) for one in hashed]


def add(journal: Journal, actor: Actor, entries: Iterable[Entry]) -> list[Entry]:
    """Write opt-outs to the journal. They hold from that instant for every process, without an ingest; each is one event of its own."""
    at = stamp(journal.now().astimezone(UTC))
    fresh = [
        Entry(
            e.kind,
            e.hash,
            e.reason,
            e.channel,
            e.purpose,
            e.topic,
            e.since or at,
            e.until,
            e.source or "live",
            secrets.token_hex(8),
        )
        for e in entries
    ]
    journal.append(actor.account, ADDED, {"entries": [e.to_dict() for e in fresh]})
    return fresh


def lift(
    engine: DuckDBEngine,
    journal: Journal,
    actor: Actor,
    kind: str,
    named: Collection[str],
    reason: str,
    channel: str | None = None,
) -> list[Entry]:
    """Lift the entries of the keyed hashes `named` of a kind (on one channel, or all). Needs `load` before.

    The only way that an entry ends early (S1). Raises `Refusal` (S1) for anyone but an officer,
    `UsageError` without a reason, or if nothing stands.
    """
    if not actor.is_officer:
        raise Refusal("S1", "only an officer lifts an entry of the suppression list")
    if not reason.strip():
        raise UsageError("a lift needs a reason", hint="--reason says why, for the trail")
    values = {"kind": kind, "hashes": sorted(named), "channel": channel}
    found = [_standing(row) for row in engine.rows("suppression_named", values)]
    if not found:
        raise UsageError(
            f"no entry stands for this {kind}",
            hint="entries of its domain or of other identifiers are others",
        )
    body = {"reason": reason, "entries": [e.to_dict() for e in found]}
    journal.append(actor.account, LIFTED, body)
    return found


def names(keys: Keys, region: str, kind: str, value: str) -> set[str]:
    """The keyed hashes that entries of one plain identifier may have, of earlier versions too."""
    return {one.hash for one in hashes(keys, region, kind, value) if one.kind == kind}


def _standing(row: tuple[Any, ...]) -> Entry:
    kind, digest, channel, purpose, topic, reason, since, source, event = row
    at = None if since is None else stamp(since.replace(tzinfo=UTC))
    return Entry(kind, digest, reason, channel, purpose, topic, at, None, source, event)


def show(engine: DuckDBEngine, actor: Actor) -> Summary:
    """Which reasons and sources there are; how many entries of each, only for officers and operators (P17). Needs `load` before."""
    rows = engine.rows("suppression_summary")
    return Summary(
        tuple(
            (reason or "", source or "", count if actor.sees_row_counts else None)
            for reason, source, count in rows
        )
    )


# -- imported files --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Imported(Documented):
    """What an import did, in entries and lines; None where the actor may not see exact counts (P17). Holds no address."""

    created: int | None
    existing: int | None
    skipped: int | None
    quarantined: tuple[tuple[str, int, str, str], ...]  # origin, line, rule, reason

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        lines = [
            {"file": origin, "line": line, "rule": rule, "reason": reason}
            for origin, line, rule, reason in self.quarantined
        ]
        return {
            "created": self.created,
            "existing": self.existing,
            "skipped": self.skipped,
            "quarantined": lines,
        }


def import_entries(
    engine: DuckDBEngine,
    home: Path,
    journal: Journal,
    actor: Actor,
    read: int,
    faults: Iterable[Fault],
) -> Imported:
    """Add the entries of the ready table `suppression_incoming` to the imported lists; what was known before adds nothing (S6).

    `read` is how many rows the files had, `faults` their quarantined lines. Needs `load` before,
    and the lock `imports` held. They hold for every process from the instant this returns; nothing
    is removed or weakened (S1).
    """
    faults = tuple(faults)
    engine.make("import_new", "import_new")
    created, incoming = engine.count("import_new"), engine.count("suppression_incoming")
    if created:
        name, before = (
            f"{secrets.token_hex(8)}.duckdb",
            imported_file(home, journal.read(IMPORTED, FORGOTTEN)),
        )
        _write(engine, home / "suppressions" / name)
        journal.append(actor.account, IMPORTED, {"file": name})
        _sweep(home, {name, *([] if before is None else [before.name])})
    if not actor.sees_row_counts:
        return Imported(None, None, None, ())
    skipped = max(read - incoming - len({fault[:2] for fault in faults}), 0)
    return Imported(created, incoming - created, skipped, faults)


def imports(home: Path) -> AbstractContextManager[None]:
    """The lock of imports, to be held from before `load` until after `import_entries`."""
    return locked(home / "locks" / "imports.lock")


def _write(engine: DuckDBEngine, path: Path) -> None:
    with new_file(path) as part:
        engine.attach("importing", part, write=True)
        engine.make("importing.suppression", "import_all")
        engine.detach("importing")


def _sweep(home: Path, kept: Collection[str]) -> None:
    """Remove what earlier imports wrote: the newest file holds all of it. The one before stays for whoever is about to read it."""
    for file in (home / "suppressions").iterdir():
        if file.name not in kept:
            file.unlink(missing_ok=True)


def export_hashes(engine: DuckDBEngine, path: Path) -> None:
    """Write all entries that stand as CSV of keyed hashes, to share with a processor. Needs `load` before; for officers to call."""
    with new_file(path.resolve()) as part:
        engine.write_out("suppression_hash", part, "FORMAT csv, HEADER, USE_TMP_FILE false")
