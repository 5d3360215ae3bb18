"""Mautic: contacts of its API, and a table with its import and export column `doNotEmail`.

Documentation: developer.mautic.org, Contacts; Mautic's own code (ImportContactSubscriber.php,
DoNotContact.php, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator

from segmenter.sources.lists.entry import (
    NOBODY,
    Document,
    Entry,
    Found,
    items,
    moment,
    part,
    text,
)
from segmenter.sources.lists.layout import UNREAD, Body, TableLayout, flag

SENDER = "Mautic"
PAGE = "contacts"

REASONS = {"0": "", "1": "unsubscribed", "2": "hard_bounce", "3": "manual"}


def read_contacts(page: Document) -> Found:
    """The entries of a page of contacts."""
    for contact in page[PAGE]:
        yield from _contact(contact)


def _contact(contact: Document) -> Found:
    """One entry for each channel that is closed and each identifier there is."""
    found = list(_identifiers(part(part(contact, "fields"), "all")))
    for closed in items(contact["doNotContact"]):
        code = text(closed.get("reason"))
        reason = REASONS.get(code, "manual")
        told = "" if code in REASONS else UNREAD
        since = moment(closed.get("dateAdded"))
        if reason and not found:
            yield NOBODY
        for kind, value in found if reason else []:
            channel = text(closed.get("channel")) or "email"
            yield Entry(value, reason, since, kind=kind, channel=channel, told=told)


def _identifiers(fields: Document) -> Iterator[tuple[str, str]]:
    for kind, key in (("email", "email"), ("phone", "mobile"), ("phone", "phone")):
        value = text(fields.get(key))
        if value.strip():
            yield kind, value


BODIES = (Body(SENDER, read_contacts, needs=("id", "fields.all", "doNotContact"), holds=PAGE),)
TABLES = (
    TableLayout(
        SENDER,
        identifiers={"email": ("email",), "phone": ("phone",), "mobile": ("mobile",)},
        own=("doNotEmail", "doNotSms"),
        says=(
            flag("doNotEmail", "unsubscribed", channel="email"),
            flag("doNotSms", "unsubscribed", channel="sms"),
        ),
    ),
)
