"""SendGrid's lists as CSV: bounces and blocks have a status, spam reports an ip, invalid addresses a reason, unsubscribes neither."""

from __future__ import annotations

from collections.abc import Sequence

from segmenter.sources.lists.table import Table, found

COLUMNS = ("email", "created", "status", "reason", "ip")


def recognise(header: Sequence[str]) -> dict[str, int] | None:
    """By `email` and `created`."""
    return found(header, COLUMNS) if {"email", "created"} <= set(header) else None


TABLE = Table("sendgrid", "list_sendgrid", COLUMNS, recognise)
