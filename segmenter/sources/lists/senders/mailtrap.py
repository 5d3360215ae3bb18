"""Mailtrap: webhooks.

Documentation: api-docs.mailtrap.io, Receive events; django-anymail 8c40cc4, its tests (read
2026-11).
"""

from __future__ import annotations

from segmenter.sources.lists.entry import UNKNOWN, Document, Found, named, text
from segmenter.sources.lists.layout import Body

SENDER = "Mailtrap"

EVENTS = {
    "bounce": "hard_bounce",
    "soft bounce": "soft_bounce",
    "suspension": "soft_bounce",
    "reject": "soft_bounce",
    "spam": "complained",
    "unsubscribe": "unsubscribed",
}
HARMLESS = {"delivery", "open", "click"}


def read_events(page: Document) -> Found:
    """The entries of one webhook."""
    for event in page["events"]:
        kind = text(event["event"])
        if kind in EVENTS:
            reason = EVENTS[kind]
            own = event.get("message_id" if reason == "soft_bounce" else "event_id")
            yield named(event.get("email"), reason, event.get("timestamp"), own)
        elif kind not in HARMLESS:
            yield UNKNOWN


BODIES = (
    Body(
        SENDER,
        read_events,
        needs=("event", "email", "message_id"),
        own=("sending_stream", "event_id"),
        holds="events",
    ),
)
