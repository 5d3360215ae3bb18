"""What a list reader gives: entries as they were written, and rows that name nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Document = Mapping[str, Any]

EPOCH = re.compile(r"[0-9]{1,11}([.][0-9]+)?")
EPOCH_MS = re.compile(r"[0-9]{12,14}")

COLUMNS = {
    "kind": "VARCHAR", "value": "VARCHAR", "channel": "VARCHAR", "own": "BOOLEAN",
    "among": "VARCHAR", "purpose": "VARCHAR", "topic": "VARCHAR", "reason": "VARCHAR",
    "since": "VARCHAR",
    "until": "VARCHAR", "event": "VARCHAR", "told": "VARCHAR",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One identifier to suppress, and why. Times are texts. The repr hides the identifier.

    An empty channel is the source's default; one that is given is the sender's own word for it
    (email, sms, whatsapp), and `*` is all. `told` says what was unclear about the row.
    """

    value: str = field(repr=False)
    reason: str
    since: str = ""
    event: str = ""
    kind: str = "email"
    channel: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that goes to quarantine.

    It would suppress somebody and cannot say whom, or is an event that nobody knows.
    """

    reason: str
    rule: str = "S5"


Found = Iterator[Entry | Fault]

NOBODY = Fault("the event names no recipient")
UNKNOWN = Fault("unknown kind of event")


def named(
    address: object, reason: str, since: object = "", event: object = "", told: str = ""
) -> Entry | Fault:
    """An entry for an address, or a fault where the event names nobody."""
    if not isinstance(address, str) or not address.strip():
        return NOBODY
    return Entry(address, reason, moment(since), text(event), told=told)


def text(value: object) -> str:
    """A plain value as text; a list, an object and nothing at all are empty."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (dict, list)):
        return ""
    return str(value)


def part(document: Document, name: str) -> Document:
    """The object that a document holds under a name; an empty one where there is none."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def items(value: object) -> list[Document]:
    """The objects of a list; none if it is no list."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]


def moment(value: object) -> str:
    """A time as ISO 8601 text: seconds or milliseconds since 1970 are turned into one.

    >>> moment("1461095250.5"), moment(1461095250500)
    ('2016-04-19T19:47:30.500000Z', '2016-04-19T19:47:30.500000Z')
    """
    written = text(value)
    if EPOCH.fullmatch(written):
        seconds = float(written)
    elif EPOCH_MS.fullmatch(written):
        seconds = int(written) / 1000
    else:
        return written
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
