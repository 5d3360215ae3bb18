"""The two changes that a person makes to the suppression list: an opt-out is added, one is lifted.

Plain identifiers are never kept: an entry holds their keyed hash.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from segmenter.errors import Refusal, UsageError
from segmenter.identifiers import KINDS, entry_hashes, hashes
from segmenter.model import stamp
from segmenter.registers.entries import ADDED, LIFTED, REASONS, SuppressionEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from segmenter.engine import Engine, Table
    from segmenter.journal.journal import Journal
    from segmenter.model import Actor
    from segmenter.private.keys import Keys

LIVE = "live"  # the source of an entry that names none


def entries(
    keys: Keys, region: str, kind: str, value: str, reason: str = "manual", **scope: str | None
) -> list[SuppressionEntry]:
    """The entries of one plain identifier, one for each reading of it (S3).

    `scope` may hold channel, purpose, topic, since, until, source, event. Empty if the value can
    name nobody. Raises `UsageError` for an unknown kind or reason.
    """
    if kind not in KINDS:
        raise UsageError(f"unknown kind of identifier: {kind!r}", hint=f"one of {', '.join(KINDS)}")
    if reason not in REASONS:
        raise UsageError(f"unknown reason: {reason!r}", hint=f"one of {', '.join(REASONS)}")
    limits = {}
    for name, limit in scope.items():
        if limit is not None:
            limits[name] = limit
    hashed = entry_hashes(keys, region, kind, value)
    return [SuppressionEntry(kind, one.hash, reason, **limits) for one in hashed]


def hashes_of(keys: Keys, region: str, kind: str, value: str) -> set[str]:
    """The keyed hashes that entries of one identifier may have, those of earlier versions too."""
    found = set()
    for one in hashes(keys, region, kind, value):
        if one.kind == kind:
            found.add(one.hash)
    return found


def add(
    journal: Journal, actor: Actor, entries: Iterable[SuppressionEntry]
) -> list[SuppressionEntry]:
    """Write opt-outs to the journal; they hold from that instant for every process."""
    at = stamp(journal.now().astimezone(UTC))
    added = [
        replace(
            entry,
            since=entry.since or at,
            source=entry.source or LIVE,
            event=secrets.token_hex(8),
        )
        for entry in entries
    ]
    journal.append(actor.account, ADDED, {"entries": [entry.to_dict() for entry in added]})
    return added


def lift(
    engine: Engine,
    listed: Table,
    journal: Journal,
    actor: Actor,
    kind: str,
    hashes: Collection[str],
    reason: str,
    channel: str | None = None,
) -> list[SuppressionEntry]:
    """Lift the entries of one identifier, on one channel or all: the only early end of one (S1).

    `listed` are the entries that stand, `hashes` those of `hashes_of`. Raises `Refusal` (S1) for
    anyone but an officer, `UsageError` if there is no reason, or no entry stands.
    """
    if not actor.is_officer:
        raise Refusal("S1", "only an officer lifts an entry of the suppression list")
    if not reason.strip():
        raise UsageError("a lift needs a reason", hint="--reason says why, for the trail")
    values = {"kind": kind, "hashes": sorted(hashes), "channel": channel}
    rows = engine.rows("suppression_named", reads={"suppression_entry": listed}, values=values)
    lifted = [_entry_of(row) for row in rows]
    if not lifted:
        raise UsageError(
            f"no entry stands for this {kind}",
            hint="entries of its domain or of other identifiers are others",
        )
    body = {"reason": reason, "entries": [entry.to_dict() for entry in lifted]}
    journal.append(actor.account, LIFTED, body)
    return lifted


def _entry_of(row: tuple[Any, ...]) -> SuppressionEntry:
    kind, digest, channel, purpose, topic, reason, since, source, event = row
    return SuppressionEntry(
        kind=kind,
        hash=digest,
        reason=reason,
        channel=channel,
        purpose=purpose,
        topic=topic,
        since=None if since is None else stamp(since.replace(tzinfo=UTC)),
        source=source,
        event=event,
    )
