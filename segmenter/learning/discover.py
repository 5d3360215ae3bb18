"""Segments that the published numbers suggest (P18).

Proposals in the grammar of segments, for a person to judge.

Free: `propose` learns from a release, whose noise is already paid, with scikit-learn or by plain
comparison; only kept cells take part. Paid: `fit_private` fits a private model for which the whole
epsilon of a spend was reserved first. Its bounds follow from the policy's domains alone.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.budget.accounting import NANO
from segmenter.errors import UsageError
from segmenter.learning import rules
from segmenter.learning.private_model import Fitted, fit_logistic
from segmenter.nearest import hint
from segmenter.project import condition as c
from segmenter.query.question import holding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np

    from segmenter.model import Cube, Interval
    from segmenter.project.family import Family
    from segmenter.project.policy import Dimension, Policy
    from segmenter.published.release import Release

    Reals = np.ndarray[Any, np.dtype[np.float64]]

DEEPEST = 3  # splits of a rule: more cannot be read
MOST = 5
QUIET = 0.25  # log-odds
CHANCE = 2.0  # standard deviations of a count of that size
LEAST_SHARE = 0.02  # of all patients, in one rule


@dataclass(frozen=True, slots=True)
class Toward:
    """What is looked for: patients with one of these labels of a dimension."""

    dimension: str
    labels: tuple[str, ...]

    def __str__(self) -> str:
        return str(c.Test(self.dimension, self.labels))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A condition that stands out.

    `patients` is a noised number of the release, None if only a model speaks.
    """

    name: str
    purpose: str
    channels: tuple[str, ...]
    topic: str | None
    where: str
    reason: str
    lift: float
    patients: int | None = None
    interval: Interval | None = None

    def yaml(self) -> str:
        """The text of a segment file, to be read and judged by a person before it is used."""
        lines = [
            f"# {self.reason}",
            f"name: {self.name}",
            f"title: {{en: {_quoted(self.where.replace(chr(39), ''))}}}",
        ]
        lines += [f"purpose: {self.purpose}"]
        lines += [f"channels: [{', '.join(self.channels)}]"] if self.channels else []
        lines += [f"topic: {self.topic}"] if self.topic else []
        return "\n".join([*lines, f"where: {_quoted(self.where)}", "tags: [proposed]", ""])

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.name,
            "purpose": self.purpose,
            "where": self.where,
            "reason": self.reason,
            "lift": self.lift,
            "count": self.patients,
            "interval": None if self.interval is None else self.interval.as_list(),
            "yaml": self.yaml(),
        }


def toward(text: str, policy: Policy) -> Toward:
    """What a person looks for, written as one test: `visits = '4+'`.

    Raises `ConditionError` if it is not a test, `UsageError` if it names what the policy does
    not declare.
    """
    test = c.parse(text)
    if not isinstance(test, c.Test):
        raise UsageError(
            "what to look for is one test of one dimension",
            hint="for example: visits in ('2-3', '4+')",
        )
    for message, instead in c.misnamed(test, policy.dimensions):
        raise UsageError(message, hint=instead)
    labels = policy.dimensions[test.dimension].labels
    return Toward(
        test.dimension, tuple(label for label in labels if (label in test.labels) != test.negated)
    )


# -- free: from a release --------------------------------------------------------------------------


def propose(release: Release, goal: Toward | None = None, most: int = MOST) -> tuple[Proposal, ...]:
    """Conditions that stand out in a release, best first. Costs nothing.

    With a `goal`, conditions under which it is more frequent than elsewhere; without one, pairs
    of labels that meet more often than each alone would let expect. Raises `UsageError` if the
    release lacks the
    dimension of `goal`.
    """
    if goal is not None and goal.dimension not in release.dimensions:
        raise UsageError(
            f"the release has no dimension `{goal.dimension}`",
            hint=hint(goal.dimension, release.dimensions),
        )
    found = _pairs(release) if goal is None else _rules(release, goal)
    ordered = sorted(found, key=lambda p: (-p.lift, p.where))
    return tuple(_named(ordered[:most]))


