"""A project folder: policy.yml, sources.yml and segments/*.yml into frozen values.

All problems of all files that are read are raised at once (`FileError`, exit 2); only then is
anything refused by a rule (exit 3).
"""

from __future__ import annotations

import fnmatch
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.errors import FileError, PolicyError, Problem, UsageError
from segmenter.nearest import hint
from segmenter.project import agreement, document, policy_file, segment, sources_file
from segmenter.project.policy import HEALTH, Policy, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from segmenter.project.declared import Sources
    from segmenter.project.segment import Resolved, Segment

PRIVATE = ".segmenter"
POLICY = "policy.yml"
SOURCES = "sources.yml"
SEGMENTS = "segments"
TAG = "tag:"


@dataclass(frozen=True, slots=True)
class Project:
    """What a project's files say.

    `segments` holds the selected ones (`selected`, sorted) and those they include or exclude.
    """

    root: Path
    home: Path
    policy: Policy
    sources: Sources
    segments: Mapping[str, Segment]
    selected: tuple[str, ...]

    def resolved(self, name: str) -> Resolved:
        """A segment by its exact name, checked against the policy.

        `PolicyError` C14 if the purpose does not allow what it reads, `UsageError` if no
        segment of that name was read.
        """
        if name not in self.segments:
            msg = f"there is no segment `{name}`"
            raise UsageError(msg, hint=hint(name, names(self.root)))
        own = self.segments[name]
        return segment.resolve(own, self.segments, self.policy)

    def chosen(self) -> tuple[Resolved, ...]:
        """The selected segments, each as `resolved` gives it. `UsageError` if none is selected."""
        if not self.selected:
            hint_of_none = None
            if not names(self.root):
                hint_of_none = f"there are no files in {SEGMENTS}/"
            raise UsageError("nothing is selected", hint=hint_of_none)
        return tuple(self.resolved(name) for name in self.selected)


def read_project(root: Path, *, segments: Sequence[str] | None = None) -> Project:
    """Read the project at `root`.

    `segments` selects by name, glob or `tag:`; None selects all, an empty sequence none.

    Raises `FileError` with every problem of the files read, `UsageError` if nothing is selected,
    `PolicyError` for L1, L2 and a dimension milder than its column (C14). Segments are checked
    against their purpose by `Project.resolved`.
    """
    # Not resolve(), which would follow links that the user sees as names.
    root = Path(os.path.abspath(root))  # noqa: PTH100
    problems: list[Problem] = []
    policy_document = document.read(root / POLICY)
    if not (root / POLICY).exists():
        raise FileError(
            [
                Problem(
                    "there is no policy here",
                    root / POLICY,
                    hint="choose a project with -C DIR, or make one: `segmenter init`",
                )
            ]
        )
    source_document = document.read(root / SOURCES)
    policy = policy_file.policy_of(policy_document, problems)
    sources = sources_file.sources_of(source_document, problems)
    if policy is not None and sources is not None:
        problems += agreement.disagreements(sources, policy, source_document, policy_document)
    selected = _selected(root, segments)
    found = _segments(root, selected, policy, problems)
    if problems:
        raise FileError(problems)
    if policy is None or sources is None:
        raise FileError([Problem("the project cannot be read", root / POLICY)])
    _refuse(
        [
            *_undocumented(policy, policy_document),
            *agreement.forbidden(sources, policy, policy_document),
        ]
    )
    return Project(
        root=root,
        home=root / PRIVATE,
        policy=policy,
        sources=sources,
        segments=frozen(found),
        selected=selected,
    )


def _refuse(refused: list[tuple[str, Problem]]) -> None:
    if refused:
        rule, _ = refused[0]
        problems = tuple(problem for _, problem in refused)
        message = "\n".join(str(problem) for problem in problems)
        raise PolicyError(rule, message, problems=problems)


def _undocumented(policy: Policy, file: document.Document) -> Iterable[tuple[str, Problem]]:
    """Used categories of sensitivity 2 or more without a dpia reference (L1)."""
    used = {name for purpose in policy.purposes.values() for name in purpose.categories}
    used |= {dimension.category for dimension in policy.dimensions.values()}
    for name, category in policy.categories.items():
        if category.sensitivity >= HEALTH and category.dpia is None and name in used:
            message = (
                f"the category `{name}` has sensitivity {category.sensitivity} "
                "and no `dpia` reference"
            )
            yield (
                "L1",
                file.problem(
                    message, ("categories", name), "name the impact assessment: `dpia: REFERENCE`"
                ),
            )


# -- selection -------------------------------------------------------------------------------------


def names(root: Path) -> tuple[str, ...]:
    """The segments' names by their files, none of which is read."""
    return tuple(
        sorted(
            path.stem for path in (root / SEGMENTS).glob("*.yml") if not path.name.startswith(".")
        )
    )


def _selected(root: Path, selection: Sequence[str] | None) -> tuple[str, ...]:
    known = names(root)
    if selection is None:
        return known
    chosen: set[str] = set()
    for wanted in selection:
        found = _matching(root, known, wanted)
        if not found:
            raise UsageError(f"no segment is selected by `{wanted}`", hint=_nearest(wanted, known))
        chosen.update(found)
    return tuple(sorted(chosen))


def _nearest(wanted: str, known: Sequence[str]) -> str:
    if wanted.startswith(TAG):
        return "tags are written in the segments' `tags`"
    return hint(wanted, known) or f"there are no files in {SEGMENTS}/"


def _matching(root: Path, known: Sequence[str], wanted: str) -> list[str]:
    if wanted.startswith(TAG):
        tag = wanted.removeprefix(TAG)
        return [name for name in known if tag in _tags(root, name)]
    if wanted in known:
        return [wanted]
    return fnmatch.filter(known, wanted)


def _tags(root: Path, name: str) -> Sequence[str]:
    """The tags a segment's file names; none if it cannot be read, for it is not selected then."""
    data = document.read(_file(root, name)).data
    tags = data.get("tags") if isinstance(data, dict) else None
    if isinstance(tags, list):
        return tags
    return ()


def _file(root: Path, name: str) -> Path:
    folder = root / SEGMENTS
    return folder / f"{name}.yml"


def _segments(
    root: Path, selected: Sequence[str], policy: Policy | None, problems: list[Problem]
) -> dict[str, Segment]:
    """The selected segments and all they use, checked by name."""
    known = names(root)
    found: dict[str, Segment] = {}
    tried: set[str] = set()
    waiting = list(selected)
    while waiting:
        name = waiting.pop(0)
        if name in tried:
            continue
        tried.add(name)
        made = segment.segment_of(document.read(_file(root, name)), problems)
        if made is None:
            continue
        found[name] = made
        for key, used in (("include", made.include), ("exclude", made.exclude)):
            waiting += [other for other in used if other in known]
            problems += [
                made.problem(f"there is no segment `{o}`", key, hint(o, known))
                for o in used
                if o not in known
            ]
        if policy is None:
            continue
        misnamed = list(segment.misnamed(made, policy))
        problems += misnamed
        if not misnamed:
            found[name] = segment.lowered(made, policy)
    problems += _tangles(found)
    return found


def _tangles(found: Mapping[str, Segment]) -> Iterable[Problem]:
    tangled = False
    for made in found.values():
        for problem in segment.misused(made, found):
            tangled = True
            yield problem
    if not tangled:
        for made in found.values():
            if segment.layered(made.name, found) is None:
                yield made.problem(
                    f"includes and excludes nest deeper than {segment.DEEPEST} levels", "name"
                )
