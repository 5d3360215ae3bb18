"""Families and questions.

A family is what shares one measurement (P14). A question's key tells when two questions are the
same (P6).

A family is the segments with the same purpose, topic, channels and categories: the same eligible
population. A question is a table over some dimensions of a family on one snapshot, under one
policy, at two clocks.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segmenter.model import Clocks, ProcessingRequest, stamp
from segmenter.project.condition import And, Not, Or, Test

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segmenter.noise.arrays import Truths
    from segmenter.project.condition import Condition
    from segmenter.project.policy import Dimension
    from segmenter.project.segment import Resolved

LONG = 32  # hex digits of a question's key


@dataclass(frozen=True, slots=True, order=True)
class Family:
    """One eligible population, whatever is asked of it. Channels and categories sorted."""

    purpose: str
    topic: str | None
    channels: tuple[str, ...]
    categories: tuple[str, ...]

    @classmethod
    def of(cls, segment: Resolved) -> Family:
        """The family of a segment."""
        own = segment.segment
        return cls(
            own.purpose, own.topic, tuple(sorted(own.channels)), tuple(sorted(segment.categories))
        )

    def request(self, clocks: Clocks) -> ProcessingRequest:
        """What is asked of the gate."""
        return ProcessingRequest(self.purpose, self.channels, self.topic, self.categories, clocks)


@dataclass(frozen=True, slots=True)
class Setting:
    """On what a question is asked.

    The snapshot's id, the policy's deciding hash, the two clocks.
    """

    snapshot: str
    policy: str
    clocks: Clocks


def table_key(family: Family, dimensions: Sequence[str], policy: str) -> str:
    """The name of a family's table, whatever the snapshot and the clocks.

    An export looks for it.
    """
    return _key("table", family, dimensions, policy)


def question_key(
    family: Family, dimensions: Sequence[str], setting: Setting, kind: str = "table"
) -> str:
    """The name of a question: the same for all who ask the same (P6), 32 hex digits."""
    clocks = [stamp(setting.clocks.as_of), stamp(setting.clocks.known_at)]
    return _key(kind, family, dimensions, setting.policy, setting.snapshot, *clocks)


def release_id(question: str, epsilon: int) -> str:
    """The name of the release that answers a question for an epsilon (nano).

    Known before it is made.
    """
    return hashlib.sha256(f"{question} {epsilon}".encode()).hexdigest()[:16]


def _key(kind: str, family: Family, dimensions: Sequence[str], *rest: str) -> str:
    population = [family.purpose, family.topic, family.channels, family.categories]
    text = json.dumps([kind, population, sorted(dimensions), *rest], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:LONG]


def region(segment: Resolved, dimensions: Mapping[str, Dimension]) -> Truths:
    """The cells of the segment's own dimensions that satisfy it.

    One yes or no each, an axis a dimension.
    """
    own = [dimensions[name] for name in segment.dimensions]
    axes = {d.name: n for n, d in enumerate(own)}
    holds: dict[str, Truths] = {}
    for part in segment.parts:
        held = (
            np.ones((1,) * len(own), dtype=bool)
            if part.where is None
            else _holds(part.where, own, axes)
        )
        for name in part.include:
            held = held | holds[name]
        for name in part.exclude:
            held = held & ~holds[name]
        holds[part.name] = held
    return np.broadcast_to(holds[segment.name], tuple(len(d.labels) for d in own))


def _holds(condition: Condition, own: Sequence[Dimension], axes: Mapping[str, int]) -> Truths:
    match condition:
        case Test(name, labels, negated):
            axis = axes[name]
            held = np.array([(label in labels) != negated for label in own[axis].labels])
            return held.reshape([-1 if n == axis else 1 for n in range(len(own))])
        case Not(part):
            return ~_holds(part, own, axes)
        case And(parts):
            return _all([_holds(part, own, axes) for part in parts], len(own))
        case Or(parts):
            return ~_all([~_holds(part, own, axes) for part in parts], len(own))


def _all(held: Sequence[Truths], axes: int) -> Truths:
    result = np.ones((1,) * axes, dtype=bool)
    for one in held:
        result = result & one
    return result
