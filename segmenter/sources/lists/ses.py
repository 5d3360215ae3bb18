"""Amazon SES: the account's suppression list, its bulk file, and bounce and complaint events, bare or in an SNS envelope.

A permanent bounce is a hard bounce; a transient or undetermined one, and a delivery delay, a soft
bounce. A rejected message is a block of that message: it counts against its recipient only where it
had exactly one.
"""

from __future__ import annotations

import json
from typing import Any

from segmenter.sources.lists.entry import NOBODY, Document, Fault, Found, named

REASONS = {"BOUNCE": "hard_bounce", "COMPLAINT": "complained"}
HARMLESS = {
    "Send",
    "Delivery",
    "Open",
    "Click",
    "Rendering Failure",
    "AmazonSnsSubscriptionSucceeded",
}
SILENT = {"SubscriptionConfirmation", "UnsubscribeConfirmation"}
LIST = "SuppressedDestinationSummaries"


def knows(document: Document) -> bool:
    """Whether a document is one of Amazon SES."""
    if LIST in document or "notificationType" in document:
        return True
    if "eventType" in document and "mail" in document:
        return True
    if document.get("Type") in SILENT or (
        document.get("Type") == "Notification" and "Message" in document
    ):
        return True
    return {"emailAddress", "reason"} <= set(document) or {"EmailAddress", "Reason"} <= set(
        document
    )


def read(document: Document) -> Found:
    """The entries of one document."""
    if LIST in document:
        for item in _items(document[LIST]):
            yield from read(item)
    elif "Message" in document or document.get("Type") in SILENT:
        yield from _envelope(document)
    elif "notificationType" in document or "eventType" in document:
        yield from _event(document)
    else:
        address = document.get("EmailAddress", document.get("emailAddress"))
        given = str(document.get("Reason", document.get("reason"))).upper()
        yield named(address, REASONS.get(given, "manual"), document.get("LastUpdateTime", ""))


def _envelope(document: Document) -> Found:
    if document.get("Type") in SILENT:
        return
    try:
        event = json.loads(document["Message"])
    except (ValueError, TypeError, RecursionError):
        yield Fault("the envelope holds no event")
        return
    if isinstance(event, dict) and ("notificationType" in event or "eventType" in event):
        yield from _event(event)
    else:
        yield Fault("the envelope holds no event")


def _event(event: Document) -> Found:
    kind = event.get("notificationType") or event.get("eventType")
    mail = _part(event, "mail")
    match kind:
        case "Bounce":
            part = _part(event, "bounce")
            reason = "hard_bounce" if part.get("bounceType") == "Permanent" else "soft_bounce"
            own = part.get("feedbackId") or mail.get("messageId")
            yield from _each(part.get("bouncedRecipients"), reason, part.get("timestamp"), own)
        case "Complaint":
            part = _part(event, "complaint")
            own = part.get("feedbackId") or mail.get("messageId")
            yield from _each(
                part.get("complainedRecipients"), "complained", part.get("timestamp"), own
            )
        case "DeliveryDelay":
            part = _part(event, "deliveryDelay")
            yield from _each(
                part.get("delayedRecipients"),
                "soft_bounce",
                part.get("timestamp"),
                mail.get("messageId"),
            )
        case "Reject":
            addressees = mail.get("destination")
            one = addressees[0] if isinstance(addressees, list) and len(addressees) == 1 else None
            yield named(one, "soft_bounce", mail.get("timestamp"), mail.get("messageId"))
        case "Subscription":
            if _unsubscribed(_part(event, "subscription")):
                addressees = mail.get("destination")
                one = (
                    addressees[0] if isinstance(addressees, list) and len(addressees) == 1 else None
                )
                yield named(
                    one,
                    "unsubscribed",
                    _part(event, "subscription").get("timestamp"),
                    mail.get("messageId"),
                )
        case _ if kind not in HARMLESS:
            yield Fault("unknown kind of event")


def _unsubscribed(part: Document) -> bool:
    preferences = _part(part, "newTopicPreferences")
    topics = preferences.get("topicSubscriptionStatus")
    return bool(preferences.get("unsubscribeAll")) or any(
        t.get("subscriptionStatus") == "OptOut" for t in _items(topics)
    )


def _each(recipients: Any, reason: str, since: object, event: object) -> Found:
    found = _items(recipients)
    if not found:
        yield NOBODY
    for recipient in found:
        yield named(recipient.get("emailAddress"), reason, since, event)


def _items(value: Any) -> list[Document]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _part(document: Document, name: str) -> Document:
    part = document.get(name)
    return part if isinstance(part, dict) else {}
