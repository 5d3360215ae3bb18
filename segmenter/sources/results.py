"""What an ingest gives back. Exact counts are for officers and operators (P17)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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
    `left_out` are the columns of each source that nothing uses, and that are not in the snapshot.
    """

    snapshot: Snapshot
    tables: Mapping[str, TableCount]
    quarantine_rows: tuple[Quarantined, ...] = field(repr=False)
    changed: frozenset[str]
    full: bool = True
    health: tuple[SourceHealth, ...] = field(default=(), repr=False)
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QuarantineReason:
    """Why rows of a source are in quarantine: how many, and the line of the first."""

    rule: str
    reason: str
    rows: int = field(repr=False)
    line: int


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How one source came through a load (R3).

    `orphans` are rows whose patient is in no patient file, `duplicates` rows that repeat another
    one. `passed`: neither was set aside, nor names nobody, more than may be.
    """

    source: str
    count: TableCount
    quarantined: tuple[QuarantineReason, ...] = field(repr=False)
    orphans: int = field(repr=False)
    orphan_line: int | None
    duplicates: int | None = field(repr=False)
    hint: str | None
    passed: bool

    def to_dict(self) -> dict[str, Any]:
        """The contract's form."""
        reasons: dict[str, int] = {}
        lines: dict[str, int] = {}
        for one in self.quarantined:
            reasons[one.reason] = reasons.get(one.reason, 0) + one.rows
            lines.setdefault(one.reason, one.line)
        return {
            "source": self.source,
            "read": self.count.read,
            "kept": self.count.kept,
            "quarantined": reasons,
            "lines": lines,
            "orphans": self.orphans,
            "orphan_line": self.orphan_line,
            "duplicates": self.duplicates,
            "hint": self.hint,
            "passed": self.passed,
        }
