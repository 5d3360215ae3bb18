"""Segments that the published numbers suggest, for a person to judge (P18).

`propose` learns from a release, whose noise is already paid, with scikit-learn or by plain
comparison; only kept cells take part. It costs nothing.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from segmenter.errors import UsageError
from segmenter.learning import rules
from segmenter.learning.proposal import Proposal, best_of
from segmenter.nearest import hint
from segmenter.project import condition as c
from segmenter.project.condition_cells import holding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmenter.learning.goal import Goal
    from segmenter.model import Interval
    from segmenter.published.release import Release

MOST = 5
CHANCE = 2.0  # standard deviations of a count of that size


def propose(release: Release, goal: Goal | None = None, most: int = MOST) -> tuple[Proposal, ...]:
    """Conditions that stand out in a release, best first. Costs nothing.

    With a `goal`, conditions under which it is more frequent than elsewhere; without one, pairs
    of labels that meet more often than each alone would let expect. Raises `UsageError` if the
    release lacks the dimension of `goal`.
    """
    if goal is None:
        return best_of(_pairs(release), most)
    if goal.dimension not in release.dimensions:
        raise UsageError(
            f"the release has no dimension `{goal.dimension}`",
            hint=hint(goal.dimension, release.dimensions),
        )
    return best_of(_rules(release, goal), most)


def _pairs(release: Release) -> Iterator[Proposal]:
    """Pairs of labels that meet more often than independence and noise let expect."""
    total = max(1, _counted(release, c.EVERYONE)[0])
    for one, other in itertools.combinations(release.dimensions, 2):
        for a, b in itertools.product(release.domains[one], release.domains[other]):
            first, second = c.Test(one, (a,)), c.Test(other, (b,))
            expected = _counted(release, first)[0] * _counted(release, second)[0] / total
            both = c.And((first, second))
            reason = f"{a} and {b} meet more often than expected"
            proposal = _proposal(release, both, expected, reason)
            if proposal is not None:
                yield proposal


def _rules(release: Release, goal: Goal) -> Iterator[Proposal]:
    """The leaves of a decision tree over the kept cells, weighted by their noised counts."""
    labels = {name: release.domains[name] for name in release.dimensions}
    cells = rules.cells(labels)
    counts, kept = release.counts.ravel().tolist(), release.kept.ravel().tolist()
    weights = [
        float(count) if is_kept else 0.0 for count, is_kept in zip(counts, kept, strict=True)
    ]
    is_sought = [cell[goal.dimension] in goal.labels for cell in cells]
    known = sum(weights)
    sought = sum(itertools.compress(weights, is_sought))
    features = {name: labels[name] for name in labels if name != goal.dimension}
    if not features or not 0 < sought < known:
        return
    reason = f"{goal} is more frequent here than elsewhere"
    for rule in rules.grown_on_answers(cells, is_sought, weights, features):
        if rule == c.EVERYONE:
            continue
        expected = _counted(release, rule)[0] * sought / known
        both = c.And((rule, c.Test(goal.dimension, goal.labels)))
        proposal = _proposal(release, both, expected, reason)
        if proposal is not None:
            yield proposal


def _proposal(
    release: Release, where: c.Condition, expected: float, reason: str
) -> Proposal | None:
    """The condition, if even the low end of its interval is above what chance explains."""
    count, interval = _counted(release, where)
    if expected <= 0 or count == 0:
        return None
    if interval.low <= expected + CHANCE * math.sqrt(expected):
        return None
    own = release.family
    lift = round(count / expected, 2)
    return Proposal(
        name="",
        purpose=own.purpose,
        channels=own.channels,
        topic=own.topic,
        where=str(c.canonical(where)),
        reason=f"{reason}: {lift:g} times",
        lift=lift,
        patients=count,
        interval=interval,
    )


def _counted(release: Release, where: c.Condition) -> tuple[int, Interval]:
    """The noised number of patients of a condition, over kept cells."""
    labels = {name: release.domains[name] for name in release.dimensions}
    matched = release.matched(holding(where, labels))
    return matched.count, matched.interval
