"""One's own list: one or more of email, phone, patient_id, postal, domain.

Optional: channel, purpose, topic, reason, since, until, event_id, status.
Every row is an opt-out, unless a `status` says otherwise in a word that is known. Further columns
are let be, but for those that look like an opt-out (R1), a status or a permission: a file whose
meaning is not clear is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from segmenter.sources.lists.layout import TableLayout
from segmenter.sources.optout_columns import plain

SENDER = "generic"

KINDS = ("email", "phone", "patient_id", "postal", "domain")
SCOPES = ("channel", "purpose", "topic", "reason", "since", "until", "event_id", "status")
PERMISSIONS = ("subscri", "abonn", "inscri", "consent", "accept", "autoris", "permission")
STANDINGS = ("statut", "status", "state", "etat", "actif", "active", "enabled", "allowed", "valid")

TABLE = TableLayout(SENDER, says=(), identifiers={kind: (kind,) for kind in KINDS})


def places(header: Sequence[str]) -> dict[str, int]:
    """Where the columns of the list stand, at their first place."""
    names = [plain(name) for name in header]
    return {name: names.index(name) for name in SCOPES if name in names}


def unclear(name: str) -> bool:
    """Whether a column may say that somebody is *not* an opt-out.

    >>> unclear("is_active"), unclear("Abonné"), unclear("created")
    (True, True, False)
    """
    found = plain(name)
    if any(sign in found for sign in PERMISSIONS):
        return True
    return not set(STANDINGS).isdisjoint(found.split("_"))
