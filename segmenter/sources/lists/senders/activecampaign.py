"""ActiveCampaign: webhooks. Its contact export, with a `Status`, is read as a list of one's own.

Documentation: developers.activecampaign.com, Webhooks; the fields come as `contact[email]`, or
nested where they were turned into JSON.
"""

from __future__ import annotations

from segmenter.sources.lists.entry import Document, Found, named, part, text
from segmenter.sources.lists.layout import Body

SENDER = "ActiveCampaign"

EVENTS = {"unsubscribe": "unsubscribed", "bounce": "hard_bounce"}
HARMLESS = (
    "subscribe", "update", "sent", "open", "click", "forward", "share", "reply",
    "contact_tag_added", "contact_tag_removed", "list_add", "subscriber_note",
)  # fmt: skip
SOFT = ("soft", "1", "2")


def read_event(event: Document) -> Found:
    """The entry of one webhook."""
    reason = EVENTS.get(text(event["type"]))
    if reason is None:
        return
    contact, bounce = part(event, "contact"), part(event, "bounce")
    kind = text(bounce.get("type") or event.get("bounce[type]")).lower()
    if reason == "hard_bounce" and kind.startswith("soft"):
        reason = "soft_bounce"
    address = contact.get("email") or event.get("contact[email]")
    own = event.get("campaign[id]") or part(event, "campaign").get("id")
    yield named(address, reason, event.get("date_time"), own)


KINDS = (*EVENTS, *HARMLESS)
BODIES = (
    Body(
        SENDER,
        read_event,
        needs=("type", "date_time", "contact.email"),
        says={"type": KINDS},
    ),
    Body(
        SENDER,
        read_event,
        needs=("type", "date_time", "contact[email]"),
        says={"type": KINDS},
    ),
)
