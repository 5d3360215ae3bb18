"""listmonk's subscriber export. Whoever is not enabled may not be contacted."""

from __future__ import annotations

from collections.abc import Sequence

from segmenter.sources.lists.table import Table, found

COLUMNS = ("uuid", "email", "status", "updated_at")


def recognise(header: Sequence[str]) -> dict[str, int] | None:
    """By `uuid`, `email` and `status`."""
    return found(header, COLUMNS) if {"uuid", "email", "status"} <= set(header) else None


TABLE = Table("listmonk", "list_listmonk", COLUMNS, recognise)
