"""Exports and recalls as the journal has them: what was sent for what, to whom, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmenter.journal.journal import JournalEntry

# Kinds of journal entries.
EXPORTED = "export"
RECALLED = "recall"
ACKNOWLEDGED = "recall_ack"
RETAINED = "retain"

FILE_DAYS = 30  # how long a file may be used, unless the policy's `retention` says
MANIFEST = ".manifest.json"  # how the name of a manifest ends

AUDIENCES: Mapping[str, Mapping[str, str]] = {  # ad platforms: header names by identifier
    "google-2026": {"email": "Email", "phone": "Phone"},
    "meta": {"email": "email", "phone": "phone"},
}

PLAIN = (  # fields that stand in the journal as they are
    "export",
    "alias",
    "segment",
    "purpose",
    "topic",
    "channel",
    "destination",
    "snapshot",
    "file",
    "previous",
    "identifier",
    "format",
    "audience",
    "recipient",
)


@dataclass(frozen=True, slots=True)
class ExportLayout:
    """What a file holds: columns in order, the channel's identifier, the data categories."""

    columns: tuple[str, ...]
    identifier: str
    categories: tuple[str, ...]
    audience: str | None = None
    format: str = "csv"

    @property
    def headers(self) -> tuple[str, ...]:
        """The names that stand in the file."""
        if self.audience is None:
            return self.columns
        return (AUDIENCES[self.audience][self.identifier],)


@dataclass(frozen=True, slots=True)
class RegisteredExport:
    """One committed export. Times are aware, in UTC; the use of its file ends at `expires_at`."""

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
    def layout(self) -> ExportLayout:
        """What the file held."""
        return ExportLayout(
            self.columns, self.identifier, self.categories, self.audience, self.format
        )

    @classmethod
    def of(cls, act: JournalEntry) -> RegisteredExport:
        """Read a journal entry."""
        body = act.body
        fields: dict[str, Any] = {name: body[name] for name in PLAIN}
        return cls(
            columns=tuple(body["columns"]),
            categories=tuple(body["categories"]),
            at=act.at,
            sent_at=datetime.fromisoformat(str(body["sent_at"])),
            expires_at=datetime.fromisoformat(str(body["expires_at"])),
            **fields,
        )


def registered_exports(acts: Iterable[JournalEntry]) -> list[RegisteredExport]:
    """All committed exports whose registers are kept, oldest first."""
    exported: list[JournalEntry] = []
    dropped: set[str] = set()
    for act in acts:
        if act.kind == EXPORTED:
            exported.append(act)
        elif act.kind == RETAINED:
            dropped.update(act.body.get("exports", ()))
    return [RegisteredExport.of(act) for act in exported if act.body["export"] not in dropped]


def expiry(at: datetime, days: int) -> datetime:
    """When the use of a file made at a moment ends."""
    return at.astimezone(UTC) + timedelta(days=days)
