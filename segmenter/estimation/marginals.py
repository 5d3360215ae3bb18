"""Tables that were measured with noise, and tables derived from them by weighted least squares.

Every table over dimensions S is a sum of residual components, one for each subset A of S, and the
least-squares estimate of a component is the average of its measurements weighted by their
precisions. So every table within a measured one is derived in closed form, with no matrix: sums
along axes, means taken off, weights, broadcasts. Axes are positions in the family's list of
dimensions.

A linear question (the sum over a region, one cell, a difference of sums) is known by its `Parts`:
one array for each component it touches. Variances and covariances of answers are sums of products
of parts, so questions are added and weighed as parts, at any size of table.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from segmenter.noise.mechanisms import Reals

Axes: TypeAlias = tuple[int, ...]
Parts: TypeAlias = "Mapping[Axes, Reals]"

APART = 64  # distinct weights of one table kept apart; more are put together by size, which leaves their squares' sum as it is


def subsets(axes: Axes) -> Iterator[Axes]:
    """All subsets, the empty one first."""
    return itertools.chain.from_iterable(
        itertools.combinations(axes, n) for n in range(len(axes) + 1)
    )


@dataclass(frozen=True, slots=True)
class Lattice:
    """Which tables are measured, and how well: `sizes` of all axes, and for each measured table the variance of one cell's noise."""

    sizes: tuple[int, ...]
    variances: tuple[tuple[Axes, float], ...]

    def cells(self, axes: Axes) -> int:
        """How many cells a table has."""
        return math.prod(self.sizes[a] for a in axes)

    def covers(self, axes: Axes) -> bool:
        """Whether a table lies within a measured one."""
        return any(set(axes) <= set(s) for s, _ in self.variances)

    def weights(self, component: Axes) -> list[tuple[int, float]]:
        """Which measured tables speak of a component (their positions), and with which share."""
        precisions = self._precisions(component)
        whole = math.fsum(p for _, p in precisions)
        return [(n, p / whole) for n, p in precisions]

    def precision(self, component: Axes) -> float:
        """One over the variance of a component's estimate, before its projection; 0 where nothing measured speaks of it."""
        return math.fsum(p for _, p in self._precisions(component))

    def _precisions(self, component: Axes) -> list[tuple[int, float]]:
        inside = set(component)
        return [
            (n, self.cells(component) / (self.cells(axes) * variance))
            for n, (axes, variance) in enumerate(self.variances)
            if inside <= set(axes)
        ]


def estimate(
    lattice: Lattice, tables: Sequence[np.ndarray[Any, np.dtype[Any]]], target: Axes
) -> Reals:
    """The least-squares estimate of the table over `target` from the measured tables, in their order; an axis a dimension.

    Where one table alone is measured, its plain sums are the estimate, exactly.
    """
    if len(tables) == 1:
        return np.asarray(_summed(tables[0], lattice.variances[0][0], target), dtype=np.float64)
    shape = tuple(lattice.sizes[a] for a in target)
    result = np.zeros(shape)
    for component in subsets(target):
        found = np.zeros(tuple(lattice.sizes[a] for a in component))
        for n, share in lattice.weights(component):
            found = found + share * _residual(
                _summed(tables[n], lattice.variances[n][0], component)
            )
        result += _spread(found, component, target, lattice) / (
            math.prod(shape) / max(1, found.size)
        )
    return result


# -- linear questions ------------------------------------------------------------------------------


def parts_of(region: np.ndarray[Any, np.dtype[Any]], target: Axes) -> dict[Axes, Reals]:
    """The parts of the sum over a region: `region` holds the weights of the cells of the table over `target`."""
    found = {}
    for component in subsets(target):
        part = _residual(_summed(region, target, component))
        found[component] = part * (part.size / region.size)
    return found


def combined(terms: Iterable[tuple[float, Parts]]) -> dict[Axes, Reals]:
    """The parts of a weighted sum of questions."""
    found: dict[Axes, Reals] = {}
    for weight, parts in terms:
        for component, part in parts.items():
            found[component] = (
                found[component] + weight * part if component in found else weight * part
            )
    return found


