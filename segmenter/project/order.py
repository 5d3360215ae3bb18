"""Conditions against the policy: what it does not declare, and order tests as labels (R8)."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from segmenter.nearest import hint
from segmenter.project.condition import And, Condition, InRange, Not, Or, Test, tests_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segmenter.project.policy import Dimension

Misnamed = tuple[str, str | None]  # message, hint


def misnamed(condition: Condition, dimensions: Mapping[str, Dimension]) -> Iterator[Misnamed]:
    """What the policy does not declare: names, labels, cuts of bands, dimensions of rows."""
    usable = {name: one for name, one in dimensions.items() if one.per_patient}
    for test in tests_of(condition):
        dimension = dimensions.get(test.dimension)
        if dimension is None:
            yield f"there is no dimension `{test.dimension}`", hint(test.dimension, usable)
        elif not dimension.per_patient:
            message = f"the dimension `{test.dimension}` is of rows, not of patients"
            yield message, "give it a `measure` in policy.yml"
        elif isinstance(test, InRange):
            yield from _misplaced(test, dimension)
        else:
            yield from _unknown_labels(test, dimension)


def _unknown_labels(test: Test, dimension: Dimension) -> Iterator[Misnamed]:
    for label in test.labels:
        if label not in dimension.labels:
            message = f"the dimension `{test.dimension}` has no value '{label}'"
            yield message, hint(label, dimension.labels)


def _misplaced(test: InRange, dimension: Dimension) -> Iterator[Misnamed]:
    """What keeps an order test from being a union of bands."""
    if dimension.bands is None:
        message = f"the dimension `{test.dimension}` has values, not bands, so it has no order"
        yield message, "use `=` or `in`"
        return
    cuts = _cuts(dimension)
    for number in (test.low, test.high):
        if number is not None and number not in cuts:
            message = f"`{test}`: no band of `{test.dimension}` begins at {number}"
            yield message, f"the nearest cuts are {_nearest(number, cuts)}"
    if test.low is not None and test.high is not None and test.low >= test.high:
        yield f"`{test}` is empty: its first number is the greater one", None
    elif test.high is not None and test.high == dimension.floor:
        yield f"`{test}` is empty: nobody is below {dimension.floor}", None


def _cuts(dimension: Dimension) -> tuple[int, ...]:
    """The numbers at which a band begins."""
    floor = () if dimension.floor is None else (dimension.floor,)
    return (*floor, *(dimension.bands or ()))


def _nearest(number: int, cuts: tuple[int, ...]) -> str:
    at = bisect_left(cuts, number)
    return " and ".join(str(cut) for cut in cuts[max(0, at - 1) : at + 1])


def lowered(condition: Condition, dimensions: Mapping[str, Dimension]) -> Condition:
    """The condition with each order test written as the labels that it covers.

    Everything that it names is declared.
    """
    match condition:
        case InRange():
            dimension = dimensions[condition.dimension]
            return Test(condition.dimension, covered(dimension, condition.low, condition.high))
        case Not(part):
            return Not(lowered(part, dimensions))
        case And(parts):
            return And(tuple(lowered(part, dimensions) for part in parts))
        case Or(parts):
            return Or(tuple(lowered(part, dimensions) for part in parts))
    return condition


def covered(dimension: Dimension, low: int | None, high: int | None) -> tuple[str, ...]:
    """The labels of the bands from the cut `low` up to the cut `high`; None is no limit.

    >>> from segmenter.project.policy import Dimension
    >>> age = Dimension("age", "identity", "patient", "age", bands=(18, 35, 65))
    >>> covered(age, 18, 65)
    ('18-34', '35-64')
    """
    bounds = dimension.bands or ()
    first = 0 if low is None or low == dimension.floor else bounds.index(low) + 1
    end = len(bounds) + 1 if high is None else bounds.index(high) + 1
    return dimension.labels[first:end]
