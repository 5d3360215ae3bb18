"""Brevo: webhooks, contacts and blocked contacts of its API, and its contact export.

Each channel of a contact is blocked by itself: e-mail, SMS and WhatsApp have an entry of their own,
whatever the source's `channel` says. A blocked contact stays so, whatever the code says.
Documentation: developers.brevo.com, Transactional webhooks, Marketing webhooks, Get contacts, Get
blocked contacts, Export contacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from segmenter.sources.lists.entry import (
    UNKNOWN,
    Document,
    Entry,
    Found,
    moment,
    named,
    part,
    text,
)
from segmenter.sources.lists.layout import Body, TableLayout, flag

SENDER = "Brevo"

EVENTS = {
    "hard_bounce": "hard_bounce", "hardBounce": "hard_bounce",
    "soft_bounce": "soft_bounce", "softBounce": "soft_bounce",
    "blocked": "soft_bounce", "deferred": "soft_bounce",
    "invalid_email": "invalid", "invalid": "invalid",
    "spam": "complained", "complaint": "complained",
    "unsubscribe": "unsubscribed", "unsubscribed": "unsubscribed",
}  # fmt: skip
HARMLESS = {
    "request", "sent", "delivered", "opened", "unique_opened", "uniqueOpened", "proxy_open",
    "unique_proxy_open", "click", "error", "reply", "list_addition", "listAddition",
    "contact_updated", "contactUpdated", "contact_deleted", "contactDeleted",
}  # fmt: skip
CODES = {
    "unsubscribedViaMA": "unsubscribed", "unsubscribedViaEmail": "unsubscribed",
    "unsubscribedViaApi": "unsubscribed", "adminBlocked": "do_not_contact",
    "hardBounce": "hard_bounce", "contactFlaggedAsSpam": "complained",
}  # fmt: skip
LIST_LEFT = "left a list whose topic is not known: the entry holds for all"


def read_event(event: Document) -> Found:
    """The entry of one webhook."""
    kind = text(event.get("event"))
    since = event.get("ts_epoch") or event.get("ts_event") or event.get("ts")
    if kind in EVENTS:
        yield named(event.get("email"), EVENTS[kind], since, event.get("message-id"))
    elif kind not in HARMLESS:
        yield UNKNOWN


def read_blocked(page: Document) -> Found:
    """One entry a blocked contact."""
    for contact in page["contacts"]:
        given = contact["reason"]
        code = text(part(contact, "reason").get("code")) or text(given)
        reason = CODES.get(code, "unsubscribed")
        yield named(contact.get("email"), reason, contact["blockedAt"])


def read_contacts(page: Document) -> Found:
    """The entries of contacts: one for each channel that is closed and each identifier there is."""
    for contact in page["contacts"]:
        since = moment(contact.get("modifiedAt"))
        if contact.get("emailBlacklisted") is not False:
            yield from _each(contact, "email", since)
        if contact.get("smsBlacklisted") is not False:
            yield from _each(contact, "sms", since)
        if contact.get("whatsappBlacklisted", False) is not False:
            yield from _each(contact, "whatsapp", since)
        if contact.get("listUnsubscribed"):
            for entry in _each(contact, "email", since):
                yield replace(entry, told=LIST_LEFT) if isinstance(entry, Entry) else entry


def _each(contact: Document, channel: str, since: str) -> Found:
    found = list(_identifiers(contact))
    if not found:
        yield named(None, "unsubscribed")
    for kind, value in found:
        yield Entry(value, "unsubscribed", since, kind=kind, channel=channel)


def _identifiers(contact: Document) -> Iterator[tuple[str, str]]:
    attributes = part(contact, "attributes")
    given = (("email", contact.get("email")), ("phone", attributes.get("SMS")))
    for kind, value in (*given, ("phone", attributes.get("WHATSAPP"))):
        if text(value).strip():
            yield kind, text(value)


BODIES = (
    Body(
        SENDER,
        read_event,
        needs=("event", "email"),
        own=("message-id", "ts_event", "ts_epoch", "date_event", "camp_id", "campaign name"),
    ),
    Body(SENDER, read_blocked, needs=("email", "reason", "blockedAt"), holds="contacts"),
    Body(
        SENDER,
        read_contacts,
        needs=("emailBlacklisted", "smsBlacklisted"),
        own=("email", "attributes"),
        holds="contacts",
        reads=("emailBlacklisted", "smsBlacklisted", "whatsappBlacklisted", "listUnsubscribed"),
    ),
)
TABLES = (
    TableLayout(
        SENDER,
        identifiers={"email": ("EMAIL",), "phone": ("SMS",), "mobile": ("WHATSAPP",)},
        needs=("EMAIL_BLOCKLISTED", "SMS_BLOCKLISTED"),
        own=("EMAIL_BLOCKLISTED", "SMS_BLOCKLISTED", "WHATSAPP_BLOCKLISTED"),
        says=(
            flag("EMAIL_BLOCKLISTED", "unsubscribed", channel="email"),
            flag("SMS_BLOCKLISTED", "unsubscribed", channel="sms"),
            flag("WHATSAPP_BLOCKLISTED", "unsubscribed", channel="whatsapp"),
        ),
        harmless=("DOUBLE_OPT-IN",),
    ),
)
