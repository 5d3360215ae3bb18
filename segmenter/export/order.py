"""What is exported, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.export.members import REASONS
from segmenter.model import Framed
from segmenter.registers.exports import FILE_DAYS

if TYPE_CHECKING:
    import polars as pl

    from segmenter.model import Snapshot
    from segmenter.private.keys import Keys
    from segmenter.project.policy import Destination
    from segmenter.published.noisy_count import NoisyCount
    from segmenter.registers.exports import ExportLayout


def alias_of(keys: Keys, segment: str, channel: str) -> str:
    """What the outside sees instead of a segment's name: random to it, stable for us."""
    digest = keys.pseudonym("alias", f"{segment}\n{channel}")
    return digest[:12]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported.

    `categories` are the segment's own; `holdout` is the share held back; `at` is now, `sent_at` the
    planned time of sending; `file_days` is how long the file may be used. `reasons` are those that
    can keep somebody out in this project: the lines of the funnel.
    """

    segment: str
    purpose: str
    topic: str | None
    channel: str
    categories: tuple[str, ...]
    destination: Destination
    layout: ExportLayout
    holdout: Decimal
    at: datetime
    sent_at: datetime
    snapshot: Snapshot
    policy_hash: str
    file_days: int = FILE_DAYS
    unsubscribe_url: str | None = None
    reasons: tuple[str, ...] = REASONS


@dataclass(frozen=True, slots=True)
class Export(Framed):
    """A registered file. `funnel` holds noised numbers, or is None if they could not be paid."""

    export: str
    alias: str
    file: Path
    manifest: Path
    funnel: Mapping[str, NoisyCount] | None
    diff: Mapping[str, Path]

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract's form."""
        return {
            "export": self.export,
            "alias": self.alias,
            "file": str(self.file),
            "manifest": str(self.manifest),
            "funnel": None if self.funnel is None else _lines(self.funnel),
            "diff": {kind: str(path) for kind, path in self.diff.items()},
        }

    def to_polars(self) -> pl.DataFrame:
        """The funnel as a frame: reason, count, low, high."""
        import polars as pl

        rows = [
            {
                "reason": reason,
                "count": noised.count,
                "low": noised.interval.low,
                "high": noised.interval.high,
            }
            for reason, noised in (self.funnel or {}).items()
        ]
        schema = {"reason": pl.String, "count": pl.Int64, "low": pl.Int64, "high": pl.Int64}
        return pl.DataFrame(rows, schema=schema)


def _lines(funnel: Mapping[str, NoisyCount]) -> list[dict[str, Any]]:
    return [
        {"reason": reason, "count": noised.count, "interval": noised.interval.as_list()}
        for reason, noised in funnel.items()
    ]
