"""Tables that were measured with noise, and tables derived from them by weighted least squares.

Every table over dimensions S is a sum of residual components, one for each subset A of S. The
least-squares estimate of a component is the average of its measurements, weighted by their
precisions. So every table within a measured one is derived in closed form, with no matrix: sums
along axes, means taken off, weights, broadcasts. Axes are positions in the family's list of
dimensions.

A linear question (the sum over a region, one cell, a difference of sums) is known by its `Parts`:
one array for each component it touches. Variances and covariances of answers are sums of products
of parts. So questions are added and weighed as parts, however large the table is.
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
    from segmenter.noise.arrays import Reals

Axes: TypeAlias = tuple[int, ...]
Parts: TypeAlias = "Mapping[Axes, Reals]"
Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"

KEPT_APART = 64  # distinct weights of one table; more are put together, their squares' sum kept
DIGITS = 9  # of weights: what is less is a rounding error
OCTAVE_PARTS = 16  # how finely weights are told apart when they are put together


def subsets(axes: Axes) -> Iterator[Axes]:
    """All subsets, the empty one first."""
    for size in range(len(axes) + 1):
        yield from itertools.combinations(axes, size)


@dataclass(frozen=True, slots=True)
class TableShare:
    """How much one measured table counts in the estimate of a component."""

    table: int
    weight: float


@dataclass(frozen=True, slots=True)
class Lattice:
    """Which tables are measured, and how well.

    `sizes` are those of all axes; `variances` has, for each measured table, its axes and the
    variance of one cell's noise.
    """

    sizes: tuple[int, ...]
    variances: tuple[tuple[Axes, float], ...]

    def shape(self, axes: Axes) -> tuple[int, ...]:
        """The shape of a table."""
        return tuple(self.sizes[axis] for axis in axes)

    def cells(self, axes: Axes) -> int:
        """How many cells a table has."""
        return math.prod(self.shape(axes))

    def covers(self, axes: Axes) -> bool:
        """Whether a table lies within a measured one."""
        wanted = set(axes)
        measured = [axes for axes, _ in self.variances]
        return any(wanted.issubset(axes) for axes in measured)

    def shares(self, component: Axes) -> list[TableShare]:
        """Which measured tables speak of a component, and with which share."""
        precisions = self._precisions(component)
        whole = math.fsum(precisions.values())
        shares = []
        for table, precision in precisions.items():
            shares.append(TableShare(table, precision / whole))
        return shares

    def precision(self, component: Axes) -> float:
        """One over the variance of a component's estimate, before its projection.

        It is 0 if nothing measured speaks of the component.
        """
        return math.fsum(self._precisions(component).values())

    def _precisions(self, component: Axes) -> dict[int, float]:
        """How precisely each measured table that holds the component tells it, by its place.

        A cell of the component is a sum of that table's cells, so its variance is that many times
        theirs.
        """
        wanted = set(component)
        own_cells = self.cells(component)
        precisions = {}
        for table, (axes, variance) in enumerate(self.variances):
            if wanted <= set(axes):
                precisions[table] = own_cells / (self.cells(axes) * variance)
        return precisions


def estimate(lattice: Lattice, tables: Sequence[Array], target: Axes) -> Reals:
    """The least-squares estimate of the table over `target`; an axis a dimension.

    `tables` are the measured ones, in the lattice's order. If one table alone is measured, its
    plain sums are the estimate, exactly.
    """
    if len(tables) == 1:
        axes, _ = lattice.variances[0]
        return np.asarray(_summed(tables[0], axes, target), dtype=np.float64)
    result = np.zeros(lattice.shape(target))
    for component in subsets(target):
        found = np.zeros(lattice.shape(component))
        for share in lattice.shares(component):
            axes, _ = lattice.variances[share.table]
            told = _residual(_summed(tables[share.table], axes, component))
            found = found + share.weight * told
        repeats = result.size / max(1, found.size)
        result += _spread(found, component, target, lattice) / repeats
    return result


# -- linear questions ------------------------------------------------------------------------------


def parts_of(region: Array, target: Axes) -> dict[Axes, Reals]:
    """The parts of the sum over a region: it holds the weights of the cells over `target`."""
    parts = {}
    for component in subsets(target):
        part = _residual(_summed(region, target, component))
        parts[component] = part * (part.size / region.size)
    return parts


def combined(terms: Iterable[tuple[float, Parts]]) -> dict[Axes, Reals]:
    """The parts of a weighted sum of questions."""
    whole: dict[Axes, Reals] = {}
    for weight, parts in terms:
        for component, part in parts.items():
            weighted = weight * part
            if component in whole:
                weighted = whole[component] + weighted
            whole[component] = weighted
    return whole


def covariance(lattice: Lattice, one: Parts, other: Parts) -> float:
    """The covariance of the answers to two questions."""
    products = []
    for component in one.keys() & other.keys():
        if one[component].any():
            product = float(np.vdot(one[component], other[component]))
            products.append(product / lattice.precision(component))
    return math.fsum(products)


def covariance_matrix(lattice: Lattice, questions: Sequence[Parts]) -> Reals:
    """The covariances of the answers to some questions, each with each."""
    matrix = np.zeros((len(questions), len(questions)))
    for row, one in enumerate(questions):
        for column, other in enumerate(questions[: row + 1]):
            matrix[row, column] = covariance(lattice, one, other)
            matrix[column, row] = matrix[row, column]
    return matrix


def variance(lattice: Lattice, question: Parts) -> float:
    """The variance of the answer to a question."""
    return covariance(lattice, question, question)


def covariances(lattice: Lattice, question: Parts, target: Axes) -> Reals:
    """The covariance of a question's answer with every cell of the derived table over `target`."""
    result = np.zeros(lattice.shape(target))
    for component, part in question.items():
        if set(component) <= set(target):
            scale = part.size / result.size / lattice.precision(component)
            result += _spread(part, component, target, lattice) * scale
    return result


