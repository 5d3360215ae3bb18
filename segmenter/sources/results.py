"""What an ingest gives back. Exact counts are for officers and operators (P17): no repr shows one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segmenter.model import Snapshot


@dataclass(frozen=True, slots=True)
class TableCount:
    """Rows of one source: all that were read are either kept or quarantined."""

    read: int = field(repr=False)
    kept: int = field(repr=False)
    quarantined: int = field(repr=False)

    def plus(self, other: TableCount) -> TableCount:
        """Both together."""
        return TableCount(
            read=self.read + other.read,
            kept=self.kept + other.kept,
            quarantined=self.quarantined + other.quarantined,
        )


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One row in quarantine: where it stands and which rule says so; never what it holds."""

    source: str
    origin: str
    line: int
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest made.

    `changed` names the sources that differ from the previous snapshot's; links and preferences are
    always among them. `full`: patients may have changed who are not in the snapshot's table
    `touched`, whose `since` is the first new event of those who only said something new.
    """

    snapshot: Snapshot
    tables: Mapping[str, TableCount]
    quarantine_rows: tuple[Quarantined, ...] = field(repr=False)
    changed: frozenset[str]
    full: bool = True
