"""Dates as the documents read them: ISO 8601 text, in the policy's zone where it names none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DATE = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?P<clock>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?P<fraction>\.[0-9]+)?)?)"
    r"(?P<zone>Z|[+-][0-9]{2}(?::[0-9]{2})?)?)?"
)
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date that could be read: the instant it starts, and the instant it ends (the next day's
    00:00 for a bare date, else the same). A local time that clocks make two moments of, because the
    hour comes twice or never, starts at the earlier and ends at the later one.
    """

    starts_at: datetime
    ends_at: datetime
    is_bare: bool = False

    @property
    def latest(self) -> datetime:
        """The last instant that the text may name."""
        return self.starts_at if self.is_bare else self.ends_at


def read_moment(text: str, zone: ZoneInfo) -> Moment | None:
    """The moment a text means, or None where it is unreadable (an empty text is).

    `YYYY-MM-DD`, optionally `T` or a space and `hh:mm[:ss[.f]]`, and then optionally `Z` or
    `±hh[:mm]`; nothing around it. Digits of a fraction beyond microseconds are cut.

    >>> from zoneinfo import ZoneInfo
    >>> read_moment("2026-03-01", ZoneInfo("Europe/Paris")).ends_at.isoformat()
    '2026-03-01T23:00:00+00:00'
    >>> read_moment("01/03/2026", ZoneInfo("UTC")) is None
    True
    """
    match = DATE.fullmatch(text)
    if match is None:
        return None
    try:
        day = date.fromisoformat(match["day"])
        if match["clock"] is None:
            last_day = day == date.max
            return Moment(
                _instant(day, time(0), zone),
                LAST if last_day else _readings(day + timedelta(days=1), time(0), zone)[-1],
                is_bare=True,
            )
        fraction = match["fraction"] or ""
        clock = time.fromisoformat(match["clock"].removesuffix(fraction)).replace(
            microsecond=int(fraction[1:7].ljust(6, "0"))
        )
        readings = _readings(day, clock, _offset(match["zone"], zone))
    except ValueError:
        return None
    return Moment(readings[0], readings[-1])


def _readings(day: date, clock: time, zone: tzinfo) -> list[datetime]:
    """The one or two moments of a local time, the earlier one first.

    >>> from zoneinfo import ZoneInfo
    >>> at = _readings(date(2026, 10, 25), time(2, 30), ZoneInfo("Europe/Paris"))
    >>> [str(one.time()) for one in at]
    ['00:30:00', '01:30:00']
    """
    return sorted({_instant(day, clock.replace(fold=fold), zone) for fold in (0, 1)})


def _instant(day: date, clock: time, zone: tzinfo) -> datetime:
    """In UTC; at the ends of the calendar, the end."""
    try:
        return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        return FIRST if day.year == 1 else LAST


def _offset(text: str | None, zone: ZoneInfo) -> tzinfo:
    if text is None:
        return zone
    if text == "Z":
        return UTC
    hours, _, minutes = text[1:].partition(":")
    if int(hours) > 23 or int(minutes or 0) > 59:
        raise ValueError(text)
    shift = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-shift if text[0] == "-" else shift)


def age_at(birth: date, day: date) -> int:
    """Full years on a day. Who is born on 29 February grows older on 1 March in a common year.

    >>> age_at(date(2008, 2, 29), date(2026, 2, 28))
    17
    """
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
