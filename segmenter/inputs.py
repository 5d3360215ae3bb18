"""What a person gives, on the command line or from Python: moments, amounts, names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from segmenter.errors import UsageError

Moment = date | str | None  # a time, a date or a text; without a zone it is in the policy's
Amount = str | float | Decimal | None  # as it is written: 0.1 is a tenth exactly
Names = str | Sequence[str] | None

_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?"
)


def moment(text: str, time_zone: str, *, latest: bool = False) -> datetime:
    """An ISO 8601 date or time as an aware moment in UTC.

    Without a zone it is in `time_zone`; a bare date is the day's start. A local time that clocks
    make two moments of, when they change, is the later one if `latest` is asked for.

    >>> moment("2026-03-01", "Europe/Paris").isoformat()
    '2026-02-28T23:00:00+00:00'
    """
    if _MOMENT.fullmatch(text) is None:
        raise _unreadable()
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
        local = found.replace(tzinfo=ZoneInfo(time_zone))
        readings = [local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    except (ValueError, OverflowError):
        raise _unreadable() from None
    is_timed = len(text) > len("2026-03-01")
    return max(readings) if latest and is_timed else readings[0]


def instant(given: date | str | None, time_zone: str, *, latest: bool = False) -> datetime | None:
    """What Python code gives for a moment: a time, a date or a text.

    Without a zone it is in `time_zone`; `latest` as in `moment`. Raises `UsageError` for
    anything else.

    >>> instant(datetime(2026, 3, 1, 14), "Europe/Paris").isoformat()
    '2026-03-01T13:00:00+00:00'
    """
    if given is None:
        return None
    text = given.isoformat() if isinstance(given, date) else str(given)
    return moment(text, time_zone, latest=latest)


def _unreadable() -> UsageError:
    return UsageError(
        "a time that was given cannot be read",
        hint="write it as 2026-03-01 or 2026-03-01T14:30:00+01:00",
    )


def names(given: Names) -> tuple[str, ...] | None:
    """One name, or several, as a tuple.

    >>> names("women"), names(["women", "men"])
    (('women',), ('women', 'men'))
    """
    if given is None:
        return None
    if isinstance(given, str):
        return (given,)
    return tuple(given)


def amount(given: Amount) -> str | None:
    """An amount as it is written.

    >>> amount(0.1)
    '0.1'
    """
    if given is None:
        return None
    return str(given)
