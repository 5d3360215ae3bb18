"""Tombstones: what stays of the erased, so that no import brings them back (S8).

A tombstone is an entry of the suppression list: the keyed hash of an id or identifier.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from segmenter import identifiers
from segmenter.erasure.rewrite import Leaving
from segmenter.model import stamp
from segmenter.registers.entries import (
    FORGOTTEN,
    LIFTED,
    SuppressionEntry,
    entries_of,
    entry_table,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from segmenter.engine import Engine, Tables
    from segmenter.journal.journal import Journal, JournalEntry
    from segmenter.registers.registry import Registry

DONE = "forgotten"  # the journal kind of an erasure whose files are all written anew


def tombstones(
    registry: Registry, texts: Mapping[str, Collection[str]], now: datetime
) -> list[SuppressionEntry]:
    """The entries that stay: of ids, e-mail addresses and phone numbers in `texts`, for ever.

    A postal address has none: whole houses share one.
    """
    stones = []
    for kind, values in texts.items():
        if kind == "postal":
            continue
        for digest in _hashes(registry, kind, values):
            stone = SuppressionEntry(
                kind=kind,
                hash=digest,
                reason="erased",
                since=stamp(now),
                source=FORGOTTEN,
                event=secrets.token_hex(8),
            )
            stones.append(stone)
    return stones


def _hashes(registry: Registry, kind: str, values: Collection[str]) -> list[str]:
    """The keyed hashes that entries keep of some identifiers, each once."""
    digests: set[str] = set()
    for value in values:
        hashed = identifiers.entry_hashes(registry.keys, registry.region, kind, value)
        digests.update(one.hash for one in hashed)
    return sorted(digests)


def unfinished(acts: Iterable[JournalEntry]) -> list[JournalEntry]:
    """Erasures that were begun and not finished."""
    begun, done = [], set()
    for act in acts:
        if act.kind == FORGOTTEN:
            begun.append(act)
        elif act.kind == DONE:
            done.add(int(act.body["of"]))
    return [act for act in begun if act.seq not in done]


def in_force(journal: Journal) -> list[SuppressionEntry]:
    """All tombstones that no officer lifted."""
    acts = journal.read(FORGOTTEN, LIFTED)
    lifted = {_mark(entry) for entry in entries_of(acts, LIFTED)}
    stones = entries_of(acts, FORGOTTEN)
    return [stone for stone in stones if _mark(stone) not in lifted]


def _mark(entry: SuppressionEntry) -> tuple[str, str, str | None]:
    """What tells one entry from all others."""
    return entry.kind, entry.hash, entry.event


def find_erased(engine: Engine, snapshot: Tables, stones: Sequence[SuppressionEntry]) -> Leaving:
    """Whose ids have one of these tombstones, in a snapshot's tables."""
    loaded = engine.load(entry_table(stones))
    reads = {"address": snapshot["address"], "tombstone": loaded}
    return Leaving(engine.make("erase_gone", reads=reads), loaded)
