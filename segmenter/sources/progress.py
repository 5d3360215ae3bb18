"""How much of an ingest each step is, told by what there is to read.

The costs were measured once, in seconds a million bytes of text; only their proportions matter.
What has to be decided follows from what was read, so deciding has its share too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.sources.changes import Change

if TYPE_CHECKING:
    from segmenter.sources.files import SourceFile
    from segmenter.sources.load import Load

PATIENTS = 0.10
FACTS = 0.04
REDUCED = 0.03
CONSENT = 0.07
LISTS = 0.43
IDENTIFIERS = 0.45
DECIDED = 0.03
PACKED = {"parquet": 4, "excel": 4}  # bytes of text in a byte of the file, about
COMPRESSED = 4  # the same of a compressed file
UNSEEN = 10_000_000  # bytes of a database or of a file over the network
DECISIONS = "decisions"


def shares(load: Load) -> dict[str, float]:
    """The part of all work that is done when a step begins, by step (0 to 1).

    `DECISIONS` comes after all that is read.
    """
    costs = _costs(load)
    whole = sum(costs.values()) or 1.0
    begun = 0.0
    found = {}
    for step, cost in costs.items():
        found[step] = begun / whole
        begun += cost
    return found


def _costs(load: Load) -> dict[str, float]:
    """The cost of each step, in the order of the steps."""
    size = {name: _size(load, name) for name in load.states}
    facts = {name: size[name] for name in load.sources.facts}
    lists = sum(bytes_ for name, bytes_ in size.items() if name.startswith("suppression "))
    return {
        "patients": PATIENTS * size["patient"],
        **{f"facts: {name}": FACTS * bytes_ for name, bytes_ in facts.items()},
        "facts reduced": REDUCED * sum(facts.values()),
        "consent": CONSENT * size["consent"],
        "links": 0.0,
        "preferences": 0.0,
        "broken consents": 0.0,
        "suppression lists": LISTS * lists,
        "identifiers": IDENTIFIERS * size["patient"],
        DECISIONS: DECIDED * size["consent"],
    }


def _size(load: Load, source: str) -> float:
    """Bytes of text that are read of a source."""
    state = load.states[source]
    if load.carried and state.change is Change.SAME:
        return 0.0
    size = 0.0
    for part in state.parts:
        if part.read.database is not None:
            size += UNSEEN
        for file in part.files:
            if not load.carried or state.takes(file.path):
                size += _text_size(file)
    return size


def _text_size(file: SourceFile) -> float:
    if file.remote:
        size = UNSEEN
    else:
        try:
            size = Path(file.path).stat().st_size
        except OSError:
            return 0.0
    if file.compression:
        return size * COMPRESSED
    return size * PACKED.get(file.kind, 1)
