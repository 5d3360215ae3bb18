"""Postmark: webhook events, and its suppression list as JSON. Only hard types of bounce are hard bounces."""

from __future__ import annotations

from segmenter.sources.lists.entry import Document, Fault, Found, named, text

HARMLESS = {"Delivery", "Open", "Click"}
BOUNCES = {
    "HardBounce": "hard_bounce", "BadEmailAddress": "invalid", "ManuallyDeactivated": "manual", "Unsubscribe": "unsubscribed",
    "SpamComplaint": "complained", "SpamNotification": "soft_bounce", "Subscribe": None, "AutoResponder": None, "AddressChange": None,
    "ChallengeVerification": None, "OpenRelayTest": None,
}  # fmt: skip
CHANGES = {
    "HardBounce": "hard_bounce",
    "SpamComplaint": "complained",
    "ManualSuppression": "unsubscribed",
}
LIST = "Suppressions"


def knows(document: Document) -> bool:
    """Whether a document is one of Postmark."""
    return "RecordType" in document or LIST in document


def read(document: Document) -> Found:
    """The entries of one event, or of the suppression list."""
    if LIST in document:
        for item in document[LIST] if isinstance(document[LIST], list) else []:
            if isinstance(item, dict):
                yield named(
                    item.get("EmailAddress"),
                    CHANGES.get(text(item.get("SuppressionReason")), "manual"),
                    item.get("CreatedAt"),
                )
        return
    kind = document["RecordType"]
    if kind in ("Bounce", "SpamComplaint"):
        reason = (
            "complained"
            if kind == "SpamComplaint"
            else BOUNCES.get(text(document.get("Type")), "soft_bounce")
        )
        if reason is not None:
            yield named(
                document.get("Email"), reason, document.get("BouncedAt"), document.get("ID")
            )
    elif kind == "SubscriptionChange":
        if document.get("SuppressSending"):
            reason = CHANGES.get(text(document.get("SuppressionReason")), "manual")
            yield named(
                document.get("Recipient"),
                reason,
                document.get("ChangedAt"),
                document.get("MessageID"),
            )
    elif kind not in HARMLESS:
        yield Fault("unknown kind of event")
