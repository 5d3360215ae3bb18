"""SparkPost: webhooks, and its suppression list (API, CSV).

Documentation: developers.sparkpost.com, Webhooks, Event types, Suppression list;
support.sparkpost.com, Bounce classification codes; django-anymail 8c40cc4, its tests (read
2026-11).
"""

from __future__ import annotations

from segmenter.sources.lists.entry import UNKNOWN, Document, Found, items, named, part, text
from segmenter.sources.lists.layout import UNREAD, Body, Says, TableLayout

SENDER = "SparkPost"

SOFT = ("1", "20", "21", "22", "23", "24", "25", "40", "50", "51", "52", "53", "54", "70")
SILENT = ("60", "80", "100")  # automatic replies, subscriptions
CLASSES = {
    **dict.fromkeys(SOFT, "soft_bounce"),
    **dict.fromkeys(SILENT, ""),
    "10": "hard_bounce",
    "30": "hard_bounce",
    "90": "unsubscribed",
}
EVENTS = {
    "spam_complaint": "complained",
    "list_unsubscribe": "unsubscribed",
    "link_unsubscribe": "unsubscribed",
    "delay": "soft_bounce",
    "policy_rejection": "soft_bounce",
    "generation_rejection": "soft_bounce",
}
HARMLESS = {
    "delivery", "injection", "open", "initial_open", "click", "amp_open", "amp_initial_open",
    "amp_click", "generation_failure", "sms_status",
}  # fmt: skip
SOURCES = {
    "spam complaint": "complained", "list unsubscribe": "unsubscribed",
    "unsubscribe link": "unsubscribed", "bounce rule": "hard_bounce", "manually added": "manual",
    "compliance": "manual",
}  # fmt: skip


def read_event(document: Document) -> Found:
    """The entry of one event; a ping holds none."""
    for event in items(list(part(document, "msys").values())):
        yield from _event(event)


def _event(event: Document) -> Found:
    kind = text(event.get("type"))
    reason, told = EVENTS.get(kind), ""
    if kind in ("bounce", "out_of_band"):
        given = text(event.get("bounce_class"))
        reason = CLASSES.get(given, "hard_bounce")
        told = "" if given in CLASSES else UNREAD
    if reason:
        own = event.get("message_id" if reason == "soft_bounce" else "event_id")
        address = event.get("raw_rcpt_to") or event.get("rcpt_to")
        yield named(address, reason, event.get("timestamp"), own, told)
    elif reason is None and kind not in HARMLESS:
        yield UNKNOWN


def read_list(page: Document) -> Found:
    """The entries of the suppression list."""
    for row in page["results"]:
        given = text(row.get("source")).lower()
        told = "" if given in SOURCES else UNREAD
        yield named(row["recipient"], SOURCES.get(given, "manual"), row.get("created"), told=told)


BODIES = (
    Body(SENDER, read_event, needs=("msys",)),
    Body(
        SENDER,
        read_list,
        needs=("recipient", "source"),
        own=("type", "transactional", "non_transactional"),
        holds="results",
    ),
)
TABLES = (
    TableLayout(
        SENDER,
        identifiers={"email": ("recipient",)},
        needs=("recipient", "type", "source"),
        may=(
            "description", "created", "updated", "subaccount_id", "transactional",
            "non_transactional",
        ),
        says=(Says("source", SOURCES, since="created"),),
    ),
)  # fmt: skip
