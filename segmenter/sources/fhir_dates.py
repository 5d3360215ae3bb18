"""Comparing FHIR dates, which may lack a zone, a time, or be unreadable."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?")


def moment(text: str, zone: str) -> datetime | None:
    """The moment a date starts, or None if it is not a whole date."""
    if not DATE.fullmatch(text):
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found.replace(tzinfo=ZoneInfo(zone)) if found.tzinfo is None else found).astimezone(
            UTC
        )
    except (ValueError, OverflowError):
        return None


def later(one: str, other: str, zone: str) -> str:
    """The later of two dates as written; one that cannot be read, or is alone, is the answer.

    >>> later("2026-01-01", "2026-02-01T00:00:00Z", "UTC")
    '2026-02-01T00:00:00Z'
    """
    if not one or not other:
        return one or other
    first, second = moment(one, zone), moment(other, zone)
    if first is None:
        return one
    return other if second is None or second > first else one
