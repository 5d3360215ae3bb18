"""Exact numbers of a question, before anything is noised. Confidential."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from segmenter.query.question import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from segmenter.query.question import Question

    Integers = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Exact numbers, an entry a group in the order of `question.groups`.

    `totals` are by measure. `values` are by measure of averages and quantiles: a row a group, a
    column a value of the declared grid. The repr shows no number; only `answer.publish` takes one.
    """

    question: Question = field(repr=False)
    patients: Integers = field(repr=False)
    totals: dict[int, Integers] = field(repr=False, default_factory=dict)
    values: dict[int, Integers] = field(repr=False, default_factory=dict)
    loss: dict[str, int] | None = field(repr=False, default=None)

    @classmethod
    def nothing(cls, question: Question) -> Self:
        """Zeros: what is counted of no patients of facts."""
        import numpy as np

        groups = len(question.groups)
        zeros = np.zeros(groups, dtype=np.int64)
        totals, values = {}, {}
        for number, measure in enumerate(question.measures):
            if measure.kind in (Kind.MEAN, Kind.QUANTILE):
                grid = measure.high - measure.low + 1
                values[number] = np.zeros((groups, grid), dtype=np.int64)
            else:
                totals[number] = zeros
        loss = dict.fromkeys(("asked", "cut", "clipped", "lost"), 0)
        return cls(question, zeros, totals, values, loss)

    def plus(self, other: Self) -> Self:
        """Both together: the numbers of other patients of facts added."""
        return type(self)(
            question=self.question,
            patients=self.patients + other.patients,
            totals=_added(self.totals, other.totals),
            values=_added(self.values, other.values),
            loss=_added(self.loss or {}, other.loss or {}),
        )


def _added(one: Mapping[Any, Any], other: Mapping[Any, Any]) -> dict[Any, Any]:
    """What stands under each key in both, added up."""
    return {key: numbers + other[key] for key, numbers in one.items()}
