"""`trail`: who did what, when, under which policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.model import stamp
from segmenter.workflows.quarantine import Listing

if TYPE_CHECKING:
    from segmenter.context import Context


def trail(context: Context) -> Listing:
    """Every act, oldest first. For officers and operators.

    Columns: seq, at, actor, act, policy, hash.
    """
    rows = []
    for entry in context.journal.read():
        row = {
            "seq": entry.seq,
            "at": stamp(entry.at),
            "actor": entry.actor,
            "act": entry.kind,
            "policy": entry.body.get("policy"),
            "hash": entry.hash,
        }
        rows.append(row)
    return Listing("trail", tuple(rows))
