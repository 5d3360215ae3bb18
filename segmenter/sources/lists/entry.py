"""What a list reader gives: entries of a suppression list as they were written, and rows that name nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Document = Mapping[str, Any]

COLUMNS = ("kind", "value", "channel", "purpose", "topic", "reason", "since", "until", "event")


@dataclass(frozen=True, slots=True)
class Entry:
    """One identifier to suppress, and why. Times are texts; an empty scope is the source's default. The repr hides the identifier."""

    value: str = field(repr=False)
    reason: str
    since: str = ""
    event: str = ""
    kind: str = "email"


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that would suppress somebody and cannot say whom, or an event nobody knows: it goes to quarantine."""

    reason: str
    rule: str = "S5"


Found = Iterator[Entry | Fault]

NOBODY = Fault("the event names no recipient")


def named(address: object, reason: str, since: object = "", event: object = "") -> Entry | Fault:
    """An entry, or a fault where the event names nobody."""
    if not isinstance(address, str) or not address.strip():
        return NOBODY
    return Entry(address, reason, moment(since), text(event))


def text(value: object) -> str:
    """A plain value as text."""
    return (
        value
        if isinstance(value, str)
        else ""
        if value is None or isinstance(value, (dict, list))
        else str(value)
    )


def moment(value: object) -> str:
    """A time as ISO 8601 text: seconds since 1970 are turned into one.

    >>> moment("1461095250.5")
    '2016-04-19T19:47:30.500000Z'
    """
    written = text(value)
    try:
        seconds = float(written)
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return written
