"""Strips: some segments of a job counted together, beside the tables, because a sum of many noisy cells is a poor count (P14).

A strip is a table whose cells are merged into the groups that its segments tell apart: in the first
only, in both, in none. A human is in exactly one group, so a strip costs once, as every table
(P13). It tells each segment's sum, over the few groups inside of it, and the number of everyone.
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
    from segmenter.noise.mechanisms import Integers, Truths
    from segmenter.project.policy import Policy

Domains: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
MOST = 60  # segments of a strip


@dataclass(frozen=True, slots=True)
class Row:
    """A segment of a strip: the cells over its `dimensions` that it holds, a byte each, 1 or 0."""

    dimensions: tuple[str, ...]
    held: bytes = field(repr=False)

    @classmethod
    def of(cls, dimensions: tuple[str, ...], region: Truths) -> Row:
        """The row of a region."""
        return cls(dimensions, np.asarray(region, dtype=np.uint8).tobytes())

    def region(self, domains: Mapping[str, Sequence[str]]) -> Truths:
        """Which cells of the row's own table it holds."""
        return (
            np.frombuffer(self.held, dtype=np.uint8).reshape(
                [len(domains[d]) for d in self.dimensions]
            )
            > 0
        )


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """What a strip's rows tell apart: of each cell over all axes of theirs the number of its group; of each row the groups inside of it.

    The last row of `inside` is everyone. An axis is whatever names one: a position, or a dimension.
    """

    axes: tuple[Hashable, ...]
    numbers: Integers
    inside: Integers

    @property
    def many(self) -> int:
        """How many groups there are."""
        return int(self.inside.shape[1])


def grouped(
    regions: Sequence[tuple[tuple[Hashable, ...], Truths]], order: Sequence[Hashable]
) -> Groups:
    """The groups of some regions, at most `MOST`; axes in the given order."""
    axes = tuple(a for a in order if any(a in own for own, _ in regions))
    codes = np.zeros((1,) * len(axes), dtype=np.int64)
    for n, (own, region) in enumerate(regions):
        placed = np.transpose(region, sorted(range(len(own)), key=lambda i: axes.index(own[i])))
        shape = iter(placed.shape)
        codes = codes | (
            placed.reshape([next(shape) if a in own else 1 for a in axes]).astype(np.int64) << n
        )
    found, numbers = np.unique(codes, return_inverse=True)
    inside = (found[None, :] >> np.arange(len(regions))[:, None]) & 1
    return Groups(axes, numbers.reshape(codes.shape), np.vstack([inside, np.ones_like(found)]))


def domains(names: Iterable[str], policy: Policy) -> Domains:
    """The declared labels of dimensions, in the policy's order."""
    chosen = {*names}
    return tuple(
        (name, dimension.labels) for name, dimension in policy.dimensions.items() if name in chosen
    )


@lru_cache(maxsize=64)
def groups(rows: tuple[Row, ...], over: Domains) -> Groups:
    """The groups of a strip's rows over dimensions."""
    labels = dict(over)
    return grouped([(row.dimensions, row.region(labels)) for row in rows], [d for d, _ in over])


@dataclass(frozen=True, slots=True)
class Sums:
    """Exact counts of a strip's groups. Confidential, as cubes are: its repr shows no number."""

    rows: tuple[Row, ...]
    counts: Integers = field(repr=False)
    spend: Spend


def sums(rows: tuple[Row, ...], cube: Cube, policy: Policy, spend: Spend) -> Sums:
    """Exact counts of the groups of `rows` from an exact cube over their dimensions, or over more, for what `spend` has paid.

    Every cell, hence every human, is counted in one group. Raises `ValueError` where the cube lacks
    a dimension.
    """
    labels = {name: dimension.labels for name, dimension in policy.dimensions.items()}
    wanted = groups(rows, domains((d for row in rows for d in row.dimensions), policy))
    if not set(wanted.axes) <= set(cube.dimensions):
        raise ValueError("a strip lies within no cube that was counted")
    table = cube.counts.reshape([len(labels[d]) for d in cube.dimensions])
    kept = [d for d in cube.dimensions if d in wanted.axes]
    table = table.sum(axis=tuple(n for n, d in enumerate(cube.dimensions) if d not in kept))
    table = np.transpose(table, [kept.index(str(a)) for a in wanted.axes])
    counts = np.zeros(wanted.many, dtype=np.int64)
    np.add.at(counts, wanted.numbers.ravel(), table.ravel())
    counts.setflags(write=False)
    return Sums(rows, counts, spend)


def digest(rows: Sequence[Row]) -> str:
    """A name for the rows: the same for the same counts."""
    texts = [f"{','.join(row.dimensions)} {hashlib.sha256(row.held).hexdigest()}" for row in rows]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