def _pairs(release: Release) -> Iterator[Proposal]:
    """Pairs of labels of two dimensions that meet more often than independence lets expect.

    Beyond what noise explains.
    """
    total = _counted(release, c.EVERYONE)[0]
    for one, other in itertools.combinations(release.dimensions, 2):
        for a, b in itertools.product(release.domains[one], release.domains[other]):
            first, second = c.Test(one, (a,)), c.Test(other, (b,))
            expected = _counted(release, first)[0] * _counted(release, second)[0] / max(1, total)
            both = c.And((first, second))
            proposal = _proposal(
                release, both, expected, f"{a} and {b} meet more often than expected"
            )
            if proposal is not None:
                yield proposal


def _rules(release: Release, goal: Toward) -> Iterator[Proposal]:
    """The leaves of a decision tree over the kept cells, weighted by their noised counts."""
    from sklearn.tree import DecisionTreeClassifier

    names = [d for d in release.dimensions if d != goal.dimension]
    cells = rules.cells({d: release.domains[d] for d in release.dimensions})
    kept = release.kept.ravel().tolist()
    weights = [
        float(n) if k else 0.0 for n, k in zip(release.counts.ravel().tolist(), kept, strict=True)
    ]
    is_goal = [cell[goal.dimension] in goal.labels for cell in cells]
    known, base = sum(weights), sum(w for w, g in zip(weights, is_goal, strict=True) if g)
    if not names or not 0 < base < known:
        return
    columns = rules.columns(names, release.domains)
    tree = DecisionTreeClassifier(
        max_depth=DEEPEST, min_weight_fraction_leaf=LEAST_SHARE, random_state=0
    )
    tree.fit(rules.one_hot(cells, columns), is_goal, sample_weight=weights)
    for rule in rules.leaves(tree.tree_, columns, release.domains):
        inside = _counted(release, rule)[0]
        target = c.And((rule, c.Test(goal.dimension, goal.labels)))
        found = _proposal(
            release, target, inside * base / known, f"{goal} is more frequent here than elsewhere"
        )
        if found is not None and rule != c.EVERYONE:
            yield found


def _proposal(
    release: Release, where: c.Condition, expected: float, reason: str
) -> Proposal | None:
    """The condition, if even the low end of its interval is above what is expected.

    And above it by more than chance explains; else None.
    """
    count, interval = _counted(release, where)
    if expected <= 0 or count == 0 or interval.low <= expected + CHANCE * math.sqrt(expected):
        return None
    own = release.family
    lift = round(count / expected, 2)
    text = str(c.canonical(where))
    return Proposal(
        "",
        own.purpose,
        own.channels,
        own.topic,
        text,
        f"{reason}: {lift:g} times",
        lift,
        count,
        interval,
    )


def _counted(release: Release, where: c.Condition) -> tuple[int, Interval]:
    """The noised number of patients of a condition, over kept cells."""
    labels = {name: release.domains[name] for name in release.dimensions}
    matched = release.matched(holding(where, labels))
    return matched.count, matched.interval


# -- paid: a private model -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Model:
    """A private logistic model: how much each label speaks for `goal`.

    All that is kept is protected by its mechanism.
    """

    family: Family
    goal: Toward
    epsilon: int
    spend: str
    domains: Mapping[str, tuple[str, ...]]
    weights: Mapping[tuple[str, str], float] = field(repr=False)
    intercept: float = field(repr=False)

    def score(self, cell: Mapping[str, str]) -> float:
        """The model's chance that a patient of a cell is what is looked for."""
        log_odds = self.intercept + sum(self.weights[d, cell[d]] for d in self.domains)
        return 1 / (1 + math.exp(-max(-700.0, min(700.0, log_odds))))


