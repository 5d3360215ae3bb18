"""`check`: all files of a project are right together, and what deserves a second look."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.errors import PolicyError, Problem
from segmenter.model import Role
from segmenter.project import document
from segmenter.project import folder as projects
from segmenter.project.policy import HEALTH, UNDECLARED
from segmenter.project.policy_file import TOTAL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from segmenter.project.folder import Project
    from segmenter.project.segment import Resolved, Segment

AGE_KEY = re.compile(r"age1[ac-hj-np-z02-9]{58}")
FRANCE = "FR"


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that is allowed and deserves a second look. `rule` names the rule or the topic."""

    rule: str
    problem: Problem

    def to_dict(self) -> dict[str, Any]:
        """The warning in JSON's shape."""
        file = None if self.problem.file is None else str(self.problem.file)
        return {
            "rule": self.rule,
            "message": self.problem.message,
            "file": file,
            "line": self.problem.line,
            "hint": self.problem.hint,
        }


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A project whose files are right: its segments as they resolve, and warnings."""

    project: Project
    segments: tuple[Resolved, ...]
    warnings: tuple[Warned, ...]

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's shape."""
        return {
            "project": str(self.project.root),
            "policy": self.project.policy.deciding_hash(),
            "segments": [_described(resolved) for resolved in self.segments],
            "warnings": [warned.to_dict() for warned in self.warnings],
        }


def _described(resolved: Resolved) -> dict[str, Any]:
    own = resolved.segment
    return {
        "segment": own.name,
        "title": dict(own.title),
        "purpose": own.purpose,
        "channels": list(own.channels),
        "topic": own.topic,
        "dimensions": list(resolved.dimensions),
        "categories": list(resolved.categories),
        "tags": list(own.tags),
    }


def check(root: Path, today: dt.date) -> CheckReport:
    """Read every file of the project at `root`, and judge it as of `today`.

    Raises `FileError` with every problem of every file, else `PolicyError` with every refusal (L1,
    L2, C14). Reads no data and no key.
    """
    project = projects.read_project(root)
    resolved: list[Resolved] = []
    refused: list[PolicyError] = []
    for name in project.selected:
        try:
            resolved.append(project.resolved(name))
        except PolicyError as error:
            refused.append(error)
    if refused:
        problems = tuple(problem for error in refused for problem in error.problems)
        raise PolicyError(
            refused[0].rule or "C14", "\n".join(str(p) for p in problems), problems=problems
        )
    return CheckReport(project, tuple(resolved), tuple(warnings(project, today)))


def warnings(project: Project, today: dt.date) -> Iterable[Warned]:
    """All that deserves a second look."""
    policy, sources = (
        document.read(project.root / name) for name in (projects.POLICY, projects.SOURCES)
    )
    for rule, message, path, hint in (
        *_people(project),
        *_law(project, today),
        *_money(project),
        *_anchors(project),
        *_outlets(project),
    ):
        yield Warned(rule, policy.problem(message, path, hint))
    for rule, message, path, hint in _feeds(project):
        yield Warned(rule, sources.problem(message, path, hint))
    yield from _segments(project)


_Found = tuple[str, str, tuple[str, ...], str | None]


def _people(project: Project) -> Iterable[_Found]:
    if not project.policy.roles.get(Role.OFFICER.value):
        yield (
            "roles",
            "no officer is declared, so nobody may ask `why`, lift or forget",
            ("roles",),
            "add `roles: {officer: [ACCOUNT]}`",
        )


def _law(project: Project, today: dt.date) -> Iterable[_Found]:
    policy = project.policy
    high = [name for name, category in policy.categories.items() if category.sensitivity >= HEALTH]
    if policy.region == FRANCE and high and not _hosted(project, today):
        message = (
            f"`{high[0]}` is health data in France "
            "and no current `hosting: {hds: ...}` is declared"
        )
        yield (
            "L3",
            message,
            ("hosting",) if policy.hosting else ("categories", high[0]),
            "name the host's certificate and its end",
        )
    for name in high:
        if policy.categories[name].dpia is None:
            message = (
                f"the category `{name}` has no `dpia` reference; "
                "a purpose or dimension that uses it will be refused"
            )
            yield "L1", message, ("categories", name), None
    if not policy.encryption:
        yield (
            "encryption",
            "`encryption: off` writes patient data in plain text",
            ("encryption",),
            "leave the key out",
        )


def _hosted(project: Project, today: dt.date) -> bool:
    host = project.policy.hosting.get("hds")
    try:
        return host is not None and dt.date.fromisoformat(host["valid_until"]) >= today
    except ValueError:
        return False


def _money(project: Project) -> Iterable[_Found]:
    policy = project.policy
    for name in policy.purposes:
        if name not in policy.budgets:
            yield (
                "P5",
                f"the purpose `{name}` has no budget, so it publishes nothing",
                ("purposes", name),
                "declare one in `budgets`",
            )
    if policy.budgets and TOTAL not in policy.budgets:
        yield (
            "P5",
            "there is no `total` budget over all purposes",
            ("budgets",),
            "declare one in `budgets`",
        )


def _anchors(project: Project) -> Iterable[_Found]:
    if not project.policy.anchors:
        yield (
            "P4",
            "no `anchors` are declared, so nothing shows that the whole folder was restored",
            (),
            "name a file on another disk: `anchors: [PATH]`",
        )


def _outlets(project: Project) -> Iterable[_Found]:
    for name, destination in project.policy.destinations.items():
        at = ("destinations", name)
        if destination.encrypt is None:
            yield (
                "export",
                f"files for `{name}` are not encrypted",
                at,
                'name the recipient\'s key: `encrypt: {age: "age1..."}`',
            )
        elif destination.encrypt == UNDECLARED:
            message = f"`{name}` says nothing of encryption, so exports to it are refused"
            yield "export", message, at, "write `encrypt: {age: KEY}`, or `none`"
        elif AGE_KEY.fullmatch(destination.encrypt) is None:
            message = f"the key of `{name}` is not an age public key, so exports to it will fail"
            yield "export", message, at, "it is `age1` and 58 characters"


def _feeds(project: Project) -> Iterable[_Found]:
    sources, policy = project.sources, project.policy
    if not sources.consent:
        yield (
            "C1",
            "no consent events are declared, so nobody is eligible",
            (),
            "add `consent: [{read: FILE}]`",
        )
    fed = {s.channel for s in sources.suppression}
    for name in policy.channels if sources.suppression and not fed & {None, "*"} else ():
        if name not in fed and any(
            name in purpose.channels for purpose in policy.purposes.values()
        ):
            yield "S7", f"no suppression list feeds the channel `{name}`", ("suppression",), None


def inclusions(segments: Iterable[Segment]) -> Iterable[Warned]:
    """The segments that include others and are everyone all the same. `plan`, `run` say so, too."""
    for segment in segments:
        if segment.where is None and segment.include:
            message = (
                f"`{segment.name}` selects everyone: it has no `where`, so `include` adds nobody"
            )
            hint = "write a `where` that only some fulfil, or leave `include` out"
            yield Warned("segment", segment.problem(message, "include", hint))


def _segments(project: Project) -> Iterable[Warned]:
    yield from inclusions(project.segments.values())
    for segment in project.segments.values():
        if not segment.title:
            yield _warned(segment, "segment", f"`{segment.name}` has no title", "name")
    for path in sorted((project.root / projects.SEGMENTS).glob("*.yaml")):
        yield Warned("segment", Problem("this file is not read: segments end in .yml", path))


def _warned(segment: Segment, rule: str, message: str, key: str) -> Warned:
    return Warned(rule, segment.problem(message, key))
