"""Preferences and caps. They narrow: each can only take a patient out of an export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from segmenter.model import naive_utc
from segmenter.suppression.quiet_hours import pack_of

if TYPE_CHECKING:
    from segmenter.engine import Engine, Table, Tables
    from segmenter.project.policy import Cap, Channel


@dataclass(frozen=True, slots=True)
class PlannedContact:
    """A message that is planned: on which channel, about which topic, sent when (aware)."""

    channel: Channel
    topic: str | None
    sent_at: datetime

    def values(self) -> dict[str, object]:
        """What the relations of preferences and caps take."""
        return {
            "channel": self.channel.name,
            "topic": self.topic,
            "planned_at": naive_utc(self.sent_at),
        }

    def days_before(self, days: int) -> datetime:
        """The start of a window of days that ends when the message is sent; naive UTC."""
        end = naive_utc(self.sent_at)
        return end - timedelta(days=days)


# -- preferences -----------------------------------------------------------------------------------


def denied(engine: Engine, snapshot: Tables, contact: PlannedContact) -> Table:
    """Those (patient) whose speaking preferences say no to the message."""
    if _anyone_asked(engine, snapshot):
        return engine.make("preference_denied", reads=snapshot, values=contact.values())
    return engine.create({"patient": "BIGINT"})


def _anyone_asked(engine: Engine, snapshot: Tables) -> bool:
    """Whether the snapshot has preferences at all."""
    preferences = snapshot["preference"]
    return engine.count(preferences) > 0


# -- caps ------------------------------------------------------------------------------------------


def caps_of(channel: Channel) -> tuple[Cap, ...]:
    """The caps that a channel sets for everyone: its own, and its rule pack's."""
    pack = pack_of(channel)
    caps = []
    if channel.cap is not None:
        caps.append(channel.cap)
    if pack is not None and pack.cap is not None:
        caps.append(pack.cap)
    return tuple(caps)


def window_start(engine: Engine, snapshot: Tables, contact: PlannedContact) -> datetime | None:
    """From when on earlier contacts matter for a cap (naive UTC); None if nobody has a cap."""
    starts = [contact.days_before(cap.per_days) for cap in caps_of(contact.channel)]
    if _anyone_asked(engine, snapshot):
        rows = engine.rows("preference_window", reads=snapshot, values=contact.values())
        ((own_start,),) = rows
        if own_start is not None:
            starts.append(own_start)
    return min(starts, default=None)


def capped(engine: Engine, tables: Tables, contact: PlannedContact) -> Table:
    """Those (patient) of `export_member` who reached a cap when the message is sent.

    Reads the snapshot's `tables`, and beside them `export_member` and `contact` (patient,
    exported_at, channel, topic), what was exported since `window_start`. All caps hold, so the
    strictest does; ids of one human count together.
    """
    reached = engine.create({"patient": "BIGINT"})
    caps = caps_of(contact.channel)
    for cap in caps:
        values = {
            **contact.values(),
            "cap_contacts": cap.contacts,
            "cap_from": contact.days_before(cap.per_days),
        }
        engine.add(reached, "capped_patient", reads=tables, values=values)
    if not caps and _anyone_asked(engine, tables):
        values = {**contact.values(), "cap_contacts": None, "cap_from": None}
        engine.add(reached, "capped_patient", reads=tables, values=values)
    _add_resting(engine, tables, contact, reached)
    return reached


def _add_resting(engine: Engine, tables: Tables, contact: PlannedContact, reached: Table) -> None:
    """Add those who refused so recently that the channel's rule pack lets them rest."""
    pack = pack_of(contact.channel)
    if pack is None or not pack.rest_after_refusal:
        return
    values = {
        "channel": contact.channel.name,
        "planned_at": naive_utc(contact.sent_at),
        "refused_from": naive_utc(contact.sent_at) - pack.rest_after_refusal,
    }
    engine.add(reached, "resting_patient", reads=tables, values=values)
