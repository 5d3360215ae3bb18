"""The generic list: one or more of email, phone, patient_id, postal, domain; optional channel, purpose, topic, reason, since, until."""

from __future__ import annotations

from collections.abc import Sequence

from segmenter.sources.lists.table import Table

KINDS = ("email", "phone", "patient_id", "postal", "domain")
COLUMNS = (*KINDS, "channel", "purpose", "topic", "reason", "since", "until", "event_id")


def recognise(header: Sequence[str]) -> dict[str, int] | None:
    """By a column that is a kind of identifier; upper and lower case are alike. One that stands twice is not read."""
    lower = [name.lower() for name in header]
    if any(lower.count(kind) > 1 for kind in KINDS):
        return None
    places = {name: lower.index(name) for name in COLUMNS if name in lower}
    return places if set(places) & set(KINDS) else None


TABLE = Table("generic", "list_generic", COLUMNS, recognise)
