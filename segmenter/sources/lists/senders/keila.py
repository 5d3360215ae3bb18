"""Keila: the contact export.

Documentation: the columns that Keila's own code writes (contacts_csv_export.ex, read 2026-11).
"""

from __future__ import annotations

from segmenter.sources.lists.layout import Says, TableLayout

SENDER = "Keila"

STATUSES = {"active": "", "unsubscribed": "unsubscribed", "unreachable": "hard_bounce"}

TABLES = (
    TableLayout(
        SENDER,
        identifiers={"email": ("Email",)},
        needs=("Email", "Status", "External ID", "Data"),
        own=("External ID",),
        may=("First name", "Last name"),
        says=(Says("Status", STATUSES),),
    ),
)
