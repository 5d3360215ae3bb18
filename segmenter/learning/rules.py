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

    rows = [[float(cell[name] == label) for name, label in columns] for cell in cells]
    return np.array(rows, dtype=np.float64).reshape(-1, len(columns))


def leaves(
    tree: Any, columns: Sequence[Column], domains: Mapping[str, Sequence[str]]
) -> Iterator[c.Condition]:
    """The condition of each leaf of a fitted tree."""
    waiting: list[tuple[int, dict[str, tuple[str, ...]]]] = [
        (0, {name: tuple(domains[name]) for name in {n for n, _ in columns}})
    ]
    while waiting:
        node, left = waiting.pop()
        if tree.children_left[node] == tree.children_right[node]:
            if all(left.values()):
                yield _condition(left, domains)
            continue
        name, label = columns[tree.feature[node]]
        waiting.append(
            (
                tree.children_left[node],
                {**left, name: tuple(one for one in left[name] if one != label)},
            )
        )
        waiting.append(
            (
                tree.children_right[node],
                {**left, name: tuple(one for one in left[name] if one == label)},
            )
        )


def _condition(
    left: Mapping[str, Sequence[str]], domains: Mapping[str, Sequence[str]]
) -> c.Condition:
    """The labels that are left of each dimension, as the shorter of `in` and `not in`."""
    parts = []
    for name in sorted(left):
        without = tuple(one for one in domains[name] if one not in left[name])
        if without:
            parts.append(
                c.Test(name, without, negated=True)
                if len(without) < len(left[name])
                else c.Test(name, tuple(left[name]))
            )
    return c.EVERYONE if not parts else parts[0] if len(parts) == 1 else c.And(tuple(parts))
