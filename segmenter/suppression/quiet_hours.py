"""When a channel may be used: rule packs of hours, holidays, caps, and rest after a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segmenter.errors import Refusal
from segmenter.project.policy import Cap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from segmenter.project.policy import Channel


@dataclass(frozen=True, slots=True)
class Opening:
    """A stretch of a day in local time, its end excluded."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class RulePack:
    """When a channel may be used, how often at most, and how long a refusal rests.

    `hours` gives the openings of each weekday (Monday is 0), `holidays` the closed days of a year.
    """

    name: str
    hours: Mapping[int, tuple[Opening, ...]]
    holidays: Callable[[int], Iterable[date]]
    cap: Cap | None
    rest_after_refusal: timedelta

    def open_at(self, local: datetime) -> bool:
        """Whether a local moment is inside the hours.

        >>> monday, sunday = datetime(2026, 11, 23, 12, 59), datetime(2026, 11, 22, 11)
        >>> [PACKS["fr_phone_canvassing"].open_at(moment) for moment in (monday, sunday)]
        [True, False]
        """
        holidays = set(self.holidays(local.year))
        if local.date() in holidays:
            return False
        now = local.time()
        openings = self.hours.get(local.weekday(), ())
        return any(opening.start <= now < opening.end for opening in openings)


def pack_of(channel: Channel) -> RulePack | None:
    """The rule pack that a channel names, if it is a known one."""
    return PACKS.get(channel.quiet or "")


def require_open(channel: Channel, sent_at: datetime, time_zone: str) -> None:
    """Refuse (`quiet`) if a message would be sent in the channel's quiet hours, in local time."""
    if channel.quiet is None:
        return
    pack = pack_of(channel)
    if pack is None:
        raise Refusal(
            "quiet",
            f"channel {channel.name} names an unknown rule pack of quiet hours",
            hint=f"known: {', '.join(PACKS)}",
        )
    if not pack.open_at(sent_at.astimezone(ZoneInfo(time_zone))):
        raise Refusal(
            "quiet",
            f"the planned time lies in the quiet hours of channel {channel.name} ({pack.name})",
            hint="name an allowed moment with --planned-at",
        )


# -- the calendar ----------------------------------------------------------------------------------

FIXED_HOLIDAYS = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
EASTER_MONDAY, ASCENSION, WHIT_MONDAY = 1, 39, 50  # days after Easter Sunday


def french_holidays(year: int) -> tuple[date, ...]:
    """Public holidays of metropolitan France.

    >>> date(2026, 4, 6) in french_holidays(2026)
    True
    """
    holidays = [date(year, month, day) for month, day in FIXED_HOLIDAYS]
    sunday = easter(year)
    for days in (EASTER_MONDAY, ASCENSION, WHIT_MONDAY):
        holidays.append(sunday + timedelta(days=days))
    return tuple(holidays)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher).

    >>> easter(2026)
    datetime.date(2026, 4, 5)
    """
    century, year_of_century = divmod(year, 100)
    golden = year % 19
    solar = century - century // 4
    lunar = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + solar - lunar + 15) % 30
    leap_centuries = 2 * (century % 4)
    leap_years = 2 * (year_of_century // 4)
    weekday = (32 + leap_centuries + leap_years - epact - year_of_century % 4) % 7
    correction = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * correction + 114, 31)
    return date(year, month, day + 1)


WORKING_HOURS = (Opening(time(10), time(13)), Opening(time(14), time(20)))
CANVASSING = RulePack(
    name="fr_phone_canvassing",
    hours=dict.fromkeys(range(5), WORKING_HOURS),
    holidays=french_holidays,
    cap=Cap(4, 30),
    rest_after_refusal=timedelta(days=60),
)
PACKS: Mapping[str, RulePack] = {CANVASSING.name: CANVASSING}
