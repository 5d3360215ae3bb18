"""Mailjet: webhooks, and the contacts of its API (JSON, CSV).

Documentation: dev.mailjet.com, Email API, Webhooks; Contacts. django-anymail 8c40cc4, webhooks and
their tests (read 2026-11).
"""

from __future__ import annotations

from segmenter.sources.lists.entry import UNKNOWN, Document, Found, named, text
from segmenter.sources.lists.layout import Body, TableLayout, flag

SENDER = "Mailjet"

HARMLESS = {"sent", "open", "click"}
BLOCKED = {
    "user unknown": "hard_bounce", "mailbox inactive": "hard_bounce",
    "invalid domain": "hard_bounce", "no mail host": "hard_bounce",
    "typofix": "invalid", "spam reporter": "complained",
}  # fmt: skip


def read_event(event: Document) -> Found:
    """The entry of one webhook. A bounce that does not say that it is soft is a hard one."""
    kind, address, since = text(event["event"]), event.get("email"), event.get("time")
    message = event.get("MessageID") or event.get("Message_GUID")
    if kind == "bounce":
        soft = event.get("hard_bounce") is False
        yield named(address, "soft_bounce" if soft else "hard_bounce", since, message)
    elif kind == "blocked":
        reason = BLOCKED.get(text(event.get("error")), "soft_bounce")
        yield named(address, reason, since, message)
    elif kind == "spam":
        yield named(address, "complained", since, message)
    elif kind == "unsub":
        yield named(address, "unsubscribed", since, message)
    elif kind not in HARMLESS:
        yield UNKNOWN


def read_contacts(page: Document) -> Found:
    """The entries of contacts that are excluded from campaigns, or complained."""
    for contact in page["Data"]:
        since = contact.get("ExclusionFromCampaignsUpdatedAt")
        if contact["IsSpamComplaining"] is not False:
            yield named(contact["Email"], "complained", since)
        if contact["IsExcludedFromCampaigns"] is not False or contact.get("UnsubscribedAt"):
            yield named(contact["Email"], "unsubscribed", since)


BODIES = (
    Body(
        SENDER,
        read_event,
        needs=("event", "email", "time"),
        own=("MessageID", "Message_GUID", "mj_campaign_id", "mj_contact_id", "mj_list_id"),
    ),
    Body(
        SENDER,
        read_contacts,
        needs=("Email", "IsExcludedFromCampaigns", "IsSpamComplaining"),
        holds="Data",
        reads=("IsSpamComplaining", "IsOptInPending", "UnsubscribedAt", "UnsubscribedBy"),
        page=("Count",),
    ),
)
TABLES = (
    TableLayout(
        SENDER,
        identifiers={"email": ("Email",)},
        needs=("Email", "IsExcludedFromCampaigns", "IsSpamComplaining"),
        own=("IsExcludedFromCampaigns",),
        says=(
            flag("IsExcludedFromCampaigns", "unsubscribed"),
            flag("IsSpamComplaining", "complained"),
        ),
        harmless=("IsOptInPending", "BouncedCount"),
    ),
)
