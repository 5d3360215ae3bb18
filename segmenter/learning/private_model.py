"""A private model of who is looked for, and the segments that it suggests (P18).

The epsilon of the whole model is paid before anybody is counted. All bounds follow from the
policy's domains alone, and what the model keeps is what its mechanism protects.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter.budget.accounting import NANO
from segmenter.errors import UsageError
from segmenter.learning import rules
from segmenter.learning.logistic import Sample, fit_logistic, least_penalty
from segmenter.learning.proposal import Proposal, best_of
from segmenter.project import condition as c

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from segmenter.learning.goal import Goal
    from segmenter.model import Cube
    from segmenter.project.family import Family
    from segmenter.project.policy import Dimension

MOST = 5
QUIET = 0.25  # log-odds that noise alone gives to all labels together
FARTHEST = 700.0  # log-odds whose exponential is still a double


@dataclass(frozen=True, slots=True)
class Model:
    """A private logistic model: how much each label speaks for `goal`.

    All that is kept is protected by its mechanism. `epsilon` is in nano-units.
    """

    family: Family
    goal: Goal
    epsilon: int
    spend: str
    domains: Mapping[str, tuple[str, ...]]
    weights: Mapping[tuple[str, str], float] = field(repr=False)
    intercept: float = field(repr=False)

    def score(self, cell: Mapping[str, str]) -> float:
        """The model's chance that a patient of a cell is what is looked for."""
        log_odds = self.intercept + sum(self.weights[name, cell[name]] for name in self.domains)
        bounded = max(-FARTHEST, min(FARTHEST, log_odds))
        return 1.0 / (1.0 + math.exp(-bounded))


def fit_private(cube: Cube, dimensions: Sequence[Dimension], family: Family, goal: Goal) -> Model:
    """Fit on an exact cube over `dimensions`, paid by the cube's own spend (P18).

    The model takes the whole epsilon of that spend. Raises `UsageError` if the cube lacks the
    dimension of `goal`, or has nothing else.
    """
    features = [dimension for dimension in dimensions if dimension.name != goal.dimension]
    if len(features) == len(dimensions) or not features:
        raise UsageError(
            f"a model needs the dimension `{goal.dimension}` and at least one other",
            hint="name more dimensions",
        )
    domains = {dimension.name: dimension.labels for dimension in features}
    columns = rules.columns(list(domains), domains)
    epsilon = cube.spend.cost.epsilon
    sample = _sample(cube, dimensions, goal, columns)
    penalty = _penalty(sample, epsilon)
    intercept, *weights = fit_logistic(sample, penalty=penalty, epsilon=epsilon)
    by_label = dict(zip(columns, weights, strict=True))
    return Model(family, goal, epsilon, cube.spend.id, domains, by_label, intercept)


def _sample(
    cube: Cube, dimensions: Sequence[Dimension], goal: Goal, columns: Sequence[rules.Column]
) -> Sample:
    """A row a cell: 1 for the intercept, and 1 for each label that the cell has.

    Each dimension but the goal's has one label in a cell, so that the norm is the square root of
    the number of dimensions.
    """
    import numpy as np

    cells = rules.cells({dimension.name: dimension.labels for dimension in dimensions})
    is_sought = np.array([cell[goal.dimension] in goal.labels for cell in cells])
    labels = rules.one_hot(cells, columns)
    rows = np.column_stack([np.ones(len(cells)), labels])
    people = cube.counts.astype(np.float64)
    return Sample(rows, people, np.where(is_sought, people, 0.0), math.sqrt(len(dimensions)))


def _penalty(sample: Sample, epsilon: int) -> float:
    """A penalty under which noise alone moves all weights together by about `QUIET`."""
    columns: int = sample.rows.shape[1]
    length_of_noise = sample.norm * columns / (epsilon / NANO)
    return max(1.0, length_of_noise / QUIET, least_penalty(sample.norm, epsilon))


def propose_private(model: Model, most: int = MOST) -> tuple[Proposal, ...]:
    """Conditions under which the model gives the goal its best chances.

    Post-processing of the model: free.
    """
    return best_of(_likelier(model), most)


def _likelier(model: Model) -> Iterator[Proposal]:
    """The leaves of a tree over the model's chances that are above the usual one."""
    cells = rules.cells(model.domains)
    chances = [model.score(cell) for cell in cells]
    usual = sum(chances) / len(chances)
    for rule in rules.grown_on_chances(cells, chances, model.domains):
        inside = [
            chance for chance, cell in zip(chances, cells, strict=True) if c.matches(rule, cell)
        ]
        mean = sum(inside) / len(inside)
        lift = round(mean / max(usual, 1e-9), 2)
        if lift <= 1 or rule == c.EVERYONE:
            continue
        own = model.family
        reason = f"the model gives {model.goal} {lift:g} times the usual chance here"
        where = str(c.canonical(rule))
        yield Proposal("", own.purpose, own.channels, own.topic, where, reason, lift)
