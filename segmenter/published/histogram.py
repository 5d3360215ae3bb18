"""Published histograms: noisy counts of declared, disjoint labels (P16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.noise.mechanisms import paid
from segmenter.noise.sums import Noise, NoisePart
from segmenter.published.noisy_count import NoisyCount, noisy_counts

if TYPE_CHECKING:
    from segmenter.model import Spend
    from segmenter.noise.arrays import Integers


@dataclass(frozen=True, slots=True, eq=False)
class NoisyHistogram:
    """The reasons of a funnel, the sizes of a manifest or a diff. `values` are unbiased."""

    labels: tuple[str, ...]
    spend: Spend
    values: Integers = field(repr=False)

    def counts(self) -> list[NoisyCount]:
        """What is shown of every label, in their order, zeros too."""
        return noisy_counts(self.values.tolist(), self._noise(1).law)

    def sum_of(self, places: Sequence[int]) -> NoisyCount:
        """What is shown of the labels at some places together."""
        total = sum(int(self.values[place]) for place in places)
        [summed] = noisy_counts([total], self._noise(len(places)).law)
        return summed

    def _noise(self, labels: int) -> Noise:
        """The noise of so many labels together."""
        return Noise((NoisePart(1.0, labels, paid(self.spend.cost)),) if labels else ())

    def to_dict(self) -> list[dict[str, Any]]:
        """The contract's funnel: reason, count, interval."""
        lines = zip(self.labels, self.counts(), strict=True)
        return [{"reason": label, **noisy.to_dict()} for label, noisy in lines]
