"""Segments: who, for one purpose.

A file becomes a `Segment`. Checked against the policy, with the segments it uses, it becomes a
`Resolved`.

(where or includes) and not excludes; `where` absent is everyone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segmenter.errors import PolicyError, Problem
from segmenter.model import Clocks, ProcessingRequest
from segmenter.nearest import hint
from segmenter.project import condition as c
from segmenter.project import order
from segmenter.project.grammar import ConditionError, parse
from segmenter.project.policy import ALWAYS, Policy, frozen
from segmenter.project.shapes import SegmentShape
from segmenter.project.shaping import mended, shaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from decimal import Decimal
    from pathlib import Path

    from segmenter.project.document import Document

DEEPEST = 32  # levels of include and exclude
HARMLESS = frozenset({"title", "holdout", "epsilon", "tags"})


@dataclass(frozen=True, slots=True)
class Segment:
    """A definition, with the hash (SHA-256, hex) of its file.

    `where` None is everyone; `epsilon` is decimal text; `lines` are those of its keys.
    """

    name: str
    title: Mapping[str, str]
    purpose: str
    channels: tuple[str, ...]
    topic: str | None
    where: c.Condition | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    holdout: Decimal
    epsilon: str | None
    tags: tuple[str, ...]
    text_hash: str
    file: Path
    lines: Mapping[str, int]

    def problem(self, message: str, key: str, hint: str | None = None) -> Problem:
        """A problem at one of its keys."""
        line = self.lines.get(key, 1)
        return Problem(
            message=message,
            file=self.file,
            line=line,
            hint=hint,
        )


@dataclass(frozen=True, slots=True)
class Resolved:
    """A segment with what it includes and excludes, checked against the policy (C14).

    `dimensions` are those that decide membership, its own and those of the segments it uses, in the
    policy's order; `categories` are what the gate has to allow: `identity` and those of the
    dimensions, sorted.
    """

    segment: Segment
    parts: tuple[Segment, ...]
    dimensions: tuple[str, ...]
    categories: tuple[str, ...]

    @property
    def name(self) -> str:
        """The segment's name."""
        return self.segment.name

    @property
    def condition(self) -> c.Condition:
        """The whole condition, includes and excludes written in."""
        made: dict[str, c.Condition] = {}
        for part in self.parts:
            made[part.name] = _whole(part, made)
        return made[self.segment.name]

    def matches(self, cell: Mapping[str, str]) -> bool:
        """Whether a cell belongs to the segment.

        The cell maps dimensions (`dimensions` at least) to labels.
        """
        holds: dict[str, bool] = {}
        for part in self.parts:
            own = part.where is None or c.matches(part.where, cell)
            included = any(holds[name] for name in part.include)
            excluded = any(holds[name] for name in part.exclude)
            holds[part.name] = (own or included) and not excluded
        return holds[self.segment.name]

    def request(self, clocks: Clocks) -> ProcessingRequest:
        """What is asked of the gate for counting."""
        return ProcessingRequest(
            purpose=self.segment.purpose,
            channels=self.segment.channels,
            topic=self.segment.topic,
            categories=self.categories,
            clocks=clocks,
        )


def _whole(part: Segment, made: Mapping[str, c.Condition]) -> c.Condition:
    without = [c.Not(made[name]) for name in part.exclude]
    if part.where is None:
        return c.And(tuple(without)) if without else c.EVERYONE
    own = part.where
    if part.include:
        included = [made[name] for name in part.include]
        own = c.Or((own, *included))
    if without:
        own = c.And((own, *without))
    return own


# -- reading ---------------------------------------------------------------------------------------


def segment_of(document: Document, problems: list[Problem]) -> Segment | None:
    """The segment in `document`, what is wrong with it added to `problems`.

    None if too much is to look any further.

    The names it uses are checked by `misnamed`, also if something else is wrong: all is told at
    once.
    """
    shape = shaped(document, SegmentShape, problems) or mended(document, SegmentShape, HARMLESS)
    if shape is None:
        return None
    found: list[Problem] = []
    if shape.name != document.file.stem:
        found.append(
            document.problem(
                f"the name `{shape.name}` is not the file's, `{document.file.stem}`", ("name",)
            )
        )
    where = _where(document, shape, found)
    for key in ("channels", "include", "exclude"):
        listed = getattr(shape, key)
        found += [
            document.problem(f"`{n}` stands in `{key}` twice", (key,))
            for n in dict.fromkeys(listed)
            if listed.count(n) > 1
        ]
    problems += found
    return _segment(document, shape, where)


def _where(document: Document, shape: SegmentShape, found: list[Problem]) -> c.Condition | None:
    if shape.where is None:
        if "where" in document.data:
            found.append(
                document.problem("`where` is empty", ("where",), "leave the key out for everyone")
            )
        return None
    try:
        return parse(shape.where)
    except ConditionError as error:
        found.append(document.problem(f"`where`: {error}", ("where",), error.problems[0].hint))
        return None


def _segment(document: Document, shape: SegmentShape, where: c.Condition | None) -> Segment:
    return Segment(
        name=shape.name,
        title=frozen(shape.title),
        purpose=shape.purpose,
        channels=tuple(shape.channels),
        topic=shape.topic,
        where=where,
        include=tuple(shape.include),
        exclude=tuple(shape.exclude),
        holdout=shape.holdout,
        epsilon=None if shape.epsilon is None else format(shape.epsilon, "f"),
        tags=tuple(shape.tags),
        text_hash=hashlib.sha256(document.text.encode()).hexdigest(),
        file=document.file,
        lines=frozen({str(key): document.line((key,)) for key in document.data}),
    )


# -- checking --------------------------------------------------------------------------------------


