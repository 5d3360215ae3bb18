"""A segment's count: how many people it matches, read off a release at no cost (P12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.project.family import region
from segmenter.release.publish import Release, frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmenter.model import Interval
    from segmenter.noise.mechanisms import Truths
    from segmenter.project.policy import Policy
    from segmenter.project.segment import Resolved


@dataclass(frozen=True, slots=True, eq=False)
class SegmentCount:
    """What a run says of one segment: the kept cells that satisfy its `where`, their sum, and how many are withheld."""

    segment: str
    title: Mapping[str, str]
    release: Release
    where: Truths = field(repr=False)
    stored: bool = False

    @property
    def count(self) -> int:
        """The sum of the kept cells."""
        return self.release.matched(self.where)[0]

    @property
    def interval(self) -> Interval:
        """The 95 % interval of `count`."""
        return self.release.matched(self.where)[1]

    @property
    def withheld_cells(self) -> int:
        """How many of the segment's cells are withheld (P8)."""
        return int((self.where & ~self.release.kept).sum())

    def to_dict(self) -> dict[str, Any]:
        """The contract's object."""
        count, interval = self.release.matched(self.where)
        return {
            "segment": self.segment,
            "release": self.release.id,
            "matched": {"count": count, "interval": interval.as_list()},
            "withheld_cells": self.withheld_cells,
            "cells": list(self.release.cells(self.where)),
            "stored": self.stored,
        }

    def to_polars(self) -> Any:
        """The segment's cells as a polars frame."""
        return frame(list(self.release.cells(self.where)), self.release.dimensions)

    def kept_cells(self) -> list[dict[str, str]]:
        """The cells whose members may be targeted (P8): label by dimension."""
        return [
            {d: c[d] for d in self.release.dimensions}
            for c in self.release.cells(self.where)
            if not c["withheld"]
        ]

    def _repr_html_(self) -> str:
        from segmenter.render.report import segment_html

        return segment_html(self)


def read_off(
    segment: Resolved, release: Release, policy: Policy, *, stored: bool = False
) -> SegmentCount:
    """The segment's count from a release over its own dimensions. Costs nothing.

    Raises `ValueError` where the release is of other dimensions.
    """
    if set(release.dimensions) != set(segment.dimensions):
        raise ValueError("a segment is read off a release over its own dimensions")
    return SegmentCount(
        segment.name, segment.segment.title, release, region(segment, policy.dimensions), stored
    )