def influence(lattice: Lattice, question: Parts) -> list[Reals]:
    """How much each cell of each measured table weighs in the answer to a question."""
    weights = [np.zeros(lattice.shape(axes)) for axes, _ in lattice.variances]
    for component, part in question.items():
        for share in lattice.shares(component):
            axes, _ = lattice.variances[share.table]
            weights[share.table] += _spread(part * share.weight, component, axes, lattice)
    return weights


# -- weights ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Weights:
    """So many `cells` of one measured table (its position) have this weight in an answer."""

    measured: int
    weight: float
    cells: int


@cache
def cell_weights(lattice: Lattice, target: Axes) -> tuple[Weights, ...]:
    """The weights in one cell of the derived table over `target`: the same for all cells."""
    question = parts_of(first_cell(lattice, target), target)
    weights = influence(lattice, question)
    return tuple(grouped(weights))


def first_cell(lattice: Lattice, target: Axes) -> Reals:
    """A table over `target` with 1 in its first cell: all cells have the same variance."""
    table = np.zeros(lattice.shape(target))
    table[(0,) * table.ndim] = 1.0
    return table


def grouped(tables: Sequence[Reals]) -> Iterator[Weights]:
    """The weights of all cells of some tables, equal ones together, zeros left out."""
    for measured, table in enumerate(tables):
        rounded = np.round(np.abs(table), DIGITS)
        sizes, often = np.unique(rounded, return_counts=True)
        present = sizes > 0
        weights = np.asarray(sizes[present], dtype=np.float64)
        cells = often[present]
        if len(weights) > KEPT_APART:
            weights, cells = _put_together(weights, cells)
        for weight, many in zip(weights.tolist(), cells.tolist(), strict=True):
            yield Weights(
                measured=measured,
                weight=weight,
                cells=many,
            )


def _put_together(weights: Reals, cells: Array) -> tuple[Reals, Array]:
    """Weights within a part of an octave as their quadratic mean."""
    octave = np.floor(np.log2(weights) * OCTAVE_PARTS)
    _, group = np.unique(octave, return_inverse=True)
    many = np.bincount(group, cells)
    squares = np.bincount(group, cells * weights**2)
    return np.sqrt(squares / many), many.astype(np.int64)


# -- tables ----------------------------------------------------------------------------------------


def _summed(table: Array, axes: Axes, kept: Axes) -> Array:
    """A table over `axes` summed down to the axes `kept`, which keep their order."""
    others = []
    for position, axis in enumerate(axes):
        if axis not in kept:
            others.append(position)
    if not others:
        return table
    return np.asarray(table.sum(axis=tuple(others)))


def _residual(table: Array) -> Reals:
    """What is left of a table once the mean is taken off along every axis."""
    result = np.asarray(table, dtype=np.float64)
    for axis in range(result.ndim):
        result = result - result.mean(axis=axis, keepdims=True)
    return result


def _spread(table: Reals, axes: Axes, over: Axes, lattice: Lattice) -> Reals:
    """A table over `axes` repeated along the other axes of `over`."""
    shape = [1] * len(over)
    for position, axis in enumerate(over):
        if axis in axes:
            shape[position] = lattice.sizes[axis]
    return np.broadcast_to(table.reshape(shape), lattice.shape(over))
