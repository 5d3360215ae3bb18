"""listmonk: the subscriber export. Whoever is not enabled may not be contacted.

Documentation: the columns that listmonk's own code writes (cmd/subscribers.go, read 2026-11).
"""

from __future__ import annotations

from segmenter.sources.lists.layout import Says, TableLayout

SENDER = "listmonk"

STATUSES = {"enabled": "", "blocklisted": "unsubscribed", "disabled": "manual"}

TABLES = (
    TableLayout(
        SENDER,
        identifiers={"email": ("email",)},
        needs=("uuid", "email", "status"),
        own=("uuid", "attributes"),
        may=("name", "created_at", "updated_at", "lists"),
        says=(Says("status", STATUSES, since="updated_at"),),
    ),
)
