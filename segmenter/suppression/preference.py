"""Preferences, caps and quiet hours. They narrow and never widen: each can only take a patient out of an export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segmenter.errors import Refusal
from segmenter.model import naive_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from segmenter.engine import DuckDBEngine
    from segmenter.project.policy import Cap, Channel

# -- preferences -----------------------------------------------------------------------------------


def denied(engine: DuckDBEngine, channel: str, topic: str | None, into: str = "preferring") -> None:
    """Make `into` (patient): those whose speaking preferences say no to an export on this channel and topic."""
    if _stated(engine):
        engine.make(into, "preference_denied", {"channel": channel, "topic": topic})
    else:
        engine.create(into, {"patient": "BIGINT"})


def _stated(engine: DuckDBEngine) -> bool:
    """Whether anyone stated a preference."""
    return engine.count("preference") > 0


# -- caps ------------------------------------------------------------------------------------------


def caps_of(channel: Channel) -> tuple[Cap, ...]:
    """The caps a channel sets for everyone: its own, and its rule pack's."""
    pack = PACKS.get(channel.quiet or "")
    return tuple(
        cap for cap in (channel.cap, None if pack is None else pack.cap) if cap is not None
    )


def window_start(
    engine: DuckDBEngine, channel: Channel, topic: str | None, planned_at: datetime
) -> datetime | None:
    """From when on contacts have to be known to decide the caps; None where nobody has a cap. Needs the ready tables of the snapshot."""
    values = {"channel": channel.name, "topic": topic, "planned_at": naive_utc(planned_at)}
    ((own,),) = engine.rows("preference_window", values) if _stated(engine) else ((None,),)
    starts = [naive_utc(planned_at) - timedelta(days=cap.per_days) for cap in caps_of(channel)]
    starts += [] if own is None else [own]
    return min(starts, default=None)


def capped(
    engine: DuckDBEngine,
    channel: Channel,
    topic: str | None,
    planned_at: datetime,
    into: str = "capped",
) -> None:
    """Make `into` (patient): members of the ready table `export_member` who reached a cap at the planned time of sending.

    Needs the table `contact` (patient, exported_at, channel, topic) of what was exported since
    `window_start`. All caps hold, so the stricter does; ids of one human count together.
    """
    caps = caps_of(channel)
    common = {"channel": channel.name, "topic": topic, "planned_at": naive_utc(planned_at)}
    engine.create(into, {"patient": "BIGINT"})
    for cap in caps or ((None,) if _stated(engine) else ()):
        start = None if cap is None else naive_utc(planned_at) - timedelta(days=cap.per_days)
        engine.add(
            into,
            "capped_patient",
            {**common, "cap_contacts": None if cap is None else cap.contacts, "cap_from": start},
        )
    pack = PACKS.get(channel.quiet or "")
    if pack is not None and pack.rest_after_refusal:
        start = naive_utc(planned_at) - pack.rest_after_refusal
        engine.add(
            into,
            "resting_patient",
            {"channel": channel.name, "refused_from": start, "planned_at": naive_utc(planned_at)},
        )


# -- quiet hours -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pack:
    """A rule pack: when a channel may be used (local time), at most how often, and how long a refusal rests."""

    name: str
    hours: Mapping[
        int, tuple[tuple[time, time], ...]
    ]  # weekday (Monday 0) -> open intervals, end excluded
    holidays: Callable[[int], Iterable[date]]
    cap: Cap | None
    rest_after_refusal: timedelta

    def open_at(self, local: datetime) -> bool:
        """Whether a local moment is inside the hours.

        >>> monday, sunday = datetime(2026, 11, 23, 12, 59), datetime(2026, 11, 22, 11)
        >>> [PACKS["fr_phone_canvassing"].open_at(moment) for moment in (monday, sunday)]
        [True, False]
        """
        if local.date() in set(self.holidays(local.year)):
            return False
        return any(
            start <= local.time() < end for start, end in self.hours.get(local.weekday(), ())
        )


def require_open(channel: Channel, planned_at: datetime, time_zone: str) -> None:
    """Refuse (`quiet`) where the planned time of sending lies in the channel's quiet hours, in the policy's time zone."""
    if channel.quiet is None:
        return
    pack = PACKS.get(channel.quiet)
    if pack is None:
        raise Refusal(
            "quiet",
            f"channel {channel.name} names an unknown rule pack of quiet hours",
            hint=f"known: {', '.join(PACKS)}",
        )
    if not pack.open_at(planned_at.astimezone(ZoneInfo(time_zone))):
        said = f"the planned time lies in the quiet hours of channel {channel.name} ({pack.name})"
        raise Refusal("quiet", said, hint="name an allowed moment with --planned-at")


def french_holidays(year: int) -> tuple[date, ...]:
    """Public holidays of metropolitan France.

    >>> date(2026, 4, 6) in french_holidays(2026)
    True
    """
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    sunday = easter(year)
    moving = (
        sunday + timedelta(days=days) for days in (1, 39, 50)
    )  # Easter Monday, Ascension, Whit Monday
    return (*(date(year, month, day) for month, day in fixed), *moving)


def easter(year: int) -> date:
    """Easter Sunday (Gregorian; Meeus, Jones, Butcher).

    >>> easter(2026)
    datetime.date(2026, 4, 5)
    """
    century, rest = divmod(year, 100)
    golden = year % 19
    shift = (
        19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15
    ) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - shift - rest % 4) % 7
    late = (golden + 11 * shift + 22 * week) // 451
    month, day = divmod(shift + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _packs() -> Mapping[str, Pack]:
    from segmenter.project.policy import Cap

    working = ((time(10), time(13)), (time(14), time(20)))
    canvassing = Pack(
        "fr_phone_canvassing",
        dict.fromkeys(range(5), working),
        french_holidays,
        Cap(4, 30),
        timedelta(days=60),
    )
    return {canvassing.name: canvassing}


PACKS = _packs()
