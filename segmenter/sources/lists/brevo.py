"""Brevo: the list of blocked contacts (JSON). Being blocked is for ever, whatever the code says."""

from __future__ import annotations

from segmenter.sources.lists.entry import Document, Found, named, text

REASONS = {
    "unsubscribedViaMA": "unsubscribed", "unsubscribedViaEmail": "unsubscribed", "adminBlocked": "do_not_contact",
    "unsubscribedViaApi": "unsubscribed", "hardBounce": "hard_bounce", "contactFlaggedAsSpam": "complained",
}  # fmt: skip


def knows(document: Document) -> bool:
    """Whether a document is Brevo's list."""
    return isinstance(document.get("contacts"), list)


def read(document: Document) -> Found:
    """One entry a contact."""
    for contact in document["contacts"]:
        given = contact if isinstance(contact, dict) else {}
        reason = given.get("reason")
        code = text(reason.get("code")) if isinstance(reason, dict) else text(reason)
        yield named(given.get("email"), REASONS.get(code, "unsubscribed"), given.get("blockedAt"))
