"""Calendar periods in UTC (P5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

FIRST_MONTHS = {"month": range(1, 13), "quarter": (1, 4, 7, 10), "year": (1,)}
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar period: from `start` up to, not including, `end`."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, kind: str, moment: datetime) -> Period:
        """The `day`, `week` (from Monday), `month`, `quarter` or `year` that a moment lies in.

        >>> Period.of("quarter", datetime(2026, 5, 3, tzinfo=UTC)).start.isoformat()
        '2026-04-01T00:00:00+00:00'
        """
        day = moment.astimezone(UTC).date()
        return _period(kind, day)


@lru_cache(maxsize=1_000)
def _period(kind: str, moment: date) -> Period:
    """Kept, since every spend of a journal is asked for its periods."""
    day = datetime.combine(moment, time.min, UTC)
    if kind == "day":
        return Period(day, day + DAY)
    if kind == "week":
        monday = day - day.weekday() * DAY
        return Period(monday, monday + 7 * DAY)
    first_months = FIRST_MONTHS[kind]
    begun = [month for month in first_months if month <= day.month]
    start = day.replace(day=1, month=max(begun))
    length = 12 // len(first_months)
    return Period(start, _months_later(start, length))


def _months_later(first_of_month: datetime, months: int) -> datetime:
    months_since_year_0 = first_of_month.year * 12 + first_of_month.month - 1
    year, month = divmod(months_since_year_0 + months, 12)
    return first_of_month.replace(year=year, month=month + 1)
