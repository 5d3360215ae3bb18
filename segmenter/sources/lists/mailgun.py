"""Mailgun: webhook events (JSON, and the older form posts), and answers of its events API.

A permanent failure is a hard bounce, unless Mailgun dropped it for an older reason; a temporary one
a soft bounce. A rejected message is a block of that message: it counts against its recipient only
where it names exactly one.
"""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from email.utils import getaddresses

from segmenter.sources.lists.entry import Document, Entry, Fault, Found, named, text

HARMLESS = {
    "accepted",
    "delivered",
    "opened",
    "clicked",
    "stored",
    "list_member_uploaded",
    "list_member_upload_error",
    "list_uploaded",
}
CODES = {
    "605": "hard_bounce",
    "606": "unsubscribed",
    "607": "complained",
}  # Mailgun's own: on its suppression lists already
SUPPRESSED = {
    "suppress-bounce": "hard_bounce",
    "suppress-unsubscribe": "unsubscribed",
    "suppress-complaint": "complained",
}


def knows(document: Document) -> bool:
    """Whether a document is one of Mailgun."""
    return (
        "event-data" in document
        or "items" in document
        or {"event", "recipient"} <= set(document)
        or {"event", "token"} <= set(document)
    )


def read(document: Document) -> Found:
    """The entries of one event, or of a page of them."""
    if "items" in document:
        for item in document["items"] if isinstance(document["items"], list) else []:
            if isinstance(item, dict):
                yield from read({"event-data": item})
        return
    inner = document.get("event-data")
    yield from _event(inner if isinstance(inner, dict) else document)


def _event(event: Document) -> Found:
    kind, address, since = text(event.get("event")), event.get("recipient"), event.get("timestamp")
    own = event.get("id") or event.get("Message-Id") or event.get("message-id")
    if kind in ("unsubscribed", "complained"):
        yield named(address, kind, since, own)
    elif kind == "bounced":
        yield named(
            address,
            "soft_bounce" if text(event.get("code")).startswith("4") else "hard_bounce",
            since,
            own,
        )
    elif kind == "dropped":
        yield named(address, _dropped(event), since, own)
    elif kind == "failed":
        yield named(address, _failed(event), since, own)
    elif kind == "rejected":
        yield _rejected(event, since, own)
    elif kind not in HARMLESS:
        yield Fault("unknown kind of event")


def _dropped(event: Document) -> str:
    if text(event.get("reason")) != "hardfail":
        return "soft_bounce"
    return CODES.get(text(event.get("code")), "hard_bounce")


def _failed(event: Document) -> str:
    status = event.get("delivery-status")
    code = text(status.get("code")) if isinstance(status, dict) else ""
    if text(event.get("severity")) != "permanent":
        return "soft_bounce"
    return SUPPRESSED.get(text(event.get("reason")), CODES.get(code, "hard_bounce"))


def _rejected(event: Document, since: object, own: object) -> Entry | Fault:
    if event.get("recipient"):
        return named(event["recipient"], "soft_bounce", since, own)
    message = event.get("message")
    headers = message.get("headers") if isinstance(message, dict) else None
    addressees = getaddresses([text(headers.get("to"))]) if isinstance(headers, dict) else []
    return named(addressees[0][1] if len(addressees) == 1 else None, "soft_bounce", since, own)


def form(body: bytes) -> Document | None:
    """A form post (multipart) as a document, or None where the body is none. The boundary is the body's own first line."""
    first = body.split(b"\n", 1)[0].strip()
    if not first.startswith(b"--") or b"form-data" not in body[:2000].lower():
        return None
    head = b"Content-Type: multipart/form-data; boundary=" + first[2:] + b"\r\n\r\n"
    parts = BytesParser(policy=HTTP).parsebytes(head + body).iter_parts()
    fields: dict[str, str] = {}
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            fields.setdefault(name, payload.decode("utf-8", "replace").strip("\r\n"))
    return fields or None
