"""How much of an ingest each step is, told by what there is to read: for a remaining time that can be believed.

The costs were measured once, in seconds a million bytes of text; only their proportions matter.
What has to be decided follows from what was read, so deciding has its share too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.sources.plan import Change

if TYPE_CHECKING:
    from segmenter.sources.files import SourceFile
    from segmenter.sources.work import Work

PATIENTS, FACTS, REDUCED, CONSENT, LISTS, IDENTIFIERS, DECIDED = (
    0.10,
    0.04,
    0.03,
    0.07,
    0.43,
    0.45,
    0.03,
)
PACKED = {
    "parquet": 4,
    "excel": 4,
}  # bytes of text in a byte of the file, about; likewise where it is compressed
UNSEEN = 10_000_000  # bytes of a database or of a file over the network
DECISIONS = "decisions"


def shares(work: Work) -> dict[str, float]:
    """The part of all work that is done where a step begins, by step; `DECISIONS` comes after all that is read."""
    size = {name: _size(work, name) for name in work.plan}
    facts = {name: size[name] for name in work.sources.facts}
    events = size["consent"]
    lists = sum(size[name] for name in size if name.startswith("suppression "))
    costs = {
        "patients": PATIENTS * size["patient"],
        **{f"facts: {name}": FACTS * many for name, many in facts.items()},
        "facts reduced": REDUCED * sum(facts.values()),
        "consent": CONSENT * events,
        "links": 0.0,
        "preferences": 0.0,
        "broken consents": 0.0,
        "suppression lists": LISTS * lists,
        "identifiers": IDENTIFIERS * size["patient"],
        DECISIONS: DECIDED * events,
    }
    whole = sum(costs.values()) or 1.0
    begun = 0.0
    found = {}
    for step, cost in costs.items():
        found[step] = begun / whole
        begun += cost
    return found


def _size(work: Work, source: str) -> float:
    """Bytes of text that are read of a source."""
    standing = work.plan[source]
    if work.carried and standing.change is Change.SAME:
        return 0.0
    read = [
        file
        for part in standing.parts
        for file in part.files
        if not work.carried or standing.takes(file.path)
    ]
    unseen = sum(part.read.database is not None for part in standing.parts)
    return float(sum(map(_text, read)) + unseen * UNSEEN)


def _text(file: SourceFile) -> float:
    try:
        size = UNSEEN if file.remote else Path(file.path).stat().st_size
    except OSError:
        return 0.0
    return size * (4 if file.compression else PACKED.get(file.kind, 1))
