"""Rows of consent, read: what each grants, denies, or might mean (C10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from oracle.times import Moment, read_moment

if TYPE_CHECKING:
    from datetime import datetime

Row = Mapping[str, Any]
GRANTS = ("given", "renewed")
DENIALS = {
    "refused": "refused",
    "withdrawn": "withdrawn",
    "objected": "objected",
    "expired": "withdrawn",
    "revoked": "withdrawn",
}
SILENT = ("requested", "deferred")
SCOPE = ("purpose", "channel", "topic", "category")
DATES = ("effective_at", "recorded_at", "confirmed_at", "valid_until")
NEEDED = ("effective_at", "recorded_at")


@dataclass(frozen=True, slots=True)
class Event:
    """One row, read. `kind` is `grant`, `denial` (`reason` says which), `quarantined` (a denial by
    C10) or `nothing`.
    """

    kind: str
    reason: str
    scope: tuple[str, str, str, str]
    effective: Moment | None = None
    recorded: Moment | None = None
    confirmed: Moment | None = None
    until: Moment | None = None
    lifted_after: datetime | None = (
        None  # a denial's: only a later grant lifts it; None: nothing does
    )
    method: str = ""
    expressed_by: str = ""
    notice: str = ""
    evidence: str = ""
    faults: tuple[str, ...] = ()  # why C10 quarantines the row


def text(row: Row, name: str) -> str:
    """A field as text; missing and None are empty. Ids have no blanks around them."""
    value = row.get(name)
    found = "" if value is None else str(value)
    return found.strip(" \t\r\n\u00a0\u200b\ufeff") if name in ("patient_id", "same_as") else found


def zone_of(policy: Row) -> ZoneInfo:
    """The policy's time zone."""
    return ZoneInfo(policy.get("time_zone", "UTC"))


def declared(policy: Row) -> tuple[set[str], ...]:
    """The declared ids of each scope field, in the order of `SCOPE`."""
    return (
        set(policy["purposes"]),
        set(policy.get("channels") or {}),
        set(policy.get("topics") or ()),
        set(policy["categories"]),
    )


def parse_event(row: Row, policy: Row) -> Event:
    """Read one row of consent under a policy: whether it grants, denies, says nothing, or is
    quarantined (C10).
    """
    zone = zone_of(policy)
    state = text(row, "state").strip().lower()
    raw = [text(row, name) for name in SCOPE]
    moments = {name: read_moment(text(row, name), zone) for name in DATES}
    faults = [
        name
        for name in DATES
        if moments[name] is None and (text(row, name) != "" or name in NEEDED)
    ]
    faults += [
        name
        for name, value, known in zip(SCOPE, raw, declared(policy), strict=True)
        if value not in known | {"*", ""}
    ]
    if state not in (*GRANTS, *DENIALS, *SILENT):
        faults.append("state")
    purpose, channel, topic, category = (
        value if value in known else "*" for value, known in zip(raw, declared(policy), strict=True)
    )
    scope = (purpose, channel, topic, category)
    effective, recorded, confirmed, until = (moments[name] for name in DATES)
    if state in SILENT or (state in GRANTS and (faults or "" in raw or raw[0] == "*")):
        return Event("nothing", "", scope, faults=tuple(faults))
    if state in GRANTS:
        return Event(
            "grant",
            "",
            scope,
            effective,
            recorded,
            confirmed,
            until,
            method=text(row, "method"),
            expressed_by=text(row, "expressed_by"),
            notice=text(row, "notice_version"),
            evidence=text(row, "evidence").strip(),
        )
    if faults:
        readable = [moment.ends_at for moment in moments.values() if moment is not None]
        last = max(readable, default=None)
        return Event(
            "quarantined",
            "quarantined",
            scope,
            effective,
            recorded,
            lifted_after=last,
            faults=tuple(faults),
        )
    assert effective is not None
    return Event(
        "denial", DENIALS[state], scope, effective, recorded, lifted_after=effective.ends_at
    )
