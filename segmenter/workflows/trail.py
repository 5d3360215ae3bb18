"""`trail`: who did what, when, under which policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.errors import Refusal
from segmenter.model import stamp
from segmenter.workflows.quarantine import Table

if TYPE_CHECKING:
    from segmenter.context import Context


def trail(context: Context) -> Table:
    """Every act, oldest first: seq, at, actor, act, policy, hash. For officers and operators."""
    if not context.actor.sees_row_counts:
        rule, msg = "roles", "only officers and operators may read the trail"
        raise Refusal(rule, msg, hint="the policy's `roles` name their accounts")
    rows = [
        {
            "seq": e.seq,
            "at": stamp(e.at),
            "actor": e.actor,
            "act": e.kind,
            "policy": e.body.get("policy"),
            "hash": e.hash,
        }
        for e in context.journal.read()
    ]
    return Table("trail", tuple(rows))
