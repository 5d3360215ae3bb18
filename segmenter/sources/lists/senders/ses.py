"""Amazon SES: the suppression list, its bulk file, and events, bare or in an SNS envelope.

A permanent bounce is a hard bounce; a transient or undetermined one, and a delivery delay, a soft
bounce. A rejected message is a block of that message: it counts against its recipient only where it
had exactly one. Documentation: docs.aws.amazon.com, Amazon SES, Contents of notifications and of
event data; ListSuppressedDestinations; bulk import of suppressed addresses.
"""

from __future__ import annotations

import json

from segmenter.sources.lists.entry import (
    NOBODY,
    UNKNOWN,
    Document,
    Entry,
    Fault,
    Found,
    items,
    named,
    part,
    text,
)
from segmenter.sources.lists.layout import UNREAD, Body, Says, TableLayout

SENDER = "Amazon SES"

REASONS = {"BOUNCE": "hard_bounce", "COMPLAINT": "complained"}
BOUNCES = {
    "Permanent": "hard_bounce",
    "Transient": "soft_bounce",
    "Undetermined": "soft_bounce",
}
HARMLESS = {
    "Send", "Delivery", "Open", "Click", "Rendering Failure", "AmazonSnsSubscriptionSucceeded",
}  # fmt: skip
SILENT = ("SubscriptionConfirmation", "UnsubscribeConfirmation")
LIST = "SuppressedDestinationSummaries"
EMPTY = Fault("the envelope holds no event")


def read_summary(page: Document) -> Found:
    """The entries of the account's list."""
    for item in page[LIST]:
        yield _listed(item["EmailAddress"], item["Reason"], item.get("LastUpdateTime", ""))


def read_line(row: Document) -> Found:
    """The entry of one line of the bulk file."""
    yield _listed(row["emailAddress"], row["reason"])


def _listed(address: object, given: object, since: object = "") -> Entry | Fault:
    reason = REASONS.get(text(given).upper())
    return named(address, reason or "manual", since, told="" if reason else UNREAD)


def read_envelope(envelope: Document) -> Found:
    """The entries of the event that an SNS envelope holds as a text."""
    if envelope["Type"] in SILENT:
        return
    try:
        event = json.loads(envelope["Message"])
    except (KeyError, ValueError, TypeError, RecursionError):
        yield EMPTY
        return
    if isinstance(event, dict) and ("notificationType" in event or "eventType" in event):
        yield from read_event(event)
    else:
        yield EMPTY


def read_event(event: Document) -> Found:
    """The entries of one event."""
    kind = text(event.get("notificationType") or event.get("eventType"))
    readers = {
        "Bounce": _bounce,
        "Complaint": _complaint,
        "DeliveryDelay": _delay,
        "Reject": _reject,
        "Subscription": _subscription,
    }
    if kind in readers:
        yield from readers[kind](event)
    elif kind not in HARMLESS:
        yield UNKNOWN


def _bounce(event: Document) -> Found:
    bounce = part(event, "bounce")
    reason = BOUNCES.get(text(bounce.get("bounceType")))
    told = "" if reason else UNREAD
    yield from _each(event, bounce, "bouncedRecipients", reason or "hard_bounce", told)


def _complaint(event: Document) -> Found:
    yield from _each(event, part(event, "complaint"), "complainedRecipients", "complained")


def _delay(event: Document) -> Found:
    yield from _each(event, part(event, "deliveryDelay"), "delayedRecipients", "soft_bounce")


def _reject(event: Document) -> Found:
    mail = part(event, "mail")
    yield named(_only(mail), "soft_bounce", mail.get("timestamp"), mail.get("messageId"))


def _subscription(event: Document) -> Found:
    told, mail = part(event, "subscription"), part(event, "mail")
    preferences = part(told, "newTopicPreferences")
    topics = items(preferences.get("topicSubscriptionStatus"))
    left = any(topic.get("subscriptionStatus") == "OptOut" for topic in topics)
    if left or preferences.get("unsubscribeAll"):
        yield named(_only(mail), "unsubscribed", told.get("timestamp"), mail.get("messageId"))


def _each(event: Document, about: Document, people: str, reason: str, told: str = "") -> Found:
    """One entry a recipient of the bounce's or complaint's own part.

    A message's retries are one bounce.
    """
    message = part(event, "mail").get("messageId") or about.get("feedbackId")
    own = about.get("feedbackId") or message
    found = items(about.get(people))
    if not found:
        yield NOBODY
    for recipient in found:
        address, since = recipient.get("emailAddress"), about.get("timestamp")
        yield named(address, reason, since, message if reason == "soft_bounce" else own, told)


def _only(mail: Document) -> object:
    """The addressee of a message that had exactly one."""
    addressees = mail.get("destination")
    if not isinstance(addressees, list) or len(addressees) != 1:
        return None
    return addressees[0]


BODIES = (
    Body(SENDER, read_summary, needs=("EmailAddress", "Reason"), holds=LIST),
    Body(SENDER, read_line, needs=("emailAddress", "reason"), may=()),
    Body(SENDER, read_event, needs=("notificationType", "mail")),
    Body(SENDER, read_event, needs=("eventType", "mail")),
    Body(
        SENDER,
        read_event,
        needs=("notificationType",),
        says={"notificationType": ("AmazonSnsSubscriptionSucceeded",)},
    ),
    Body(
        SENDER,
        read_envelope,
        needs=("Type",),
        own=("Message", "SubscribeURL"),
        says={"Type": ("Notification", *SILENT)},
    ),
)
TABLES = (
    TableLayout(
        SENDER,
        identifiers={"email": ("address",)},
        says=(Says("why", {word.lower(): reason for word, reason in REASONS.items()}),),
        width=2,
    ),
)
