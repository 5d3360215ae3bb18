"""HubSpot's opt-out export: every row of a file whose only column is `Email`, or the rows flagged in its own columns."""

from __future__ import annotations

from collections.abc import Sequence

from segmenter.sources.lists.table import Table, first

COLUMNS = ("Email", "Portal Unsubscribe", "Global Bounce", "every")


def recognise(header: Sequence[str]) -> dict[str, int] | None:
    """By its only column, or by its flags; `every` marks a file all of whose rows count."""
    address = first(header, "Email", "Email Address", "email")
    if list(header) == ["Email"]:
        return {"Email": 0, "every": 0}
    if address is None or not {"Portal Unsubscribe", "Global Bounce"} & set(header):
        return None
    return {
        "Email": address,
        **{
            name: header.index(name)
            for name in ("Portal Unsubscribe", "Global Bounce")
            if name in header
        },
    }


TABLE = Table("hubspot", "list_hubspot", COLUMNS, recognise)
