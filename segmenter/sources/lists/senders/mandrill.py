"""Mandrill: webhooks, bare or as the form field that it posts, and its list of rejects.

Documentation: mailchimp.com, Transactional API, Webhooks, Rejects; django-anymail 8c40cc4, its
tests (read 2026-11).
"""

from __future__ import annotations

from urllib.parse import parse_qs

from segmenter.sources.lists.entry import UNKNOWN, Document, Found, named, part, text
from segmenter.sources.lists.layout import UNREAD, Body

SENDER = "Mandrill"

EVENTS = {
    "hard_bounce": "hard_bounce",
    "soft_bounce": "soft_bounce",
    "deferral": "soft_bounce",
    "reject": "soft_bounce",
    "spam": "complained",
    "unsub": "unsubscribed",
}
HARMLESS = {"send", "open", "click", "delivered"}
REJECTS = {
    "hard-bounce": "hard_bounce", "soft-bounce": "soft_bounce", "spam": "complained",
    "unsub": "unsubscribed", "custom": "manual", "manual edit": "manual", "invalid": "invalid",
    "invalid-sender": "", "test-mode-limit": "", "unsigned": "", "rule": "",
}  # fmt: skip
FORM = b"mandrill_events="


def read_event(event: Document) -> Found:
    """The entry of one event of a message."""
    kind, message = text(event["event"]), part(event, "msg")
    if kind in EVENTS:
        yield named(message.get("email"), EVENTS[kind], event.get("ts"), event.get("_id"))
    elif kind not in HARMLESS:
        yield UNKNOWN


def read_change(event: Document) -> Found:
    """The entry of a change to the list of rejects; what leaves it lifts nothing (S1)."""
    if event["type"] == "blacklist" and event["action"] != "remove":
        yield from read_reject(part(event, "reject"))


def read_reject(row: Document) -> Found:
    """The entry of one row of the list of rejects."""
    given = text(row.get("reason"))
    reason = REJECTS.get(given, "manual")
    if reason:
        told = "" if given in REJECTS else UNREAD
        yield named(row.get("email"), reason, row.get("created_at"), told=told)


def form(body: bytes) -> str | None:
    """The JSON that a form post holds, or None where the body is none."""
    if not body.startswith(FORM):
        return None
    fields = parse_qs(body.decode("utf-8", "replace").strip(), keep_blank_values=True)
    return fields["mandrill_events"][0]


BODIES = (
    Body(SENDER, read_event, needs=("event", "msg.email"), own=("_id", "ts")),
    Body(
        SENDER,
        read_change,
        needs=("type", "action", "reject"),
        says={"type": ("blacklist", "whitelist")},
    ),
    Body(
        SENDER,
        read_reject,
        needs=("email", "reason", "created_at"),
        own=("last_event_at", "expires_at", "expired"),
    ),
)
