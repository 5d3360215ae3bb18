"""MailerSend: webhooks.

Documentation: developers.mailersend.com, Webhooks; django-anymail 8c40cc4, its tests (read
2026-11).
"""

from __future__ import annotations

from segmenter.sources.lists.entry import UNKNOWN, Document, Found, named, part, text
from segmenter.sources.lists.layout import Body

SENDER = "MailerSend"

EVENTS = {
    "activity.hard_bounced": "hard_bounce",
    "activity.soft_bounced": "soft_bounce",
    "activity.deferred": "soft_bounce",
    "activity.spam_complaint": "complained",
    "activity.unsubscribed": "unsubscribed",
}
HARMLESS = {
    "activity.sent", "activity.delivered", "activity.opened", "activity.opened_unique",
    "activity.clicked", "activity.clicked_unique", "activity.survey_opened",
    "activity.survey_submitted",
}  # fmt: skip


def read_event(event: Document) -> Found:
    """The entry of one webhook."""
    kind, activity = text(event["type"]), part(event, "data")
    email = part(activity, "email")
    if kind in EVENTS:
        reason = EVENTS[kind]
        message = part(email, "message").get("id")
        own = message if reason == "soft_bounce" else activity.get("id")
        address = part(email, "recipient").get("email")
        yield named(address, reason, activity.get("created_at"), own)
    elif kind not in HARMLESS:
        yield UNKNOWN


BODIES = (Body(SENDER, read_event, needs=("type", "data.email"), says={"type": ("activity.",)}),)
