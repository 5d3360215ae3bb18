"""SendGrid: webhook events, and the bounce, block, spam report, invalid and unsubscribe lists of its API, as JSON or CSV.

Status 5.x is a hard bounce, 4.x a deferral. A dropped message tells why: for an address that is
already on one of SendGrid's lists.
"""

from __future__ import annotations

from segmenter.sources.lists.entry import Document, Fault, Found, named, text

HARMLESS = {"processed", "delivered", "open", "click", "group_resubscribe"}
ENDINGS = {
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "spamreport": "complained",
}
DROPPED = (
    ("bounced", "hard_bounce"),
    ("unsubscribed", "unsubscribed"),
    ("spam report", "complained"),
    ("spam reporting", "complained"),
    ("invalid", "invalid"),
)


def knows(document: Document) -> bool:
    """Whether a document is one of SendGrid."""
    return ("event" in document and ("sg_event_id" in document or "email" in document)) or {
        "email",
        "created",
    } <= set(document)


def read(document: Document) -> Found:
    """The entries of one event, or of one row of a list."""
    if "event" not in document:
        yield named(document.get("email"), listed(document), document.get("created"))
        return
    kind, event = text(document["event"]), document.get("sg_event_id")
    address, since = document.get("email"), document.get("timestamp")
    if kind in ENDINGS:
        yield named(address, ENDINGS[kind], since, event)
    elif kind == "bounce":
        blocked = document.get("type") == "blocked" or text(document.get("status")).startswith("4")
        yield named(address, "soft_bounce" if blocked else "hard_bounce", since, event)
    elif kind == "deferred":
        yield named(address, "soft_bounce", since, event)
    elif kind == "dropped":
        yield named(address, dropped(text(document.get("reason"))), since, event)
    elif kind not in HARMLESS:
        yield Fault("unknown kind of event")


def listed(document: Document) -> str:
    """Why an address is on a list, by the columns the list has: bounces have a status, spam reports an ip, invalid ones a reason."""
    if "status" in document:
        return "soft_bounce" if text(document["status"]).strip().startswith("4") else "hard_bounce"
    if "ip" in document:
        return "complained"
    return "invalid" if "reason" in document else "unsubscribed"


def dropped(reason: str) -> str:
    """What SendGrid's reason for dropping a message means; any other one is a block."""
    return next(
        (ours for theirs, ours in DROPPED if reason.lower().startswith(theirs)), "soft_bounce"
    )
