"""Twilio SMS: webhooks of messages that came in (STOP), and the log of messages.

A message that could not be sent because its recipient had answered STOP (21610) tells of an opt-out
too. Documentation: twilio.com/docs, Messaging webhooks, OptOutType; error 21610; export of message
logs (its header in public code, read 2026-11).
"""

from __future__ import annotations

from segmenter.sources.lists.entry import NOBODY, Document, Entry, Fault, Found, text
from segmenter.sources.lists.layout import Body, Says, TableLayout
from segmenter.sources.lists.words import all_mean

SENDER = "Twilio"
WHATSAPP = "whatsapp:"

STOP = (
    "stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout",
    "opt out", "arret", "arrêt",
)  # fmt: skip
ERRORS = {
    "21610": "unsubscribed", "21211": "invalid", "21614": "invalid", "30005": "hard_bounce",
    "30006": "hard_bounce",
}  # fmt: skip


def read_status(message: Document) -> Found:
    """The entry of a message that could not be sent, by its error."""
    reason = ERRORS.get(text(message.get("ErrorCode")))
    if reason:
        yield _entry(message, "To", reason)


def read_message(message: Document) -> Found:
    """The entry of a message that came in, if it says stop."""
    asked = text(message.get("OptOutType")).upper()
    said = text(message.get("Body")).strip().lower()
    if asked == "STOP" or said in STOP:
        yield _entry(message, "From", "unsubscribed")


def _entry(message: Document, side: str, reason: str) -> Entry | Fault:
    number = text(message[side])
    if not number.strip():
        return NOBODY
    channel = "whatsapp" if number.startswith(WHATSAPP) else "sms"
    number, own = number.removeprefix(WHATSAPP), text(message["MessageSid"])
    return Entry(number, reason, event=own, kind="phone", channel=channel)


BODIES = (
    Body(SENDER, read_status, needs=("MessageSid", "To", "MessageStatus")),
    Body(
        SENDER,
        read_message,
        needs=("MessageSid", "From", "Body"),
        own=("AccountSid", "OptOutType", "SmsSid"),
    ),
)
TABLES = (
    TableLayout(
        SENDER,
        identifiers={"phone": ("To",), "mobile": ("From",)},
        needs=("To", "From", "Body", "ErrorCode", "Direction", "Sid"),
        may=(
            "Status", "SentDate", "ApiVersion", "NumSegments", "AccountSid", "Price", "PriceUnit",
            "DateCreated", "DateUpdated", "NumMedia", "MessagingServiceSid", "ErrorMessage",
        ),
        says=(
            Says("ErrorCode", ERRORS, "", free=True, channel="sms", of=("phone",),
             since="SentDate"),
            Says(
                "Body",
                all_mean("unsubscribed", STOP),
                "",
                free=True,
                channel="sms",
                of=("mobile",),
                since="SentDate",
            ),
        ),
    ),
)  # fmt: skip
