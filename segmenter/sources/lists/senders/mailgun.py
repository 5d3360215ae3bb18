"""Mailgun: webhooks, older form posts, answers of its events API, suppression lists (CSV, API).

A permanent failure is a hard bounce, unless Mailgun dropped it for an older reason; a temporary one
a soft bounce. A rejected message is a block of that message: it counts against its recipient only
where it names exactly one. Documentation: documentation.mailgun.com, Webhooks, Events, Bounces,
Complaints, Unsubscribe.
"""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from email.utils import getaddresses

from segmenter.sources.lists.entry import UNKNOWN, Document, Entry, Fault, Found, named, part, text
from segmenter.sources.lists.layout import UNREAD, Body, Says, TableLayout, every
from segmenter.sources.lists.smtp import bounce

SENDER = "Mailgun"

HARMLESS = {
    "accepted", "delivered", "opened", "clicked", "stored", "list_member_uploaded",
    "list_member_upload_error", "list_uploaded", "email_validation",
}  # fmt: skip
CODES = {
    "605": "hard_bounce",
    "606": "unsubscribed",
    "607": "complained",
}  # on its own lists already
SUPPRESSED = {
    "suppress-bounce": "hard_bounce",
    "suppress-unsubscribe": "unsubscribed",
    "suppress-complaint": "complained",
}


def read_event(document: Document) -> Found:
    """The entries of one event: of a webhook, or in an older form post."""
    inner = document.get("event-data")
    yield from _event(inner if isinstance(inner, dict) else document)


def read_events(page: Document) -> Found:
    """The entries of a page of events."""
    for item in page["items"]:
        yield from _event(item)


def _event(event: Document) -> Found:
    kind, address, since = text(event.get("event")), event.get("recipient"), event.get("timestamp")
    own = event.get("id") or event.get("Message-Id") or event.get("message-id")
    message = part(part(event, "message"), "headers").get("message-id") or own
    if kind in ("unsubscribed", "complained"):
        yield named(address, kind, since, own)
    elif kind == "bounced":
        soft = text(event.get("code")).startswith("4")
        yield named(address, "soft_bounce" if soft else "hard_bounce", since, own)
    elif kind == "dropped":
        yield named(address, _dropped(event), since, own)
    elif kind == "failed":
        yield named(address, _failed(event), since, message)
    elif kind == "rejected":
        yield _rejected(event, since, message)
    elif kind not in HARMLESS:
        yield UNKNOWN


def _dropped(event: Document) -> str:
    if text(event.get("reason")) != "hardfail":
        return "soft_bounce"
    return CODES.get(text(event.get("code")), "hard_bounce")


def _failed(event: Document) -> str:
    if text(event.get("severity")) == "temporary":
        return "soft_bounce"
    code = text(part(event, "delivery-status").get("code"))
    return SUPPRESSED.get(text(event.get("reason")), CODES.get(code, "hard_bounce"))


def _rejected(event: Document, since: object, own: object) -> Entry | Fault:
    if event.get("recipient"):
        return named(event["recipient"], "soft_bounce", since, own)
    headers = part(part(event, "message"), "headers")
    addressees = getaddresses([text(headers.get("to"))]) if headers else []
    return named(addressees[0][1] if len(addressees) == 1 else None, "soft_bounce", since, own)


def read_bounces(page: Document) -> Found:
    """The entries of the list of bounces."""
    for item in page["items"]:
        found = bounce(text(item["code"]), text(item.get("error")))
        told = "" if found else UNREAD
        yield named(item["address"], found or "hard_bounce", item.get("created_at"), told=told)


def read_unsubscribes(page: Document) -> Found:
    """The entries of the list of unsubscribes, whatever tag they left."""
    for item in page["items"]:
        yield named(item["address"], "unsubscribed", item.get("created_at"))


def read_complaints(page: Document) -> Found:
    """The entries of the list of complaints."""
    for item in page["items"]:
        yield named(item["address"], "complained", item.get("created_at"))


def form(body: bytes) -> Document | None:
    """A form post (multipart) as a document, or None if the body is none.

    The boundary is the body's own first line.
    """
    first = body.split(b"\n", 1)[0].strip()
    if not first.startswith(b"--") or b"form-data" not in body[:2000].lower():
        return None
    head = b"Content-Type: multipart/form-data; boundary=" + first[2:] + b"\r\n\r\n"
    fields: dict[str, str] = {}
    for piece in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        name = piece.get_param("name", header="content-disposition")
        payload = piece.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            fields.setdefault(name, payload.decode("utf-8", "replace").strip("\r\n"))
    return fields or None


BODIES = (
    Body(SENDER, read_event, needs=("event-data",)),
    Body(
        SENDER,
        read_event,
        needs=("event",),
        own=("token", "signature", "message-headers", "X-Mailgun-Sid"),
    ),
    Body(SENDER, read_events, needs=("event", "timestamp"), holds="items"),
    Body(
        SENDER,
        read_bounces,
        needs=("address", "code", "error"),
        may=("created_at", "MessageHash"),
        holds="items",
    ),
    Body(
        SENDER,
        read_unsubscribes,
        needs=("address",),
        own=("tags", "tag"),
        may=("created_at",),
        holds="items",
    ),
    Body(
        SENDER,
        read_complaints,
        needs=("address", "created_at"),
        may=("count",),
        holds="items",
    ),
)
ADDRESS = {"email": ("address",)}
TABLES = (
    TableLayout(
        SENDER,
        identifiers=ADDRESS,
        needs=("address", "code", "error"),
        may=("created_at", "MessageHash"),
        says=(Says("code", smtp="error", since="created_at"),),
    ),
    TableLayout(
        SENDER,
        identifiers=ADDRESS,
        needs=("address",),
        either=("tags", "tag"),
        may=("created_at",),
        says=(every("unsubscribed", "created_at"),),
    ),
    TableLayout(
        SENDER,
        identifiers=ADDRESS,
        needs=("address", "created_at"),
        may=("count",),
        says=(every("complained", "created_at"),),
    ),
)
