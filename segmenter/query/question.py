"""A question as a frozen value: what is counted or summed, by what, of whom.

No text of a person is in it.

Two texts that ask the same make equal questions: dimensions stand in the policy's order, measures
are sorted, and a condition is the set of cells that satisfy it. So `canonical` finds the stored
answer whatever the words were (P6). What is done to noised numbers afterwards (order of columns,
aliases, HAVING, ORDER BY, LIMIT) is `Shown`; it costs nothing and is not part of the question's
key.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from segmenter.errors import UsageError
from segmenter.project.condition_cells import holding

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from segmenter.project.condition import Condition
    from segmenter.project.policy import Dimension
    from segmenter.query.outcome import Shown

    Truths = np.ndarray[Any, np.dtype[np.bool_]]

MOST_CELLS = 1_000_000  # of one condition or one grouping; more would be noise, not statistics


class Kind(Enum):
    """What a measure is."""

    PATIENTS = "patients"  # how many humans
    ROWS = "rows"  # how many rows of facts
    SUM = "sum"
    MEAN = "mean"
    QUANTILE = "quantile"


@dataclass(frozen=True, slots=True, order=True)
class Measure:
    """One number a cell.

    `low` and `high` bound what one patient may add to one cell; `share` is the quantile's place.
    """

    name: str
    column: str = ""
    low: int = 0
    high: int = 1
    share: str = ""

    @property
    def kind(self) -> Kind:
        """What the measure is."""
        return Kind(self.name)

    @property
    def reach(self) -> int:
        """The most one patient can move one cell: max(abs(low), abs(high))."""
        return max(abs(self.low), abs(self.high))


@dataclass(frozen=True, slots=True)
class Matched:
    """The cells over `dimensions` that satisfy a condition.

    A bit a cell, in mixed radix, the first dimension slowest.
    """

    dimensions: tuple[Dimension, ...] = ()
    bits: bytes = b"\x80"

    def holds(self) -> Truths:
        """One yes or no for each cell, an axis a dimension."""
        import numpy as np

        shape = tuple(len(d.labels) for d in self.dimensions)
        octets = np.frombuffer(self.bits, dtype=np.uint8)
        return np.unpackbits(octets, count=math.prod(shape)).astype(bool).reshape(shape)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. Made only by `query.ask`, which checks everything before any data is touched.

    `fact` is the fact table whose rows are asked about, None for patients; `by` the groups'
    dimensions; `cells` how many cells one human can change (P9). `categories` are all that is read,
    `identity` among them, sorted.
    """

    purpose: str
    fact: str | None
    by: tuple[Dimension, ...]
    where: Matched
    measures: tuple[Measure, ...]
    cells: int
    categories: tuple[str, ...]
    groups: tuple[int, ...] = field(repr=False)
    shown: Shown = field(repr=False, compare=False)

    def labels(self, group: int) -> tuple[str, ...]:
        """The labels of a group's number, in the order of `by`."""
        found = []
        for dimension in reversed(self.by):
            group, code = divmod(group, len(dimension.labels))
            found.append(dimension.labels[code])
        return tuple(reversed(found))

    @property
    def bounded(self) -> bool:
        """Whether a patient could reach more cells than the bound lets count."""
        return self.fact is not None and spread(self.by, self.groups) > self.cells


def canonical(question: Question) -> str:
    """The question as text, the same for all texts that ask it (P6).

    It holds names and bounds of the policy, nothing of a person.
    """
    content = {
        "purpose": question.purpose,
        "fact": question.fact,
        "by": [d.name for d in question.by],
        "where": [[d.name for d in question.where.dimensions], question.where.bits.hex()],
        "measures": [[m.name, m.column, m.low, m.high, m.share] for m in question.measures],
        "cells": question.cells,
        "categories": question.categories,
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def key(question: Question) -> str:
    """A short name of the question: 32 hex digits of the SHA-256 of its canonical form."""
    return hashlib.sha256(canonical(question).encode()).hexdigest()[:32]


def matched(condition: Condition, dimensions: Sequence[Dimension]) -> Matched:
    """The cells that satisfy a condition, over those of its dimensions that make a difference.

    Raises `UsageError` if the condition spans more than a million cells, or no cell satisfies it.
    """
    import numpy as np

    if math.prod(len(d.labels) for d in dimensions) > MOST_CELLS:
        msg = "the condition is over too many dimensions at once"
        raise UsageError(msg, hint="use fewer dimensions in WHERE")
    held = holding(condition, {d.name: d.labels for d in dimensions})
    if not held.any():
        msg = "the condition is never true"
        raise UsageError(msg, hint="WHERE leaves no value of its dimensions")
    kept = list(dimensions)
    for axis in reversed(range(len(kept))):
        first = held.take([0], axis=axis)
        if (held == first).all():
            held = first.squeeze(axis)
            del kept[axis]
    return Matched(tuple(kept), np.packbits(held.ravel()).tobytes())


def groups(by: Sequence[Dimension], where: Matched) -> tuple[int, ...]:
    """The numbers of all groups of the declared domain that the condition leaves (P7).

    Groups that may be empty and `unknown` are among them.
    """
    import numpy as np

    shape = tuple(len(d.labels) for d in by)
    if math.prod(shape) > MOST_CELLS:
        msg = "the question has too many groups"
        raise UsageError(msg, hint="group by fewer dimensions")
    left = where.holds()
    names = [d.name for d in by]
    not_grouped = tuple(n for n, d in enumerate(where.dimensions) if d.name not in names)
    if not_grouped:
        left = np.asarray(left.any(axis=not_grouped))
    places = [names.index(d.name) for d in where.dimensions if d.name in names]
    if places:
        left = np.transpose(left, np.argsort(places))
    left = left.reshape([len(d.labels) if n in places else 1 for n, d in enumerate(by)])
    numbers = np.flatnonzero(np.broadcast_to(left, shape).ravel())
    return tuple(numbers.tolist())


def spread(by: Sequence[Dimension], numbers: Sequence[int]) -> int:
    """How many of the groups one patient's rows can reach at most.

    As many as there are combinations of labels of the dimensions of rows: a patient has one label
    of each other dimension.
    """
    of_rows = []  # of each dimension of rows: the weight of its label in a group's number, its size
    weight = 1
    for dimension in reversed(by):
        size = len(dimension.labels)
        if not dimension.per_patient:
            of_rows.append((weight, size))
        weight *= size
    if not of_rows:
        return min(1, len(numbers))
    combinations = set()
    for number in numbers:
        combinations.add(tuple(number // weight % size for weight, size in of_rows))
    return len(combinations)