def fit_private(cube: Cube, dimensions: Sequence[Dimension], family: Family, goal: Toward) -> Model:
    """Fit on an exact cube over `dimensions`, paid by the cube's own spend (P18).

    The model takes the whole epsilon of that spend.

    A row is the labels of one human, of norm sqrt(number of dimensions): a bound of the policy,
    never of data. Two invented rows, one of each answer, are always there, so that no fit can fail
    because of who is in the data. Raises `UsageError` if the cube lacks the dimension of `goal`,
    or nothing else.
    """
    features = [d for d in dimensions if d.name != goal.dimension]
    if len(features) == len(dimensions) or not features:
        raise UsageError(
            f"a model needs the dimension `{goal.dimension}` and at least one other",
            hint="name more dimensions",
        )
    domains = {d.name: d.labels for d in features}
    columns = rules.columns(list(domains), domains)
    rows, answers = _people(cube, dimensions, goal, columns)
    fitted = _fitted(rows, answers, math.sqrt(len(features)), cube.spend.cost.epsilon)
    return Model(
        family,
        goal,
        cube.spend.cost.epsilon,
        cube.spend.id,
        domains,
        dict(zip(columns, fitted.weights, strict=True)),
        fitted.intercept,
    )


def _people(
    cube: Cube, dimensions: Sequence[Dimension], goal: Toward, columns: Sequence[tuple[str, str]]
) -> tuple[Reals, Reals]:
    """A row a human, and the answer; two invented rows first."""
    import numpy as np

    cells = rules.cells({d.name: d.labels for d in dimensions})
    marked = np.array([cell[goal.dimension] in goal.labels for cell in cells], dtype=np.float64)
    rows = np.repeat(rules.one_hot(cells, columns), cube.counts, axis=0)
    answers = np.repeat(marked, cube.counts)
    invented = np.zeros((2, len(columns)))
    return np.vstack([invented, rows]), np.concatenate([[0.0, 1.0], answers])


def _fitted(rows: Reals, answers: Reals, norm: float, epsilon: int) -> Fitted:
    """Fit so that noise alone gives a label no more than about `QUIET` log-odds."""
    strength = QUIET * epsilon / NANO / (2 * norm * rows.shape[1])
    return fit_logistic(rows, answers, norm=norm, strength=min(1.0, strength), epsilon=epsilon)


def propose_private(model: Model, most: int = MOST) -> tuple[Proposal, ...]:
    """Conditions under which the model gives the goal its best chances.

    Post-processing of the model: free.
    """
    from sklearn.tree import DecisionTreeRegressor

    names = list(model.domains)
    cells = rules.cells(model.domains)
    scores = [model.score(cell) for cell in cells]
    columns = rules.columns(names, model.domains)
    tree = DecisionTreeRegressor(
        max_depth=DEEPEST, min_weight_fraction_leaf=LEAST_SHARE, random_state=0
    )
    tree.fit(rules.one_hot(cells, columns), scores)
    usual = sum(scores) / len(scores)
    found = []
    for rule in rules.leaves(tree.tree_, columns, model.domains):
        inside = [s for s, cell in zip(scores, cells, strict=True) if c.matches(rule, cell)]
        lift = round(sum(inside) / len(inside) / max(usual, 1e-9), 2)
        if lift > 1 and rule != c.EVERYONE:
            own = model.family
            reason = f"the model gives {model.goal} {lift:g} times the usual chance here"
            found.append(
                Proposal(
                    "", own.purpose, own.channels, own.topic, str(c.canonical(rule)), reason, lift
                )
            )
    return tuple(_named(sorted(found, key=lambda p: (-p.lift, p.where))[:most]))


# -- names -----------------------------------------------------------------------------------------


def _named(proposals: Sequence[Proposal]) -> Iterator[Proposal]:
    """Proposals with a name each, made of the labels they hold."""
    from dataclasses import replace

    taken: set[str] = set()
    for proposal in proposals:
        words = (
            re.sub(r"[^a-z0-9]+", "_", " ".join(re.findall(r"'([^']*)'", proposal.where)).lower())
            .strip("_")[:40]
            .strip("_")
        )
        stem = f"proposed_{words}" if words else "proposed"
        name = next(
            n
            for n in itertools.chain([stem], (f"{stem}_{k}" for k in itertools.count(2)))
            if n not in taken
        )
        taken.add(name)
        yield replace(proposal, name=name)


def _quoted(text: str) -> str:
    """A text as a double-quoted scalar of YAML."""
    import json

    return json.dumps(text, ensure_ascii=False)
