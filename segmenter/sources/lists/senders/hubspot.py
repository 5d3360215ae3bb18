"""HubSpot: its export of unsubscribes and bounces, its list of opt-outs, its contact export.

Documentation: knowledge.hubspot.com, "What do the columns mean in the csv I receive when I export
unsubscribes and bounces?". Every further column of that export is a type of e-mail, and TRUE an
opt-out of it: of our topic of that name, or else of all (S1).
"""

from __future__ import annotations

from segmenter.sources.lists.layout import Says, TableLayout, every, filled, flag
from segmenter.sources.lists.words import NO, YES, all_mean
from segmenter.sources.optout_columns import plain

SENDER = "HubSpot"
EMAIL = ("email",)
OWN = ("portal", "global", "bounce", "unsub", "spam")


def left_type(column: str) -> Says | None:
    """A type of e-mail: only a yes says anything.

    A column that is called like one of HubSpot's own is none.
    """
    if any(sign in plain(column) for sign in OWN):
        return None
    words = {**all_mean("", NO), **all_mean("unsubscribed", YES)}
    return Says(column, words, other="", free=True, topic=column)


def opted_out_of(column: str) -> Says | None:
    """A contact export's column for one type, such as `Opted out of email: Newsletter`."""
    head, found, topic = column.partition(": ")
    if found and head.lower() == "opted out of email":
        return flag(column, "unsubscribed", topic=topic)
    return None


TABLES = (
    TableLayout(
        SENDER,
        identifiers={"email": ("Email", "Email Address")},
        own=("Portal Unsubscribe", "Portal Bounce", "Portal Spam Report", "Global Bounce"),
        says=(
            flag("Portal Unsubscribe", "unsubscribed"),
            flag("Portal Spam Report", "complained"),
            filled("Portal Bounce", "hard_bounce", of=EMAIL),
            filled("Global Bounce", "hard_bounce", of=EMAIL),
            flag("Global Unsubscribe", "unsubscribed"),
        ),
        rest=left_type,
        signs=OWN,
    ),
    TableLayout(
        SENDER,
        identifiers={
            "email": ("Email",),
            "phone": ("Phone Number",),
            "mobile": ("Mobile Phone Number",),
        },
        needs=("Record ID",),
        own=("Unsubscribed from all email", "Email hard bounce reason", "Invalid email address"),
        says=(
            flag("Unsubscribed from all email", "unsubscribed", channel="email"),
            filled("Email hard bounce reason", "hard_bounce", of=EMAIL),
            flag("Invalid email address", "invalid", of=EMAIL),
        ),
        rest=opted_out_of,
        harmless=("Marketing emails bounced", "Sends Since Last Engagement"),
    ),
    TableLayout(
        SENDER,
        identifiers={"email": ("Email",)},
        needs=("Email",),
        may=(),
        says=(every("unsubscribed"),),
        cased=True,
    ),
)
