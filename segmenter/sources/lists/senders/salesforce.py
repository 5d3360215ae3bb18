"""Salesforce Marketing Cloud: the tracking extracts and the export of all subscribers.

Documentation: help.salesforce.com, Extracts: Bounces, Unsubscribes, Complaints, Subscribers (read
2026-11). Bounced subscribers are still sent to; held ones are not.
"""

from __future__ import annotations

from segmenter.sources.lists.layout import Says, TableLayout

SENDER = "Salesforce Marketing Cloud"

EMAIL = {"email": ("EmailAddress",)}
STATUSES = {
    "active": "", "deleted": "", "unsubscribed": "unsubscribed", "held": "hard_bounce",
    "bounced": "soft_bounce",
}  # fmt: skip
EVENTS = {
    "unsubscribe": "unsubscribed", "unsub": "unsubscribed", "complaint": "complained",
    "sent": "", "not sent": "", "notsent": "", "open": "", "click": "", "conversion": "",
    "survey": "", "forward": "",
}  # fmt: skip
BOUNCES = {
    "hard bounce": "hard_bounce", "hard": "hard_bounce", "soft bounce": "soft_bounce",
    "soft": "soft_bounce", "block bounce": "soft_bounce", "block": "soft_bounce",
    "technical/other bounce": "soft_bounce", "other": "soft_bounce",
    "unknown bounce": "soft_bounce", "unknown": "soft_bounce",
}  # fmt: skip

TABLES = (
    TableLayout(
        SENDER,
        identifiers=EMAIL,
        needs=("SubscriberKey", "EmailAddress", "BounceCategory"),
        own=("BounceCategory",),
        says=(Says("BounceCategory", BOUNCES, "hard_bounce", since="EventDate"),),
        harmless=(
            "BounceCategoryID", "BounceReason", "BounceSubcategory", "BounceSubcategoryID",
            "BounceType", "BounceTypeID", "SMTPBounceReason", "BounceText",
        ),
    ),
    TableLayout(
        SENDER,
        identifiers=EMAIL,
        needs=("SubscriberKey", "EmailAddress", "EventType", "EventDate"),
        may=(
            "ClientID", "SendID", "JobID", "SubscriberID", "ListID", "BatchID",
            "TriggeredSendExternalKey", "UnsubReason", "Domain", "IsUnique", "URL", "URLID",
            "Alias", "IPAddress", "Country", "Region", "City", "Latitude", "Longitude", "MetroCode",
            "AreaCode", "Browser", "EmailClient", "OperatingSystem", "Device", "SendURLID",
        ),
        says=(Says("EventType", EVENTS, since="EventDate"),),
    ),
    TableLayout(
        SENDER,
        identifiers=EMAIL,
        needs=("SubscriberKey", "EmailAddress", "Status"),
        says=(Says("Status", STATUSES, since="DateUnsubscribed"),),
        signs=("status",),
        harmless=("DateUnsubscribed", "BounceCount"),
    ),
)  # fmt: skip
