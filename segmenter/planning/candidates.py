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
    joint = tuple(sorted({a for axes in own for a in axes}))
    if 2 ** len(joint) <= MOST_TABLES:
        more: Iterable[Axes] = subsets(joint)
    else:
        unions = {tuple(sorted({*a, *b})) for a, b in itertools.combinations(own, 2)}
        more = sorted({*unions, joint, *((a,) for a in joint), ()}, key=cells)
    fit = [t for t in more if cells(t) <= LARGEST and t not in own]
    return (*own, *fit[: max(0, MOST_TABLES - len(own))])


def partitions(
    segments: Sequence[tuple[Axes, Truths]], sizes: Sequence[int]
) -> tuple[CandidatePartition, ...]:
    """Lists of disjoint segments, and two to four such lists together.

    One segment alone has its table.
    """
    if len(segments) == 1:
        return ()
    distinct = {
        (axes, wanted.tobytes()): n for n, (axes, wanted) in reversed(list(enumerate(segments)))
    }
    some = sorted(n for n in distinct.values() if segments[n][1].any() and not segments[n][1].all())
    overlaps = {
        n: {m for m in some if m != n and not _disjoint(segments[n], segments[m])} for n in some
    }
    lists = _disjoint_lists(some, overlaps)
    chosen = dict.fromkeys(
        tuple(sorted(s)) for many in JOINED for s in _joined(lists, overlaps, many)
    )
    fit = [
        s
        for s in chosen
        if len(s) <= MOST_REGIONS
        and math.prod(sizes[a] for a in {a for n in s for a in segments[n][0]}) <= WIDEST
    ]
    return tuple(CandidatePartition(s, _tells([segments[n] for n in s])) for s in fit)


def _tells(regions: Sequence[tuple[Axes, Truths]]) -> Reals:
    """Noise of variance 1 in every group has these covariances in the sums over groups.

    Their inverse is what is told.
    """
    inside = find_groups(regions, sorted({a for axes, _ in regions for a in axes})).inside
    return np.linalg.pinv((inside @ inside.T).astype(np.float64), hermitian=True)


def _disjoint(one: tuple[Axes, Truths], two: tuple[Axes, Truths]) -> bool:
    """Whether nobody can be in both of two segments.

    What they hold of their common axes has no cell in common.
    """
    common = [a for a in one[0] if a in two[0]]
    return not bool((_along(one, common) & _along(two, common)).any())


def _along(segment: tuple[Axes, Truths], common: Sequence[int]) -> Truths:
    axes, wanted = segment
    return np.asarray(wanted.any(axis=tuple(n for n, a in enumerate(axes) if a not in common)))


def _disjoint_lists(some: Sequence[int], overlaps: dict[int, set[int]]) -> list[list[int]]:
    """Every segment in one list.

    The next one is always the one that has the fewest lists left to go to, then the one that overlaps most
    (DSATUR).
    """
    place: dict[int, int] = {}
    while len(place) < len(some):
        barred = {n: {place[m] for m in overlaps[n] if m in place} for n in some if n not in place}
        chosen = max(barred, key=lambda n: (len(barred[n]), len(overlaps[n]), -n))
        place[chosen] = next(p for p in range(len(some)) if p not in barred[chosen])
    return [[n for n in some if place[n] == p] for p in range(1 + max(place.values(), default=-1))]


def _joined(
    lists: Sequence[list[int]], overlaps: dict[int, set[int]], many: int
) -> Iterator[list[int]]:
    """Lists put together, `many` at a time, those that overlap least."""
    left = list(lists)
    while left:
        partition = left.pop(0)
        for _ in range(min(many - 1, len(left))):
            partition = [
                *partition,
                *left.pop(
                    min(
                        range(len(left)),
                        key=lambda n: sum(len(overlaps[m] & {*partition}) for m in left[n]),
                    )
                ),
            ]
        yield partition
