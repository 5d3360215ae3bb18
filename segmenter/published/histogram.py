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
        law = self._noise(1).law
        return noisy_counts(self.values.tolist(), law)

    def sum_of(self, places: Sequence[int]) -> NoisyCount:
        """What is shown of the labels at some places together."""
        values = [int(self.values[place]) for place in places]
        law = self._noise(len(places)).law
        [summed] = noisy_counts([sum(values)], law)
        return summed

    def _noise(self, labels: int) -> Noise:
        """The noise of so many labels together."""
        if not labels:
            return Noise(())
        mechanism = paid(self.spend.cost)
        return Noise(
            (
                NoisePart(
                    weight=1.0,
                    many=labels,
                    mechanism=mechanism,
                ),
            )
        )

    def to_dict(self) -> list[dict[str, Any]]:
        """The contract's funnel: reason, count, interval."""
        lines = []
        for label, noisy in zip(self.labels, self.counts(), strict=True):
            lines.append({"reason": label, **noisy.to_dict()})
        return lines
