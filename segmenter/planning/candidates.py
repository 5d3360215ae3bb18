"""What a strategy may choose from.

Tables over subsets of the job's axes, and partitions of its segments (P14).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segmenter.dimensions.partition import MOST_REGIONS, find_groups
from segmenter.estimation.marginals import Axes, subsets

if TYPE_CHECKING:
    from segmenter.noise.arrays import Reals, Truths

MOST_TABLES = 256  # candidates looked at
LARGEST = 1_000_000  # cells of one measured table
WIDEST = 200_000  # cells that a partition merges
JOINED = (1, 2, 3, 4)  # how many lists of disjoint segments make a partition


@dataclass(frozen=True, slots=True)
class CandidatePartition:
    """Positions of segments in their job, and what measuring their groups tells.

    What one unit of precision for each group tells of the segments' sums and of everyone.
    """

    segments: tuple[int, ...]
    tells: Reals = field(compare=False, repr=False)


def tables(own: Sequence[Axes], cells: Callable[[Axes], int]) -> tuple[Axes, ...]:
    """The segments' tables, what lies between them and the joint cube, and marginals.

    The smallest first if there are too many.
    """
    joint = union(own)
    if 2 ** len(joint) <= MOST_TABLES:
        more: Iterable[Axes] = subsets(joint)
    else:
        more = sorted(_between(own, joint), key=cells)
    fit = []
    for table in more:
        if cells(table) <= LARGEST and table not in own:
            fit.append(table)
    room = max(0, MOST_TABLES - len(own))
    return (*own, *fit[:room])


def union(tables: Iterable[Axes]) -> Axes:
    """The axes that any of the tables has, in order."""
    axes: set[int] = set()
    for table in tables:
        axes.update(table)
    return tuple(sorted(axes))


def _between(own: Sequence[Axes], joint: Axes) -> set[Axes]:
    """What two of the segments' tables have together, the joint cube, single axes, everyone."""
    found: set[Axes] = {joint, ()}
    for pair in itertools.combinations(own, 2):
        found.add(union(pair))
    for axis in joint:
        found.add((axis,))
    return found


def partitions(
    segments: Sequence[tuple[Axes, Truths]], sizes: Sequence[int]
) -> tuple[CandidatePartition, ...]:
    """Lists of disjoint segments, and two to four such lists together.

    One segment alone has its table.
    """
    if len(segments) == 1:
        return ()
    some = _distinct(segments)
    overlaps = _overlaps(segments, some)
    lists = _disjoint_lists(some, overlaps)
    chosen: dict[tuple[int, ...], None] = {}
    for many in JOINED:
        for joined in _joined(lists, overlaps, many):
            chosen[tuple(sorted(joined))] = None
    found = []
    for numbers in chosen:
        members = [segments[n] for n in numbers]
        cells = math.prod(sizes[axis] for axis in _axes(members))
        if len(numbers) <= MOST_REGIONS and cells <= WIDEST:
            found.append(CandidatePartition(numbers, _tells(members)))
    return tuple(found)


def _distinct(segments: Sequence[tuple[Axes, Truths]]) -> list[int]:
    """Segments that want some cells and not all: of those that want the same, the first."""
    first: dict[tuple[Axes, bytes], int] = {}
    for n, (axes, wanted) in enumerate(segments):
        if wanted.any() and not wanted.all():
            first.setdefault((axes, wanted.tobytes()), n)
    return sorted(first.values())


def _overlaps(segments: Sequence[tuple[Axes, Truths]], some: Sequence[int]) -> dict[int, set[int]]:
    """For each segment, the others that somebody may be in, too."""
    overlaps: dict[int, set[int]] = {n: set() for n in some}
    for one, two in itertools.permutations(some, 2):
        if not _disjoint(segments[one], segments[two]):
            overlaps[one].add(two)
    return overlaps


def _axes(segments: Sequence[tuple[Axes, Truths]]) -> Axes:
    tables = [axes for axes, _ in segments]
    return union(tables)


def _tells(regions: Sequence[tuple[Axes, Truths]]) -> Reals:
    """Noise of variance 1 in every group has these covariances in the sums over groups.

    Their inverse is what is told.
    """
    inside = find_groups(regions, _axes(regions)).inside
    covariances = inside @ inside.T
    return np.linalg.pinv(covariances.astype(np.float64), hermitian=True)


def _disjoint(one: tuple[Axes, Truths], two: tuple[Axes, Truths]) -> bool:
    """Whether nobody can be in both of two segments.

    What they hold of their common axes has no cell in common.
    """
    axes_of_one, _ = one
    axes_of_two, _ = two
    common = [axis for axis in axes_of_one if axis in axes_of_two]
    shared = _along(one, common) & _along(two, common)
    return not bool(shared.any())


def _along(segment: tuple[Axes, Truths], common: Sequence[int]) -> Truths:
    """Which cells of the common axes a segment has somebody in."""
    axes, wanted = segment
    others = tuple(n for n, axis in enumerate(axes) if axis not in common)
    return np.asarray(wanted.any(axis=others))


def _disjoint_lists(some: Sequence[int], overlaps: dict[int, set[int]]) -> list[list[int]]:
    """Every segment in one list.

    The next one is always the one that has the fewest lists left to go to, then the one that
    overlaps most (DSATUR).
    """
    place: dict[int, int] = {}
    while len(place) < len(some):
        barred: dict[int, set[int]] = {}
        for n in some:
            if n not in place:
                barred[n] = {place[m] for m in overlaps[n] if m in place}
        chosen = max(barred, key=lambda n: (len(barred[n]), len(overlaps[n]), -n))
        place[chosen] = _first_outside(barred[chosen])
    lists: list[list[int]] = [[] for _ in set(place.values())]
    for n in some:
        lists[place[n]].append(n)
    return lists


def _first_outside(barred: set[int]) -> int:
    """The smallest number, from 0, that is not barred."""
    place = 0
    while place in barred:
        place += 1
    return place


def _joined(
    lists: Sequence[list[int]], overlaps: dict[int, set[int]], many: int
) -> Iterator[list[int]]:
    """Lists put together, `many` at a time, those that overlap least."""
    left = list(lists)
    while left:
        partition = left.pop(0)
        for _ in range(min(many - 1, len(left))):
            overlapping = [_overlapping(one, partition, overlaps) for one in left]
            place = overlapping.index(min(overlapping))
            partition = partition + left.pop(place)
        yield partition


def _overlapping(
    one: Sequence[int], partition: Sequence[int], overlaps: dict[int, set[int]]
) -> int:
    """How often a segment of a list overlaps one of a partition."""
    there = set(partition)
    often = 0
    for segment in one:
        often += len(overlaps[segment] & there)
    return often
