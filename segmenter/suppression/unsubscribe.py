"""A List-Unsubscribe token leads back to the person it was made for (RFC 8058).

The destination posts the token that stands in the link, and never has to know the person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.errors import UsageError
from segmenter.identifiers import pads
from segmenter.suppression import changes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmenter.engine import Engine, Tables
    from segmenter.private.keys import Keys
    from segmenter.registers.entries import SuppressionEntry

TOKEN = re.compile(r"(?:.*[/=])?([0-9a-f]{32})", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class SentAs:
    """Under which alias files went out, on which channel, to which kind of identifier."""

    alias: str
    channel: str
    identifier: str


def entries(
    engine: Engine, snapshot: Tables, keys: Keys, region: str, sent: Iterable[SentAs], written: str
) -> list[SuppressionEntry]:
    """What a token suppresses: the person and their address of today, on its channel.

    `written` is the token, or the whole URL that ends with it. Reads `identity` and `patient` of
    the snapshot. Raises `UsageError` for a token that was made for nobody there.
    """
    match = TOKEN.fullmatch(written.strip())
    if match is not None:
        for one in sorted(set(sent)):
            values = {"alias": one.alias, "token": match[1], **pads(keys.unsubscribe_key())}
            people = engine.rows("unsubscribe_named", reads=snapshot, values=values)
            if people:
                return _entries(keys, region, one, *people[0])
    raise UsageError(
        "this token was made for nobody who is known",
        hint="give it as it stands at the end of the URL",
    )


def _entries(
    keys: Keys,
    region: str,
    sent: SentAs,
    patient_id: str,
    email: str | None,
    phone: str | None,
    postal: str | None,
) -> list[SuppressionEntry]:
    addresses = {"email": email, "phone": phone, "postal": postal}
    named = {"patient_id": patient_id, sent.identifier: addresses[sent.identifier]}
    scope = {"channel": sent.channel, "source": "unsubscribe"}
    found: list[SuppressionEntry] = []
    for kind, value in named.items():
        if value:
            found += changes.entries(keys, region, kind, value, "unsubscribed", **scope)
    return found
