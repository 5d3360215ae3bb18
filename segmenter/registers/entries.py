"""Entries of the suppression list: keyed hashes and scopes, never an identifier.

An entry comes from an imported list, from a live opt-out, or from an erasure, which leaves entries
behind as tombstones (S8).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from segmenter.identifiers import probe_of
from segmenter.model import ANY, naive_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

    from segmenter.journal.journal import JournalEntry

REASONS = (
    "unsubscribed",
    "complained",
    "hard_bounce",
    "soft_bounce",
    "invalid",
    "do_not_contact",
    "deceased",
    "erased",
    "manual",
)

# Kinds of journal entries.
ADDED = "suppress"
LIFTED = "lift"
IMPORTED = "import"
FORGOTTEN = "forget"

COLUMNS: Mapping[str, str] = {
    "kind": "VARCHAR",
    "hash": "VARCHAR",
    "probe": "BIGINT",
    "channel": "VARCHAR",
    "purpose": "VARCHAR",
    "topic": "VARCHAR",
    "reason": "VARCHAR",
    "since": "TIMESTAMP",
    "until": "TIMESTAMP",
    "source": "VARCHAR",
    "event": "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class SuppressionEntry:
    """One entry. `hash` is keyed; times are ISO 8601 texts in UTC, or None: for ever, not known."""

    kind: str
    hash: str
    reason: str
    channel: str = ANY
    purpose: str = ANY
    topic: str = ANY
    since: str | None = None
    until: str | None = None
    source: str | None = None
    event: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        """The entry as the journal keeps it."""
        return asdict(self)


def entries_of(acts: Iterable[JournalEntry], *kinds: str) -> list[SuppressionEntry]:
    """The entries that journal entries of these kinds hold, oldest first."""
    return [
        SuppressionEntry(**fields)
        for act in acts
        if act.kind in kinds
        for fields in act.body.get("entries", ())
    ]


def entry_table(entries: Iterable[SuppressionEntry]) -> pl.DataFrame:
    """Entries as rows of the engine's suppression tables (`COLUMNS`)."""
    import polars as pl

    types: dict[str, Any] = {
        "VARCHAR": pl.String,
        "BIGINT": pl.Int64,
        "TIMESTAMP": pl.Datetime("us"),
    }
    schema = {name: types[sql_type] for name, sql_type in COLUMNS.items()}
    return pl.DataFrame([_row(entry) for entry in entries], schema=schema)


def _row(entry: SuppressionEntry) -> dict[str, Any]:
    return {
        **asdict(entry),
        "probe": probe_of(entry.hash),
        "since": _moment(entry.since),
        "until": _moment(entry.until),
    }


def _moment(text: str | None) -> datetime | None:
    return None if text is None else naive_utc(datetime.fromisoformat(text))
