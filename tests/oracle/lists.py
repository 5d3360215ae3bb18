"""Opt-out lists in the layouts of real senders, read file by file, by shape."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from oracle.times import read_moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = ("email", "phone", "patient_id", "postal", "domain")
SOFT = ("soft_bounce",)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it stands in a file. `until` None: for ever."""

    kind: str
    value: str
    reason: str
    channel: str
    purpose: str = "*"
    topic: str = "*"
    since: datetime | None = None
    until: datetime | None = None

    def covers(self, channel: str, purpose: str, topic: str | None, now: datetime) -> bool:
        """Whether its scope covers an export and it has not ended; an export without a topic is
        covered by any.
        """
        if self.until is not None and self.until <= now:
            return False
        return (
            self.channel in ("*", channel)
            and self.purpose in ("*", purpose)
            and (topic is None or self.topic in ("*", topic))
        )


def read_list(path: Path, channel: str, zone: ZoneInfo) -> list[Entry]:
    """The entries of one file that hold: soft ones from the third within 30 days on (S4)."""
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as handle:
            rows = list(csv.reader(handle))
        found = list(_from_table(rows[0], rows[1:], channel, zone)) if rows else []
    else:
        content = path.read_text(encoding="utf-8")
        documents = (
            [json.loads(content)]
            if path.suffix == ".json"
            else [json.loads(line) for line in content.splitlines() if line.strip()]
        )
        found = [entry for document in documents for entry in _from_document(document, channel)]
    return _without_soft(found)


def _without_soft(entries: list[Entry]) -> list[Entry]:
    """Soft bounces count from the third of one address within 30 days."""
    times: dict[tuple[str, str], set[datetime]] = defaultdict(set)
    for entry in entries:
        if entry.reason in SOFT and entry.since is not None:
            times[entry.kind, entry.value].add(entry.since)
    kept = []
    for entry in entries:
        seen = sorted(times[entry.kind, entry.value])
        thrice = any(third - first <= MONTH for first, third in zip(seen, seen[2:], strict=False))
        if entry.reason not in SOFT or thrice:
            kept.append(entry)
    return kept


def _from_table(
    header: list[str], rows: list[list[str]], channel: str, zone: ZoneInfo
) -> Iterator[Entry]:
    names = [name.strip() for name in header]
    for values in rows:
        row = dict(zip(names, values, strict=False))
        if "Email Address" in names:  # Mailchimp: a row without a time of leaving adds nothing
            if row.get("UNSUB_TIME"):
                yield Entry("email", row["Email Address"], "unsubscribed", channel)
            elif row.get("CLEAN_TIME"):
                yield Entry("email", row["Email Address"], "hard_bounce", channel)
        elif {"status", "reason", "email", "created"} <= set(names):  # SendGrid
            since = datetime.fromtimestamp(int(row["created"]), UTC)
            yield Entry(
                "email",
                row["email"],
                "hard_bounce" if row["status"].startswith("5") else "soft_bounce",
                channel,
                since=since,
            )
        elif names == ["Email"]:  # HubSpot
            yield Entry("email", row["Email"], "unsubscribed", channel)
        else:
            yield from _generic(row, channel, zone)


def _generic(row: dict[str, str], channel: str, zone: ZoneInfo) -> Iterator[Entry]:
    since, until = (read_moment(row.get(name, ""), zone) for name in ("since", "until"))
    for kind in KINDS:
        if row.get(kind):
            yield Entry(
                kind,
                row[kind],
                row.get("reason") or "manual",
                row.get("channel") or channel,
                row.get("purpose") or "*",
                row.get("topic") or "*",
                since.starts_at if since else None,
                until.latest if until else None,
            )


def _from_document(document: dict[str, Any], channel: str) -> Iterator[Entry]:
    if "contacts" in document:  # Brevo
        for contact in document["contacts"]:
            yield Entry("email", contact["email"], "unsubscribed", channel)
        return
    event = (
        json.loads(document["Message"]) if "Message" in document else document
    )  # Amazon SES, in its SNS envelope or bare
    kind = event.get("notificationType") or event.get("eventType")
    if kind == "Complaint":
        for recipient in event["complaint"]["complainedRecipients"]:
            yield Entry("email", recipient["emailAddress"], "complained", channel)
    elif kind == "Bounce":
        bounce = event["bounce"]
        at = read_moment(bounce["timestamp"], ZoneInfo("UTC"))
        reason = "hard_bounce" if bounce["bounceType"] == "Permanent" else "soft_bounce"
        for recipient in bounce["bouncedRecipients"]:
            yield Entry(
                "email",
                recipient["emailAddress"],
                reason,
                channel,
                since=at.starts_at if at else None,
            )
