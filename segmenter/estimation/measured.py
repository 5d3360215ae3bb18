"""What a family paid to have measured, and how well that answers a question.

In: the costs and dimensions of what was measured, or will be. Out: the estimator of it, and the
noise of any answer. Nothing here needs a count, so that a plan predicts its errors with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from segmenter.estimation import marginals
from segmenter.estimation.estimator import Estimator, MeasuredPartition
from segmenter.estimation.marginals import Lattice
from segmenter.noise.mechanisms import paid
from segmenter.noise.sums import Noise, NoisePart

if TYPE_CHECKING:
    from segmenter.dimensions.partition import Domains, Partition
    from segmenter.estimation.marginals import Parts, Weights
    from segmenter.model import Cost


@dataclass(frozen=True, slots=True)
class Measured:
    """One thing measured with noise: a table over `dimensions`, or a partition.

    `cost` is what it cost, `spend` the id of the spend that paid.
    """

    dimensions: tuple[str, ...]
    cost: Cost
    spend: str
    partition: Partition | None = None

    @property
    def segments(self) -> int:
        """How many segments a partition counts; 0 for a table."""
        if self.partition is None:
            return 0
        return len(self.partition.regions)


@lru_cache(maxsize=8)
def estimator_of(domains: Domains, measured: tuple[Measured, ...]) -> Estimator:
    """The estimator of what was measured, an axis each of the `domains`, in their order."""
    names = [name for name, _ in domains]
    sizes = tuple(len(labels) for _, labels in domains)
    variances = []
    partitions = []
    for one in measured:
        variance = paid(one.cost).variance
        if one.partition is None:
            axes = tuple(names.index(name) for name in one.dimensions)
            variances.append((axes, variance))
        else:
            partitions.append(_measured_partition(one.partition, domains, variance))
    return Estimator(Lattice(sizes, tuple(variances)), tuple(partitions))


def _measured_partition(
    partition: Partition, domains: Domains, variance: float
) -> MeasuredPartition:
    names = [name for name, _ in domains]
    labels = dict(domains)
    segments = []
    for region in partition.regions:
        axes = tuple(names.index(name) for name in region.dimensions)
        segments.append((axes, region.cells(labels)))
    return MeasuredPartition(
        segments=tuple(segments),
        inside=partition.groups(domains).inside,
        variance=variance,
    )


def noise_of(estimator: Estimator, measured: Sequence[Measured], question: Parts) -> Noise:
    """The noise of the answer to a linear question."""
    tables = [one.cost for one in measured if one.partition is None]
    partitions = [one.cost for one in measured if one.partition is not None]
    costs = [*tables, *partitions]
    influence = estimator.influence(question)
    weights = marginals.grouped([*influence.tables, *influence.partitions])
    return noise_of_weights(weights, costs)


def noise_of_weights(weights: Iterable[Weights], costs: Sequence[Cost]) -> Noise:
    """The noise of an answer in which what these costs bought has these weights."""
    parts = []
    for one in weights:
        mechanism = paid(costs[one.measured])
        parts.append(
            NoisePart(
                weight=one.weight,
                many=one.cells,
                mechanism=mechanism,
            )
        )
    return Noise(tuple(parts))
