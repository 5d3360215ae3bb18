"""Publishing: exact counts and the spends that paid for them become releases (P1, P7, P10, P12).

Noise comes first. It is added to every declared cell, zeros too. Then every table that was asked
for is derived from what was measured together. What may be shown is the release's own business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from segmenter.dimensions.partition import Domains, PartitionCounts, domains_of
from segmenter.estimation.measured import Measured, estimator_of
from segmenter.model import Cube
from segmenter.noise.mechanisms import Source, paid, system
from segmenter.project.family import question_key, release_id, table_key
from segmenter.published.histogram import NoisyHistogram
from segmenter.published.release import Provenance, Release

if TYPE_CHECKING:
    from segmenter.model import Spend
    from segmenter.noise.arrays import Integers, Reals
    from segmenter.project.policy import Policy, Threshold

ABSENT = -1  # the axis of a dimension that no cube has


def publish(
    exact: Sequence[Cube | PartitionCounts],
    provenance: Provenance,
    tables: Sequence[Sequence[str]],
    policy: Policy,
    noise: Source | None = None,
) -> tuple[Release, ...]:
    """Releases of `tables` from exact cubes and partitions, each noised as its own spend paid.

    A table is its dimensions, within those of a cube. All are of one family and one moment.
    Raises `ValueError` if a table lies within no cube.
    """
    draw = noise or system
    cubes = [one for one in exact if isinstance(one, Cube)]
    partitions = [one for one in exact if isinstance(one, PartitionCounts)]
    domains = domains_of((name for cube in cubes for name in cube.dimensions), policy)
    measured = (*map(_measured_table, cubes), *map(_measured_partition, partitions))
    estimator = estimator_of(domains, measured)
    names = [name for name, _ in domains]
    axes = [_axes(table, names) for table in tables]
    if not all(estimator.lattice.covers(wanted) for wanted in axes):
        raise ValueError("a table lies within no cube that was counted")
    noisy_tables = [_noised_table(cube, domains, draw) for cube in cubes]
    noisy_groups = [_noised(one.counts, one.spend, draw) for one in partitions]
    estimates = estimator.estimates(noisy_tables, noisy_groups, axes)
    return tuple(
        _release(tuple(table), values, provenance, domains, measured, policy.threshold)
        for table, values in zip(tables, estimates, strict=True)
    )


def publish_histogram(
    labels: Sequence[str], exact: Sequence[int], spend: Spend, noise: Source | None = None
) -> NoisyHistogram:
    """A noised histogram of disjoint groups of humans, with every declared label, zeros too.

    One human is in one group at most.
    """
    values = _noised(np.asarray(exact, dtype=np.int64), spend, noise or system)
    values.setflags(write=False)
    return NoisyHistogram(tuple(labels), spend, values)


def _axes(table: Sequence[str], names: Sequence[str]) -> tuple[int, ...]:
    """The places of a table's dimensions among all."""
    return tuple(names.index(name) if name in names else ABSENT for name in table)


def _measured_table(cube: Cube) -> Measured:
    return Measured(cube.dimensions, cube.spend.cost, cube.spend.id)


def _measured_partition(counts: PartitionCounts) -> Measured:
    spend = counts.spend
    return Measured((), spend.cost, spend.id, counts.partition)


def _noised_table(cube: Cube, domains: Domains, draw: Source) -> Integers:
    labels = dict(domains)
    shape = [len(labels[name]) for name in cube.dimensions]
    return _noised(cube.counts, cube.spend, draw).reshape(shape)


def _noised(exact: Integers, spend: Spend, draw: Source) -> Integers:
    """The exact counts with the noise added that their spend paid for."""
    noise = draw(paid(spend.cost), exact.size)
    return np.asarray(exact + noise)


def _release(
    table: tuple[str, ...],
    values: Reals,
    provenance: Provenance,
    domains: Domains,
    measured: tuple[Measured, ...],
    threshold: Threshold,
) -> Release:
    values.setflags(write=False)
    family, setting = provenance.family, provenance.setting
    question = question_key(family, table, setting)
    return Release(
        id=release_id(question, provenance.epsilon),
        question=question,
        table=table_key(family, table, setting.policy),
        family=family,
        setting=setting,
        dimensions=table,
        domains=dict(domains),
        measured=measured,
        epsilon=provenance.epsilon,
        patients=threshold.patients,
        confidence=threshold.confidence,
        made_at=provenance.made_at,
        values=values,
    )
