"""A segment's count: how many people it matches, read off a release at no cost (P12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.model import Documented
from segmenter.project.family import region
from segmenter.published.cell_frame import cell_frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from segmenter.model import Interval
    from segmenter.noise.arrays import Truths
    from segmenter.project.policy import Policy
    from segmenter.project.segment import Resolved
    from segmenter.published.release import Release


@dataclass(frozen=True, slots=True, eq=False)
class SegmentCount(Documented):
    """What a run says of one segment: the kept cells that satisfy its `where`, and their sum."""

    segment: str
    title: Mapping[str, str]
    release: Release
    where: Truths = field(repr=False)
    stored: bool = False

    @property
    def count(self) -> int:
        """The sum of the kept cells."""
        return self.release.matched(self.where).count

    @property
    def interval(self) -> Interval:
        """The 95 % interval of `count`: of the people in the kept cells."""
        return self.release.matched(self.where).interval

    @property
    def whole(self) -> Interval:
        """The 95 % interval of the segment's whole size, withheld cells included (P8)."""
        return self.release.whole(self.where)

    @property
    def withheld_cells(self) -> int:
        """How many of the segment's cells are withheld (P8)."""
        hidden = self.where & ~self.release.kept
        return int(hidden.sum())

    def cells(self) -> list[dict[str, Any]]:
        """The segment's cells as the contract shows them."""
        cells = self.release.cells(self.where)
        return list(cells)

    def kept_cells(self) -> list[dict[str, str]]:
        """The cells whose members may be targeted (P8): label by dimension."""
        kept = []
        for cell in self.cells():
            if not cell["withheld"]:
                labels = {name: cell[name] for name in self.release.dimensions}
                kept.append(labels)
        return kept

    def to_dict(self) -> dict[str, Any]:
        """The contract's object."""
        matched = self.release.matched(self.where)
        return {
            "segment": self.segment,
            "release": self.release.id,
            "matched": matched.to_dict(),
            "whole": {"interval": self.whole.as_list()},
            "withheld_cells": self.withheld_cells,
            "cells": self.cells(),
            "stored": self.stored,
        }

    def to_polars(self) -> pl.DataFrame:
        """The segment's cells as a polars frame."""
        cells = self.cells()
        return cell_frame(cells, self.release.dimensions)


def read_off(
    segment: Resolved, release: Release, policy: Policy, *, stored: bool = False
) -> SegmentCount:
    """The segment's count from a release over its own dimensions. Costs nothing.

    Raises `ValueError` if the release is of other dimensions.
    """
    if set(release.dimensions) != set(segment.dimensions):
        raise ValueError("a segment is read off a release over its own dimensions")
    where = region(segment, policy.dimensions)
    return SegmentCount(
        segment=segment.name,
        title=segment.segment.title,
        release=release,
        where=where,
        stored=stored,
    )
