"""SendGrid: webhook events, and its lists of who bounced, complained or left (CSV, JSON).

Documentation: docs.sendgrid.com, Event Webhook Reference, Suppressions API. Bounces and blocks are
written alike: the server's answer tells them apart.
"""

from __future__ import annotations

from segmenter.sources.lists.entry import UNKNOWN, Document, Found, named, text
from segmenter.sources.lists.layout import UNREAD, Body, Says, TableLayout, every
from segmenter.sources.lists.smtp import bounce

SENDER = "SendGrid"

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


def read_event(event: Document) -> Found:
    """The entry of one event. A soft bounce is its message's: retries are one."""
    kind, address = text(event["event"]), event.get("email")
    since, own = event.get("timestamp"), event.get("sg_event_id")
    message = event.get("sg_message_id") or event.get("smtp-id") or own
    if kind in ENDINGS:
        yield named(address, ENDINGS[kind], since, own)
    elif kind == "bounce":
        yield named(address, bounced(event), since, message)
    elif kind == "deferred":
        yield named(address, "soft_bounce", since, message)
    elif kind == "dropped":
        yield named(address, dropped(text(event.get("reason"))), since, message)
    elif kind not in HARMLESS:
        yield UNKNOWN


def bounced(event: Document) -> str:
    """What a bounce is: SendGrid says itself which one was a block."""
    if event.get("type") == "blocked" or text(event.get("status")).startswith("4"):
        return "soft_bounce"
    return "hard_bounce"


def dropped(reason: str) -> str:
    """What SendGrid's reason for dropping a message means; any other one is a block."""
    for theirs, ours in DROPPED:
        if reason.lower().startswith(theirs):
            return ours
    return "soft_bounce"


def read_bounce(row: Document) -> Found:
    """The entry of one row of the bounces or the blocks."""
    found = bounce(text(row["status"]), text(row["reason"]))
    told = "" if found else UNREAD
    yield named(row["email"], found or "hard_bounce", row["created"], told=told)


def read_spam_report(row: Document) -> Found:
    """The entry of one spam report."""
    yield named(row["email"], "complained", row["created"])


def read_invalid(row: Document) -> Found:
    """The entry of one invalid address."""
    yield named(row["email"], "invalid", row["created"])


def read_unsubscribe(row: Document) -> Found:
    """The entry of one unsubscribe."""
    yield named(row["email"], "unsubscribed", row["created"])


BODIES = (
    Body(SENDER, read_event, needs=("event", "email"), own=("sg_event_id", "sg_message_id")),
    Body(SENDER, read_bounce, needs=("created", "email", "reason", "status"), may=()),
    Body(SENDER, read_spam_report, needs=("created", "email", "ip"), may=()),
    Body(SENDER, read_invalid, needs=("created", "email", "reason"), may=()),
    Body(SENDER, read_unsubscribe, needs=("created", "email"), may=()),
)
EMAIL = {"email": ("email",)}
TABLES = (
    TableLayout(
        SENDER,
        identifiers=EMAIL,
        needs=("email", "created", "status", "reason"),
        may=(),
        says=(Says("status", smtp="reason", since="created", of=("email",)),),
    ),
    TableLayout(
        SENDER, (every("complained", "created"),), EMAIL, ("email", "created", "ip"), may=()
    ),
    TableLayout(
        SENDER, (every("invalid", "created"),), EMAIL, ("email", "created", "reason"), may=()
    ),
    TableLayout(SENDER, (every("unsubscribed", "created"),), EMAIL, ("email", "created"), may=()),
)
