"""A partition: cells of a few segments, merged into the groups they tell apart (P14).

A sum of many noisy cells is a poor count, so a plan may count some segments together, beside its
tables. Each group then is a few segments' common part: in the first only, in both, in none. A
human is in exactly one group, so a partition costs once, as every table does (P13). It tells the
sum of each of its segments, over the few groups inside of it, and the number of everyone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from segmenter.model import Cube, Spend
    from segmenter.noise.arrays import Integers, Truths
    from segmenter.project.policy import Policy

Domains: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
MOST_REGIONS = 60  # of a partition: a cell's code has a bit for each


@dataclass(frozen=True, slots=True)
class Region:
    """The cells over its own `dimensions` that a segment holds: a byte each, 1 or 0."""

    dimensions: tuple[str, ...]
    held: bytes = field(repr=False)

    @classmethod
    def of(cls, dimensions: tuple[str, ...], cells: Truths) -> Region:
        """The region of some cells, an axis a dimension."""
        held = np.asarray(cells, dtype=np.uint8)
        return cls(dimensions, held.tobytes())

    def cells(self, labels: Mapping[str, Sequence[str]]) -> Truths:
        """Which cells it holds, an axis a dimension."""
        shape = [len(labels[name]) for name in self.dimensions]
        held = np.frombuffer(self.held, dtype=np.uint8)
        return held.reshape(shape) > 0

    def digest(self) -> str:
        """A text that only the same region has."""
        names = ",".join(self.dimensions)
        held = hashlib.sha256(self.held).hexdigest()
        return f"{names} {held}"


@dataclass(frozen=True, slots=True)
class Partition:
    """The regions of the segments that are counted together."""

    regions: tuple[Region, ...]

    def groups(self, domains: Domains) -> PartitionGroups:
        """The groups that the regions tell apart, over these dimensions."""
        return _groups(self.regions, domains)

    def own_groups(self, policy: Policy) -> PartitionGroups:
        """The groups that the regions tell apart, over their own dimensions."""
        names = [name for region in self.regions for name in region.dimensions]
        return self.groups(domains_of(names, policy))

    def digest(self) -> str:
        """A name for the partition: the same for the same counts."""
        texts = [region.digest() for region in self.regions]
        whole = "\n".join(texts)
        return hashlib.sha256(whole.encode()).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class PartitionGroups:
    """The groups of a partition.

    `numbers` has the number of each cell's group, over all `axes` of the regions. `inside` has a
    row a region, with a 1 for each group inside of it; its last row is everyone. An axis is
    whatever names one: a position, or a dimension.
    """

    axes: tuple[Hashable, ...]
    numbers: Integers
    inside: Integers

    @property
    def size(self) -> int:
        """How many groups there are."""
        return int(self.inside.shape[1])


@dataclass(frozen=True, slots=True)
class PartitionCounts:
    """Exact counts of a partition's groups. Confidential: the repr shows no number."""

    partition: Partition
    counts: Integers = field(repr=False)
    spend: Spend


def domains_of(names: Iterable[str], policy: Policy) -> Domains:
    """The declared labels of dimensions, in the policy's order."""
    wanted = set(names)
    declared = policy.dimensions.items()
    return tuple((name, dimension.labels) for name, dimension in declared if name in wanted)


def find_groups(
    regions: Sequence[tuple[tuple[Hashable, ...], Truths]], order: Sequence[Hashable]
) -> PartitionGroups:
    """The groups that regions tell apart, at most `MOST_REGIONS` of them; axes in the given order.

    A region is its axes and its cells. A cell's code has one bit for each region that holds it.
    """
    used = {axis for own_axes, _ in regions for axis in own_axes}
    axes = tuple(axis for axis in order if axis in used)
    codes = np.zeros((1,) * len(axes), dtype=np.int64)
    for bit, (own_axes, cells) in enumerate(regions):
        held = _along(cells, own_axes, axes).astype(np.int64)
        codes = codes | (held << bit)
    distinct, numbers = np.unique(codes, return_inverse=True)
    bits = np.arange(len(regions))[:, None]
    inside = (distinct[None, :] >> bits) & 1
    everyone = np.ones_like(distinct)
    rows = np.vstack([inside, everyone])
    return PartitionGroups(axes, numbers.reshape(codes.shape), rows)


def _along(cells: Truths, own_axes: Sequence[Hashable], axes: Sequence[Hashable]) -> Truths:
    """The cells of a region, laid along all axes: of length 1 along those it does not have."""
    order = sorted(range(len(own_axes)), key=lambda position: axes.index(own_axes[position]))
    ordered = np.transpose(cells, order)
    lengths = iter(ordered.shape)
    shape = [next(lengths) if axis in own_axes else 1 for axis in axes]
    return ordered.reshape(shape)


@lru_cache(maxsize=64)
def _groups(regions: tuple[Region, ...], domains: Domains) -> PartitionGroups:
    labels = dict(domains)
    cells = [(region.dimensions, region.cells(labels)) for region in regions]
    return find_groups(cells, [name for name, _ in domains])


def count_groups(partition: Partition, cube: Cube, policy: Policy, spend: Spend) -> PartitionCounts:
    """Exact counts of a partition's groups from an exact cube, for what `spend` has paid.

    The cube is over the partition's dimensions, or over more. Every cell, hence every human, is
    counted in one group. Raises `ValueError` if the cube lacks a dimension.
    """
    groups = partition.own_groups(policy)
    dimensions = cube.dimensions
    if not set(groups.axes) <= set(dimensions):
        raise ValueError("a partition lies within no cube that was counted")
    sizes = [len(policy.dimensions[name].labels) for name in dimensions]
    kept = [name for name in dimensions if name in groups.axes]
    others = tuple(n for n, name in enumerate(dimensions) if name not in kept)
    table = cube.counts.reshape(sizes).sum(axis=others)
    order = [kept.index(str(axis)) for axis in groups.axes]
    table = np.transpose(table, order)
    counts = np.zeros(groups.size, dtype=np.int64)
    np.add.at(counts, groups.numbers.ravel(), table.ravel())
    counts.setflags(write=False)
    return PartitionCounts(partition, counts, spend)
