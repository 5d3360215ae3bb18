"""Postmark: webhooks, the dump of its suppressions (JSON, CSV) and its bounces.

Only hard types of bounce are hard bounces.
Documentation: postmarkapp.com, Bounce, Spam complaint and Subscription change webhooks,
Suppressions API, Bounce API.
"""

from __future__ import annotations

from segmenter.sources.lists.entry import UNKNOWN, Document, Found, named, text
from segmenter.sources.lists.layout import UNREAD, Body, Says, TableLayout

SENDER = "Postmark"

HARMLESS = {"Delivery", "Open", "Click"}
BOUNCES = {
    "HardBounce": "hard_bounce", "BadEmailAddress": "invalid", "ManuallyDeactivated": "manual",
    "Unsubscribe": "unsubscribed", "SpamComplaint": "complained",
    "SpamNotification": "soft_bounce", "Transient": "soft_bounce", "SoftBounce": "soft_bounce",
    "DnsError": "soft_bounce", "Blocked": "soft_bounce", "SMTPApiError": "soft_bounce",
    "InboundError": "soft_bounce", "DMARCPolicy": "soft_bounce", "VirusNotification": "soft_bounce",
    "TemplateRenderingFailed": "", "Unconfirmed": "soft_bounce", "Unknown": "soft_bounce",
    "Subscribe": "", "AutoResponder": "", "AddressChange": "", "ChallengeVerification": "",
    "OpenRelayTest": "",
}  # fmt: skip
CHANGES = {
    "HardBounce": "hard_bounce",
    "SpamComplaint": "complained",
    "ManualSuppression": "unsubscribed",
}
WORDS = {word.lower(): reason for word, reason in CHANGES.items()}


def read_event(event: Document) -> Found:
    """The entry of one webhook."""
    kind = event["RecordType"]
    if kind == "Bounce":
        yield from _bounce(event)
    elif kind == "SpamComplaint":
        yield named(event.get("Email"), "complained", event.get("BouncedAt"), event.get("ID"))
    elif kind == "SubscriptionChange":
        yield from _change(event)
    elif kind not in HARMLESS:
        yield UNKNOWN


def read_bounces(page: Document) -> Found:
    """The entries of a page of bounces."""
    for item in page["Bounces"]:
        yield from _bounce(item)


def _bounce(event: Document) -> Found:
    kind = text(event.get("Type"))
    reason = BOUNCES.get(kind, "hard_bounce")
    if not reason:
        return
    soft = reason == "soft_bounce"
    own = event.get("MessageID") if soft else event.get("ID")
    told = "" if kind in BOUNCES else UNREAD
    yield named(event.get("Email"), reason, event.get("BouncedAt"), own, told)


def _change(event: Document) -> Found:
    if event.get("SuppressSending") is False:
        return
    reason = CHANGES.get(text(event.get("SuppressionReason")), "manual")
    yield named(event.get("Recipient"), reason, event.get("ChangedAt"), event.get("MessageID"))


def read_suppressions(page: Document) -> Found:
    """The entries of the dump."""
    for item in page["Suppressions"]:
        given = text(item["SuppressionReason"])
        told = "" if given in CHANGES else UNREAD
        reason = CHANGES.get(given, "manual")
        yield named(item["EmailAddress"], reason, item.get("CreatedAt"), told=told)


BODIES = (
    Body(SENDER, read_event, needs=("RecordType",)),
    Body(
        SENDER,
        read_suppressions,
        needs=("EmailAddress", "SuppressionReason"),
        holds="Suppressions",
    ),
    Body(SENDER, read_bounces, needs=("Type", "Email", "BouncedAt"), holds="Bounces"),
)
TABLES = (
    TableLayout(
        SENDER,
        identifiers={"email": ("EmailAddress",)},
        needs=("EmailAddress", "SuppressionReason"),
        may=("Origin", "CreatedAt"),
        says=(Says("SuppressionReason", WORDS, since="CreatedAt"),),
    ),
)
