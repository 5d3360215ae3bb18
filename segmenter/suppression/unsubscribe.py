"""A List-Unsubscribe token back to whom it was made for (RFC 8058): the destination posts the token, and never has to know the person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segmenter.errors import UsageError
from segmenter.export import register
from segmenter.identifiers import pads
from segmenter.suppression import suppression_list

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine
    from segmenter.journal.journal import Journal
    from segmenter.store.keys import Keys
    from segmenter.suppression.entry import Entry

LABEL = "segmenter/unsubscribe/1"  # of the derived key
TOKEN = re.compile(r"(?:.*[/=])?([0-9a-f]{32})", re.DOTALL)


def entries(
    engine: DuckDBEngine, journal: Journal, keys: Keys, region: str, written: str
) -> list[Entry]:
    """What a token, or the whole URL it ends, suppresses: the person and their address of today, on the channel it was sent on.

    The engine has the tables of the snapshot in use. Raises `UsageError` for a token that was made
    for nobody there.
    """
    found = TOKEN.fullmatch(written.strip())
    token = "" if found is None else found[1]
    aliases = {
        (str(act.body["alias"]), str(act.body["channel"]), str(act.body["identifier"]))
        for act in journal.read(register.EXPORTED)
    }
    for alias, channel, identifier in sorted(aliases) if token else ():
        values = {"alias": alias, "token": token, **pads(keys.derive(LABEL))}
        for patient_id, *addresses in engine.rows("unsubscribe_named", values):
            named = {
                "patient_id": patient_id,
                identifier: dict(zip(("email", "phone", "postal"), addresses, strict=True))[
                    identifier
                ],
            }
            scope = {"channel": channel, "source": "unsubscribe"}
            made: list[Entry] = []
            for kind, value in named.items():
                if value:
                    made += suppression_list.entries(
                        keys, region, kind, value, "unsubscribed", **scope
                    )
            return made
    raise UsageError(
        "this token was made for nobody who is known",
        hint="give it as it stands at the end of the URL",
    )
