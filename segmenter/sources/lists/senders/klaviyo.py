"""Klaviyo: profiles of its API, and the export of profiles.

A profile that never subscribed is no opt-out; one that unsubscribed, or was suppressed, is. E-mail
and SMS are told apart. Documentation: developers.klaviyo.com, Profiles, Get profiles (revision
2026-10-15, read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator

from segmenter.sources.lists.entry import Document, Entry, Found, items, moment, named, part, text
from segmenter.sources.lists.layout import UNREAD, Body, Says, TableLayout
from segmenter.sources.lists.words import NO, all_mean
from segmenter.sources.optout_columns import plain

SENDER = "Klaviyo"

CONSENT = {
    "subscribed": "", "never_subscribed": "", "never subscribed": "", "": "", "unknown": "",
    "unsubscribed": "unsubscribed",
}  # fmt: skip
SUPPRESSED = {
    "hard_bounce": "hard_bounce", "invalid_email": "invalid", "spam_complaint": "complained",
    "unsubscribe": "unsubscribed", "unsubscribed": "unsubscribed",
    "user_suppressed": "do_not_contact",
}  # fmt: skip
WORDS = {**all_mean("", NO), **SUPPRESSED}


def read_profiles(page: Document) -> Found:
    """The entries of profiles: of e-mail and of SMS, by consent and by suppression."""
    for profile in page["data"]:
        given = part(profile, "attributes")
        subscriptions = part(given, "subscriptions")
        mail = part(part(subscriptions, "email"), "marketing")
        sms = part(part(subscriptions, "sms"), "marketing")
        yield from _consent(given, mail, "email")
        yield from _consent(given, sms, "sms")
        for one in items(mail.get("suppression")):
            word = text(one.get("reason")).lower()
            told = "" if word in SUPPRESSED else UNREAD
            reason = SUPPRESSED.get(word, "do_not_contact")
            yield named(given.get("email"), reason, one.get("timestamp"), told=told)


def _consent(given: Document, marketing: Document, channel: str) -> Found:
    if not marketing:
        return
    word = text(marketing.get("consent")).lower()
    reason = CONSENT.get(word, "manual") if word else "manual"
    if not reason:
        return
    since, told = (
        moment(marketing.get("consent_timestamp")),
        "" if word and word in CONSENT else UNREAD,
    )
    found = list(_identifiers(given))
    if not found:
        yield named(None, reason)
    for kind, value in found:
        yield Entry(value, reason, since, kind=kind, channel=channel, told=told)


def _identifiers(given: Document) -> Iterator[tuple[str, str]]:
    for kind, key in (("email", "email"), ("phone", "phone_number")):
        value = text(given.get(key))
        if value.strip():
            yield kind, value


def suppression(column: str) -> Says | None:
    """Any other column about suppression: filled, it is one."""
    if "suppress" not in plain(column):
        return None
    return Says(column, WORDS, "do_not_contact", free=True, of=("email",))


BODIES = (
    Body(
        SENDER,
        read_profiles,
        needs=("type", "attributes.subscriptions"),
        says={"type": ("profile",)},
        holds="data",
    ),
)
TABLES = (
    TableLayout(
        SENDER,
        identifiers={"email": ("Email",), "phone": ("Phone Number",)},
        needs=("Email Marketing Consent",),
        own=("Klaviyo ID",),
        says=(
            Says("Email Marketing Consent", CONSENT, channel="email"),
            Says("SMS Marketing Consent", CONSENT, channel="sms"),
        ),
        rest=suppression,
        signs=("consent",),
        harmless=("Email Marketing Consent Timestamp", "SMS Marketing Consent Timestamp"),
    ),
)
