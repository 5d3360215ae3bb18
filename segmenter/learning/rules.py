"""Decision trees over declared labels, read back as conditions of segments."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from segmenter.project import condition as c

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np

    Reals = np.ndarray[Any, np.dtype[np.float64]]

Column = tuple[str, str]  # dimension, label
Labels = dict[str, "Sequence[str]"]  # of each dimension, those that are left
GROWTH: dict[str, Any] = {
    "max_depth": 3,  # splits of a rule: more cannot be read
    "min_weight_fraction_leaf": 0.02,  # of all patients, in one rule
    "random_state": 0,
}


def cells(domains: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """Every cell of the domains, in mixed-radix order, first dimension slowest."""
    return [
        dict(zip(domains, labels, strict=True)) for labels in itertools.product(*domains.values())
    ]


def columns(names: Sequence[str], domains: Mapping[str, Sequence[str]]) -> list[Column]:
    """One column for each label of each dimension."""
    return [(name, label) for name in names for label in domains[name]]


def one_hot(cells: Sequence[Mapping[str, str]], columns: Sequence[Column]) -> Reals:
    """A row a cell, 1 if it has the column's label."""
    import numpy as np

    rows = np.zeros((len(cells), len(columns)))
    for at, (name, label) in enumerate(columns):
        rows[:, at] = [cell[name] == label for cell in cells]
    return rows


def grown_on_answers(
    cells: Sequence[Mapping[str, str]],
    answers: Sequence[bool],
    weights: Sequence[float],
    domains: Mapping[str, Sequence[str]],
) -> Iterator[c.Condition]:
    """The leaves of a tree that tells cells of one answer from those of the other."""
    from sklearn.tree import DecisionTreeClassifier

    names = columns(list(domains), domains)
    tree = DecisionTreeClassifier(**GROWTH)
    tree.fit(one_hot(cells, names), answers, sample_weight=weights)
    return leaves(tree.tree_, names, domains)


def grown_on_chances(
    cells: Sequence[Mapping[str, str]],
    chances: Sequence[float],
    domains: Mapping[str, Sequence[str]],
) -> Iterator[c.Condition]:
    """The leaves of a tree that tells cells of great chances from those of small ones."""
    from sklearn.tree import DecisionTreeRegressor

    names = columns(list(domains), domains)
    tree = DecisionTreeRegressor(**GROWTH)
    tree.fit(one_hot(cells, names), chances)
    return leaves(tree.tree_, names, domains)


def leaves(
    tree: Any, columns: Sequence[Column], domains: Mapping[str, Sequence[str]]
) -> Iterator[c.Condition]:
    """The condition of each leaf of a fitted tree."""
    waiting: list[tuple[int, Labels]] = [(0, dict(domains))]
    while waiting:
        node, left = waiting.pop()
        is_leaf = tree.children_left[node] == tree.children_right[node]
        if is_leaf:
            if all(left.values()):
                yield _condition(left, domains)
            continue
        name, label = columns[tree.feature[node]]
        others = [one for one in left[name] if one != label]
        alone = [one for one in left[name] if one == label]
        waiting.append((tree.children_left[node], {**left, name: others}))
        waiting.append((tree.children_right[node], {**left, name: alone}))


def _condition(left: Labels, domains: Mapping[str, Sequence[str]]) -> c.Condition:
    """The labels that are left of each dimension, as the shorter of `in` and `not in`."""
    tests: list[c.Condition] = []
    for name in sorted(left):
        gone = tuple(one for one in domains[name] if one not in left[name])
        if not gone:
            continue
        if len(gone) < len(left[name]):
            tests.append(c.Test(name, gone, negated=True))
        else:
            tests.append(c.Test(name, tuple(left[name])))
    if not tests:
        return c.EVERYONE
    return tests[0] if len(tests) == 1 else c.And(tuple(tests))
