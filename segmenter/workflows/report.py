"""`report`: the latest releases of segments as files to hand out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.model import Documented
from segmenter.project.folder import read_project
from segmenter.published.segment_count import read_off
from segmenter.render import report as pages
from segmenter.workflows.answers import required_release

if TYPE_CHECKING:
    from segmenter.context import Context


@dataclass(frozen=True, slots=True)
class Reports(Documented):
    """The files of release reports, by segment and kind (json, csv, html)."""

    files: dict[str, dict[str, Path]]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: absolute paths."""
        reports = []
        for name, files in self.files.items():
            paths = {kind: str(path) for kind, path in files.items()}
            reports.append({"segment": name, **paths})
        return {"reports": reports}


def report(
    context: Context, selection: Sequence[str] | None, folder: Path | None, language: str
) -> Reports:
    """Write the report of every selected segment's latest release.

    It is made of released numbers, so it costs nothing. Raises `Refusal` (P6) for a segment that
    has no release yet.
    """
    target = folder or context.home / "reports"
    target.mkdir(parents=True, exist_ok=True)
    files: dict[str, dict[str, Path]] = {}
    project = read_project(context.root, segments=selection)
    for segment in project.chosen():
        release = required_release(context, segment)
        purpose = context.policy.purposes[segment.segment.purpose]
        usual = next(iter(purpose.title.values()), None)
        title = purpose.title.get(language) or usual
        count = read_off(segment, release, context.policy, stored=True)
        files[segment.name] = pages.write(target, count, title, language)
    return Reports(files)
