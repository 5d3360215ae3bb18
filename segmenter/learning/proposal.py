"""A segment that the numbers suggest, for a person to judge."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmenter.model import Interval

LONGEST = 40  # signs of a name
_LABEL = re.compile(r"'([^']*)'")


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
        title = self.where.replace("'", "")
        lines = [
            f"# {self.reason}",
            f"name: {self.name}",
            f"title: {{en: {_quoted(title)}}}",
            f"purpose: {self.purpose}",
        ]
        if self.channels:
            lines.append(f"channels: [{', '.join(self.channels)}]")
        if self.topic:
            lines.append(f"topic: {self.topic}")
        lines.append(f"where: {_quoted(self.where)}")
        lines.append("tags: [proposed]")
        return "\n".join(lines) + "\n"

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


def best_of(proposals: Iterable[Proposal], most: int) -> tuple[Proposal, ...]:
    """The proposals of the greatest lift, each with a name made of the labels that it holds."""
    ordered = sorted(proposals, key=lambda proposal: (-proposal.lift, proposal.where))
    named: list[Proposal] = []
    taken: set[str] = set()
    for proposal in ordered[:most]:
        name = _free_name(_stem(proposal.where), taken)
        taken.add(name)
        named.append(replace(proposal, name=name))
    return tuple(named)


def _stem(where: str) -> str:
    labels = " ".join(_LABEL.findall(where)).lower()
    words = re.sub(r"[^a-z0-9]+", "_", labels).strip("_")
    words = words[:LONGEST].strip("_")
    return f"proposed_{words}" if words else "proposed"


def _free_name(stem: str, taken: set[str]) -> str:
    if stem not in taken:
        return stem
    for number in itertools.count(2):
        name = f"{stem}_{number}"
        if name not in taken:
            break
    return name


def _quoted(text: str) -> str:
    """A text as a double-quoted scalar of YAML."""
    return json.dumps(text, ensure_ascii=False)