def misnamed(segment: Segment, policy: Policy) -> Iterable[Problem]:
    """What the policy does not declare: purpose, channels, topic, dimensions, values.

    Also what the purpose asks for and the segment lacks.
    """
    purpose = policy.purposes.get(segment.purpose)
    if purpose is None:
        near = hint(segment.purpose, policy.purposes)
        yield segment.problem(f"the purpose `{segment.purpose}` is not declared", "purpose", near)
    for channel in segment.channels:
        if channel not in policy.channels:
            yield segment.problem(
                f"the channel `{channel}` is not declared",
                "channels",
                hint(channel, policy.channels),
            )
    if segment.topic is not None and segment.topic not in policy.topics:
        yield segment.problem(
            f"the topic `{segment.topic}` is not declared",
            "topic",
            hint(segment.topic, policy.topics),
        )
    if purpose is not None and purpose.channels and not segment.channels:
        yield segment.problem(
            "the key `channels` is missing",
            "purpose",
            f"the purpose has {', '.join(purpose.channels)}",
        )
    if purpose is not None and purpose.topics and segment.topic is None:
        yield segment.problem(
            "the key `topic` is missing", "purpose", f"the purpose has {', '.join(purpose.topics)}"
        )
    if segment.where is not None:
        for message, near in order.misnamed(segment.where, policy.dimensions):
            yield segment.problem(message, "where", near)


def lowered(segment: Segment, policy: Policy) -> Segment:
    """The segment with its order tests written as labels (R8). Nothing in it is misnamed."""
    if segment.where is None:
        return segment
    return replace(segment, where=order.lowered(segment.where, policy.dimensions))


def misused(segment: Segment, segments: Mapping[str, Segment]) -> Iterable[Problem]:
    """What is wrong with a segment's includes and excludes: another purpose, a circle, too deep.

    All of them are in `segments`.
    """
    for key, names in (("include", segment.include), ("exclude", segment.exclude)):
        for name in names:
            other = segments.get(name)
            if other is None:
                continue
            if other.purpose != segment.purpose:
                message = f"`{name}` has the purpose `{other.purpose}`, not `{segment.purpose}`"
                yield segment.problem(message, key)
            if segment.name in reached(name, segments):
                yield segment.problem(f"`{name}` leads back to `{segment.name}`: a circle", key)


def reached(name: str, segments: Mapping[str, Segment]) -> frozenset[str]:
    """A segment's name, and those of all it includes or excludes, directly or not."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        name = waiting.pop()
        if name in segments and name not in seen:
            seen.add(name)
            waiting.extend(segments[name].include)
            waiting.extend(segments[name].exclude)
    return frozenset(seen)


def layered(name: str, segments: Mapping[str, Segment]) -> tuple[Segment, ...] | None:
    """A segment and all it uses, each after those it uses.

    None if there is a circle or more than `DEEPEST` levels.
    """
    left: dict[str, set[str]] = {}
    for one in sorted(reached(name, segments)):
        left[one] = {*segments[one].include, *segments[one].exclude}
    ordered: list[Segment] = []
    for _ in range(DEEPEST):
        ready = [one for one, uses in left.items() if uses.isdisjoint(left)]
        for one in ready:
            ordered.append(segments[one])
            del left[one]
        if not left or not ready:
            break
    if left:
        return None
    return tuple(ordered)


def resolve(segment: Segment, segments: Mapping[str, Segment], policy: Policy) -> Resolved:
    """A segment with what it uses, all of it in `segments`.

    `PolicyError` C14 if the purpose does not list what it would read.
    """
    parts = layered(segment.name, segments)
    if parts is None:
        message = "includes and excludes go in a circle or too deep"
        raise PolicyError("C14", message, file=segment.file)
    read: set[str] = set()
    for part in parts:
        if part.where is not None:
            read |= c.dimensions_of(part.where)
    dimensions = tuple(name for name in policy.dimensions if name in read)
    categories = {ALWAYS}
    for name in dimensions:
        categories.add(policy.dimensions[name].category)
    refused = (*_unlisted(segment, policy), *_widened(segment, parts, policy))
    if refused:
        message = "; ".join(problem.message for problem in refused)
        raise PolicyError("C14", message, problems=refused)
    return Resolved(
        segment=segment,
        parts=parts,
        dimensions=dimensions,
        categories=tuple(sorted(categories)),
    )


def _unlisted(segment: Segment, policy: Policy) -> Iterable[Problem]:
    purpose = policy.purposes[segment.purpose]
    for channel in segment.channels:
        if channel not in purpose.channels:
            yield segment.problem(
                f"the purpose `{purpose.name}` does not list the channel `{channel}`", "channels"
            )
    if segment.topic is not None and segment.topic not in purpose.topics:
        yield segment.problem(
            f"the purpose `{purpose.name}` does not list the topic `{segment.topic}`", "topic"
        )
    if ALWAYS not in purpose.categories:
        yield segment.problem(
            f"the purpose `{purpose.name}` does not list the category `{ALWAYS}`, "
            "which every segment reads",
            "purpose",
        )


def _widened(segment: Segment, parts: Sequence[Segment], policy: Policy) -> Iterable[Problem]:
    purpose = policy.purposes[segment.purpose]
    for part in parts:
        for name in sorted(c.dimensions_of(part.where)) if part.where is not None else ():
            category = policy.dimensions[name].category
            if category not in purpose.categories:
                where = "" if part is segment else f" (in `{part.name}`)"
                message = (
                    f"the purpose `{purpose.name}` does not list the category `{category}`, "
                    f"which the dimension `{name}`{where} reads"
                )
                yield (
                    segment.problem(message, "where")
                    if part is segment
                    else part.problem(message, "where")
                )
