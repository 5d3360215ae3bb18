"""Postal: webhooks.

What concerns a message that came in is nobody's bounce. A held message is not the recipient's
doing. Documentation: docs.postalserver.io, Webhooks; django-anymail 8c40cc4, its tests (read
2026-11).
"""

from __future__ import annotations

from segmenter.sources.lists.entry import UNKNOWN, Document, Found, named, part, text
from segmenter.sources.lists.layout import Body

SENDER = "Postal"

STATUSES = {"HardFail": "hard_bounce", "SoftFail": "soft_bounce", "Sent": "", "Held": ""}
EVENTS = {
    "MessageBounced": "hard_bounce",
    "MessageDeliveryFailed": "hard_bounce",
    "MessageDelayed": "soft_bounce",
}
HARMLESS = {"MessageSent", "MessageHeld", "MessageLoaded", "MessageLinkClicked", "DomainDNSError"}


def read_event(event: Document) -> Found:
    """The entry of one webhook: a bounce names the message that came back."""
    kind, payload = text(event["event"]), part(event, "payload")
    message = part(payload, "original_message") or part(payload, "message")
    if message.get("direction") == "incoming" or kind in HARMLESS:
        return
    if kind not in EVENTS:
        yield UNKNOWN
        return
    reason = EVENTS[kind]
    if "bounce" in payload:
        reason = "hard_bounce"
    elif "status" in payload:
        reason = STATUSES.get(text(payload["status"]), "hard_bounce")
    own = message.get("message_id") if reason == "soft_bounce" else event.get("uuid")
    if reason:
        yield named(message.get("to"), reason, event.get("timestamp"), own)


BODIES = (Body(SENDER, read_event, needs=("event", "payload"), own=("uuid",)),)
