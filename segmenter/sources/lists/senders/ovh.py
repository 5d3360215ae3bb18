"""OVHcloud SMS: the numbers that answered STOP (API, or a table of the same).

Documentation: api.ovh.com, /sms/{serviceName}/blacklists. Every number is an opt-out of SMS.
"""

from __future__ import annotations

import re
from typing import Any

from segmenter.sources.lists.entry import Document, Entry, Found, moment, text
from segmenter.sources.lists.layout import Body, TableLayout, every

SENDER = "OVHcloud"

NUMBER = re.compile(r"(\+|00)[1-9][0-9]{6,14}")


def read_number(row: Document) -> Found:
    """The entry of one number."""
    since = moment(row.get("creationDatetime"))
    yield Entry(text(row["number"]), "unsubscribed", since, kind="phone", channel="sms")


def numbers(whole: Any) -> list[Document] | None:
    """A bare list of international numbers as documents, or None if it is anything else."""
    if not isinstance(whole, list) or not whole:
        return None
    if not all(isinstance(one, str) and NUMBER.fullmatch(one) for one in whole):
        return None
    return [{"number": one} for one in whole]


BODIES = (Body(SENDER, read_number, needs=("number",), may=("creationDatetime",)),)
TABLES = (
    TableLayout(
        SENDER,
        identifiers={"phone": ("number",)},
        needs=("number", "creationDatetime"),
        may=(),
        says=(every("unsubscribed", "creationDatetime", channel="sms"),),
    ),
)
