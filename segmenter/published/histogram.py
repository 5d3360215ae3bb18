"""Published histograms: noisy counts of declared, disjoint labels (P16)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.model import Interval
from segmenter.noise.mechanisms import EACH_SIDE, Noise, Part, paid

if TYPE_CHECKING:
    from segmenter.model import Spend
    from segmenter.noise.mechanisms import Integers


@dataclass(frozen=True, slots=True)
class Bucket:
    """One line of a histogram: the count that is shown, and its 95 % interval."""

    label: str
    count: int
    interval: Interval


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """The reasons of a funnel, the sizes of a manifest or a diff. `values` are unbiased."""

    labels: tuple[str, ...]
    spend: Spend
    values: Integers = field(repr=False)

    def buckets(self) -> list[Bucket]:
        """Every label in order, zeros too; no count is below zero."""
        reach = Noise((Part(1.0, 1, paid(self.spend.cost)),)).beyond(EACH_SIDE)
        found = []
        for label, value in zip(self.labels, self.values.tolist(), strict=True):
            count = max(0, value)
            interval = Interval(max(0, count - reach), count + reach)
            found.append(Bucket(label, count, interval))
        return found

    def to_dict(self) -> list[dict[str, Any]]:
        """The contract's funnel: reason, count, interval."""
        return [
            {"reason": one.label, "count": one.count, "interval": one.interval.as_list()}
            for one in self.buckets()
        ]
