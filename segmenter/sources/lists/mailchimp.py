"""Mailchimp's audience export: subscribed, unsubscribed and cleaned. Only a row with a time of leaving adds anything."""

from __future__ import annotations

from collections.abc import Sequence

from segmenter.sources.lists.table import Table

COLUMNS = ("Email Address", "UNSUB_TIME", "CLEAN_TIME", "UNSUB_TIME again", "CLEAN_TIME again")
MARKS = {
    "UNSUB_TIME",
    "CLEAN_TIME",
    "OPTIN_TIME",
    "CONFIRM_TIME",
    "MEMBER_RATING",
    "LEID",
    "EUID",
    "LAST_CHANGED",
}


def recognise(header: Sequence[str]) -> dict[str, int] | None:
    """By its address column beside one of its own; old files repeat headers, and any of the repeated times counts."""
    if "Email Address" not in header or not MARKS & set(header):
        return None
    places = {}
    for name in ("Email Address", "UNSUB_TIME", "CLEAN_TIME"):
        where = [i for i, column in enumerate(header) if column == name]
        if where:
            places[name] = where[0]
        if len(where) > 1:
            places[f"{name} again"] = where[-1]
    return {name: place for name, place in places.items() if name in COLUMNS}


TABLE = Table("mailchimp", "list_mailchimp", COLUMNS, recognise)
