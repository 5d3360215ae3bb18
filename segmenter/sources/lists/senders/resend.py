"""Resend: webhooks.

An event does not say which of several recipients it is about: a bounce then names nobody (S5), and
a complaint is taken as everybody's. Documentation: resend.com, Event types; django-anymail 8c40cc4,
its tests (read 2026-11).
"""

from __future__ import annotations

from segmenter.sources.lists.entry import NOBODY, UNKNOWN, Document, Found, named, part, text
from segmenter.sources.lists.layout import Body

SENDER = "Resend"

BOUNCES = {"Transient": "soft_bounce", "Undetermined": "soft_bounce"}
HARMLESS = {
    "email.sent", "email.delivered", "email.opened", "email.clicked", "email.scheduled",
    "email.failed", "email.received", "contact.created", "contact.deleted",
}  # fmt: skip
ANYBODY = "the event does not say which of its recipients complained: all are taken"


def read_event(event: Document) -> Found:
    """The entries of one webhook about a message."""
    kind, data = text(event["type"]), part(event, "data")
    since, own = event.get("created_at"), data.get("email_id")
    people = [one for key in ("to", "cc", "bcc") for one in _addresses(data.get(key))]
    if kind == "email.complained":
        told = ANYBODY if len(people) > 1 else ""
        for address in people or [""]:
            yield named(address, "complained", since, own, told)
    elif kind in ("email.bounced", "email.suppressed", "email.delivery_delayed"):
        delayed = kind == "email.delivery_delayed"
        bounce = text(part(data, "bounce").get("type"))
        reason = "soft_bounce" if delayed else BOUNCES.get(bounce, "hard_bounce")
        yield named(people[0], reason, since, own) if len(people) == 1 else NOBODY
    elif kind not in HARMLESS:
        yield UNKNOWN


def read_contact(event: Document) -> Found:
    """The entry of a contact that unsubscribed."""
    data = part(event, "data")
    if data["unsubscribed"] is not False:
        yield named(data.get("email"), "unsubscribed", data.get("updated_at"), data.get("id"))


def _addresses(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


BODIES = (
    Body(
        SENDER,
        read_event,
        needs=("type", "created_at", "data.email_id"),
        says={"type": ("email.",)},
    ),
    Body(
        SENDER,
        read_contact,
        needs=("type", "created_at", "data.unsubscribed"),
        says={"type": ("contact.",)},
    ),
)
