"""Moments that a person gives on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from segmenter.errors import UsageError

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?")


def moment(text: str, time_zone: str) -> datetime:
    """An ISO 8601 date or time as an aware moment in UTC; without a zone it is in `time_zone`, a bare date is the day's start.

    >>> moment("2026-03-01", "Europe/Paris").isoformat()
    '2026-02-28T23:00:00+00:00'
    """
    if _MOMENT.fullmatch(text) is None:
        raise _unreadable()
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo is not None else found.replace(tzinfo=ZoneInfo(time_zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _unreadable() from None


def _unreadable() -> UsageError:
    return UsageError("a time that was given cannot be read", hint="write it as 2026-03-01 or 2026-03-01T14:30:00+01:00")
