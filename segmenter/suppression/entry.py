"""Entries of the suppression list as the journal keeps them: keyed hashes and scopes, never an identifier."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from segmenter.identifiers import probe_of
from segmenter.model import ANY, naive_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

REASONS = (
    "unsubscribed", "complained", "hard_bounce", "soft_bounce", "invalid", "do_not_contact", "deceased", "erased", "manual",
)  # fmt: skip
ADDED = "suppress"  # journal kinds
LIFTED = "lift"
IMPORTED = "import"
FORGOTTEN = "forget"
COLUMNS: Mapping[str, str] = {
    "kind": "VARCHAR", "hash": "VARCHAR", "probe": "BIGINT", "channel": "VARCHAR", "purpose": "VARCHAR", "topic": "VARCHAR",
    "reason": "VARCHAR", "since": "TIMESTAMP", "until": "TIMESTAMP", "source": "VARCHAR", "event": "VARCHAR",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the journal keeps it. `hash` is keyed; times are ISO 8601 texts in UTC, None: for ever, or not known."""

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
        """The journal's form."""
        return asdict(self)


def frame(entries: Iterable[Entry]) -> pl.DataFrame:
    """Entries as the engine's tables of the suppression list have them."""
    import polars as pl

    kinds: dict[str, Any] = {
        "VARCHAR": pl.String,
        "BIGINT": pl.Int64,
        "TIMESTAMP": pl.Datetime("us"),
    }
    rows = [
        {
            **asdict(e),
            "probe": probe_of(e.hash),
            "since": _moment(e.since),
            "until": _moment(e.until),
        }
        for e in entries
    ]
    return pl.DataFrame(rows, schema={name: kinds[sort] for name, sort in COLUMNS.items()})


def _moment(text: str | None) -> datetime | None:
    return None if text is None else naive_utc(datetime.fromisoformat(text))