def covariance(lattice: Lattice, one: Parts, two: Parts) -> float:
    """The covariance of the answers to two questions."""
    return math.fsum(
        float(np.vdot(one[a], two[a])) / lattice.precision(a)
        for a in one.keys() & two.keys()
        if one[a].any()
    )


def variance(lattice: Lattice, parts: Parts) -> float:
    """The variance of the answer to a question."""
    return covariance(lattice, parts, parts)


def covariances(lattice: Lattice, parts: Parts, target: Axes) -> Reals:
    """The covariance of a question's answer with every cell of the derived table over `target`."""
    result = np.zeros(tuple(lattice.sizes[a] for a in target))
    whole = lattice.cells(target)
    for component, part in parts.items():
        if set(component) <= set(target):
            result += _spread(part, component, target, lattice) * (
                part.size / whole / lattice.precision(component)
            )
    return result


def influence(lattice: Lattice, parts: Parts) -> list[Reals]:
    """How much each cell of each measured table weighs in the answer to a question."""
    found: list[Reals] = []
    for n, (axes, _) in enumerate(lattice.variances):
        weights = np.zeros(tuple(lattice.sizes[a] for a in axes))
        for component, part in parts.items():
            if set(component) <= set(axes):
                weights += _spread(
                    part * dict(lattice.weights(component))[n], component, axes, lattice
                )
        found.append(weights)
    return found


@cache
def cell_weights(lattice: Lattice, target: Axes) -> tuple[tuple[int, float, int], ...]:
    """The noise of a cell of the derived table: (measured table, weight, how many of its cells weigh so much). The same for all."""
    one = np.zeros(tuple(lattice.sizes[a] for a in target))
    one[(0,) * one.ndim] = 1.0
    return tuple(grouped(influence(lattice, parts_of(one, target))))


def grouped(weights: Sequence[Reals]) -> Iterator[tuple[int, float, int]]:
    """Weights of cells as (measured table, weight, how many cells), equal ones together, zeros left out."""
    for n, table in enumerate(weights):
        found, often = np.unique(np.round(np.abs(table), 9), return_counts=True)
        values, many = np.asarray(found[found > 0], dtype=np.float64), often[found > 0]
        if len(values) > APART:
            values, many = _together(values, many)
        for value, times in zip(values.tolist(), many.tolist(), strict=True):
            yield n, value, times


def _together(
    values: Reals, many: np.ndarray[Any, np.dtype[Any]]
) -> tuple[Reals, np.ndarray[Any, np.dtype[Any]]]:
    """Weights within a sixteenth of an octave as their quadratic mean."""
    _, group = np.unique(np.floor(np.log2(values) * 16), return_inverse=True)
    times = np.bincount(group, many)
    return np.sqrt(np.bincount(group, many * values**2) / times), times.astype(np.int64)


# -- tables ----------------------------------------------------------------------------------------


def _summed(
    table: np.ndarray[Any, np.dtype[Any]], axes: Axes, kept: Axes
) -> np.ndarray[Any, np.dtype[Any]]:
    """A table over `axes` summed down to the axes `kept`, which keep their order."""
    away = tuple(n for n, a in enumerate(axes) if a not in kept)
    return np.asarray(table.sum(axis=away)) if away else table


def _residual(table: np.ndarray[Any, np.dtype[Any]]) -> Reals:
    """What is left of a table once the mean is taken off along every axis."""
    result = np.asarray(table, dtype=np.float64)
    for axis in range(result.ndim):
        result = result - result.mean(axis=axis, keepdims=True)
    return result


def _spread(table: Reals, axes: Axes, over: Axes, lattice: Lattice) -> Reals:
    """A table over `axes` repeated along the other axes of `over`."""
    shape = tuple(lattice.sizes[a] if a in axes else 1 for a in over)
    return np.broadcast_to(table.reshape(shape), tuple(lattice.sizes[a] for a in over))
