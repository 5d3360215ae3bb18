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

from segmenter.model import Clocks, ProcessingRequest, stamp
from segmenter.project.condition_cells import thin_holding, widened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segmenter.noise.arrays import Truths
    from segmenter.project.policy import Dimension
    from segmenter.project.segment import Resolved

SHORT = 16  # hex digits of a release's id
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
        return ProcessingRequest(
            purpose=self.purpose,
            channels=self.channels,
            topic=self.topic,
            categories=self.categories,
            clocks=clocks,
        )


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
    as_of = stamp(setting.clocks.as_of)
    known_at = stamp(setting.clocks.known_at)
    asked_of = (setting.policy, setting.snapshot, as_of, known_at)
    return _key(kind, family, dimensions, *asked_of)


def release_id(question: str, epsilon: int) -> str:
    """The name of the release that answers a question for an epsilon (nano).

    Known before it is made.
    """
    digest = _digest(f"{question} {epsilon}")
    return digest[:SHORT]


def _key(kind: str, family: Family, dimensions: Sequence[str], *rest: str) -> str:
    population = [family.purpose, family.topic, family.channels, family.categories]
    named = [kind, population, sorted(dimensions), *rest]
    text = json.dumps(named, ensure_ascii=False)
    return _digest(text)[:LONG]


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode())
    return digest.hexdigest()


def region(segment: Resolved, dimensions: Mapping[str, Dimension]) -> Truths:
    """The cells of the segment's own dimensions that satisfy it.

    One yes or no each, an axis a dimension.
    """
    domains = {name: dimensions[name].labels for name in segment.dimensions}
    holds: dict[str, Truths] = {}
    for part in segment.parts:
        held = thin_holding(part.where, domains)
        for name in part.include:
            held = held | holds[name]
        for name in part.exclude:
            held = held & ~holds[name]
        holds[part.name] = held
    return widened(holds[segment.name], domains)
