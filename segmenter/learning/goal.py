"""What is looked for, written as one test of one dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.errors import UsageError
from segmenter.project import condition as c
from segmenter.project import order
from segmenter.project.grammar import parse

if TYPE_CHECKING:
    from segmenter.project.policy import Policy


@dataclass(frozen=True, slots=True)
class Goal:
    """Patients with one of these labels of a dimension are looked for."""

    dimension: str
    labels: tuple[str, ...]

    def __str__(self) -> str:
        return str(c.Test(self.dimension, self.labels))


def read_goal(text: str, policy: Policy) -> Goal:
    """The goal that a person wrote: `visits = '4+'`.

    Raises `ConditionError` if it is not a test, `UsageError` if it names what the policy does
    not declare.
    """
    test = parse(text)
    if not isinstance(test, (c.Test, c.InRange)):
        raise UsageError(
            "what to look for is one test of one dimension",
            hint="for example: visits in ('2-3', '4+')",
        )
    for message, instead in order.misnamed(test, policy.dimensions):
        raise UsageError(message, hint=instead)
    test = order.lowered(test, policy.dimensions)
    assert isinstance(test, c.Test)
    sought = []
    for label in policy.dimensions[test.dimension].labels:
        is_named = label in test.labels
        if is_named != test.negated:
            sought.append(label)
    return Goal(test.dimension, tuple(sought))
