"""What may be shown of the suppression list: numbers by reason and source, and keyed hashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.model import Framed
from segmenter.private.files import new_file
from segmenter.registers.entries import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import polars as pl

    from segmenter.engine import Engine, Table


COPY_OPTIONS = "FORMAT csv, HEADER, USE_TMP_FILE false"
OWN_SOURCES = ("import", "live", "unsubscribe")  # of entries that no declared list brought


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many entries stand for one reason, from one source; None: not for this actor (P17)."""

    reason: str
    source: str
    entries: int | None


@dataclass(frozen=True, slots=True)
class SuppressionSummary(Framed):
    """The list by reason and source."""

    rows: tuple[ReasonCount, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract's form."""
        shown = [
            {"reason": row.reason, "source": row.source, "entries": row.entries}
            for row in self.rows
        ]
        return {"suppression": shown}

    def to_polars(self) -> pl.DataFrame:
        """One row a reason and source: reason, source, entries."""
        import polars as pl

        schema = {"reason": pl.String, "source": pl.String, "entries": pl.Int64}
        return pl.DataFrame(self.to_dict()["suppression"], schema=schema)


def counted(engine: Engine, listed: Table) -> SuppressionSummary:
    """How many of the `listed` entries there are for each reason and source (P17).

    For officers and operators.
    """
    counts = []
    found = engine.rows("suppression_summary", reads={"suppression_entry": listed})
    for reason, source, entries in found:
        counts.append(ReasonCount(reason or "", source or "", entries))
    return SuppressionSummary(tuple(counts))


def declared(sources: Iterable[str]) -> SuppressionSummary:
    """Every reason that an entry of each source may have, whether there is one or not (P20).

    For whoever may not know which pairs there are: one person's entry would add a pair.
    """
    rows = []
    for source in (*sources, *OWN_SOURCES):
        rows += [ReasonCount(reason, source, None) for reason in REASONS]
    return SuppressionSummary(tuple(rows))


def write_hashes(engine: Engine, listed: Table, file: Path) -> None:
    """Write the `listed` entries as CSV of keyed hashes, for a processor. For officers."""
    reads = {"suppression_entry": listed}
    with new_file(file.resolve()) as part:
        engine.write_out("suppression_hash", part, COPY_OPTIONS, reads=reads)
