"""Mailchimp: the audience export (subscribed, unsubscribed, cleaned), and members of its API.

Only a row with a time of leaving adds anything; old files repeat headers, and any of the repeated
times counts. The label of the address column may have been renamed. Documentation: mailchimp.com,
View or export contacts; Marketing API, List members.
"""

from __future__ import annotations

from dataclasses import replace

from segmenter.sources.lists.entry import Document, Found, named, text
from segmenter.sources.lists.layout import UNREAD, Body, TableLayout, filled

SENDER = "Mailchimp"

STATUSES = {
    "subscribed": "", "pending": "", "transactional": "",
    "unsubscribed": "unsubscribed", "cleaned": "hard_bounce", "archived": "manual",
}  # fmt: skip
LABELS = ("Email", "Adresse e-mail", "Adresse mail", "Courriel")


def read_members(page: Document) -> Found:
    """The entries of the members that left, or whose address was cleaned."""
    for member in page["members"]:
        status = text(member["status"])
        reason = STATUSES.get(status, "manual")
        if reason:
            told = "" if status in STATUSES else UNREAD
            yield named(member["email_address"], reason, member.get("last_changed"), told=told)


BODIES = (
    Body(
        SENDER, read_members, needs=("email_address", "status"), holds="members", page=("list_id",)
    ),
)
AUDIENCE = TableLayout(
    SENDER,
    identifiers={"email": ("Email Address",)},
    own=("LEID", "EUID", "MEMBER_RATING", "OPTIN_TIME", "CONFIRM_TIME", "UNSUB_TIME", "CLEAN_TIME"),
    says=(
        filled("UNSUB_TIME", "unsubscribed", since="UNSUB_TIME"),
        filled("CLEAN_TIME", "hard_bounce", since="CLEAN_TIME"),
    ),
    signs=("clean", "status"),
    harmless=(
        "OPTIN_TIME", "OPTIN_IP", "UNSUB_CAMPAIGN_TITLE", "UNSUB_CAMPAIGN_ID", "UNSUB_REASON",
        "UNSUB_REASON_OTHER", "CLEAN_CAMPAIGN_TITLE", "CLEAN_CAMPAIGN_ID",
    ),
)  # fmt: skip
RENAMED = replace(AUDIENCE, identifiers={"email": LABELS}, needs=("LEID", "EUID"))
TABLES = (AUDIENCE, RENAMED)
