"""A new project: commented files, a private folder, a key."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from segmenter.errors import Problem, UsageError
from segmenter.private import keys
from segmenter.project.folder import POLICY, PRIVATE, SEGMENTS, SOURCES

IGNORED = (f"{PRIVATE}/", "data/")
SEGMENT = "women_screening"


@dataclass(frozen=True, slots=True)
class InitReport:
    """The files that were made."""

    root: Path
    files: tuple[Path, ...]

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's shape."""
        command = "segmenter"
        if self.root != Path.cwd():
            folder = shlex.quote(str(self.root))
            command = f"segmenter -C {folder}"
        following = [f"{command} check", f"{command} ingest"]
        return {
            "project": str(self.root),
            "files": [str(file) for file in self.files],
            "next": following,
        }


def init(root: Path, account: str) -> InitReport:
    """Make a project in `root` with `account` as its officer.

    `UsageError` if one of the files is there already: nothing is written.
    """
    root = root.absolute()
    files = {
        root / SOURCES: _template("sources.yml"),
        root / SEGMENTS / f"{SEGMENT}.yml": _template("segment.yml"),
        root / POLICY: _template("policy.yml").replace(
            "__ACCOUNT__", json.dumps(account, ensure_ascii=False)
        ),
    }
    there = [file for file in files if file.exists()]
    if there:
        problems = tuple(
            Problem(
                "the file is there already",
                file,
                hint="choose another folder: `segmenter init DIR`",
            )
            for file in there
        )
        msg = "\n".join(str(p) for p in problems)
        raise UsageError(msg, problems=problems)
    return InitReport(root, _written(root, files))


def _written(root: Path, files: dict[Path, str]) -> tuple[Path, ...]:
    try:
        home = root / PRIVATE
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (root / SEGMENTS).mkdir(exist_ok=True)
        keys.load(home)
        ignore = _ignored(root / ".gitignore")
        for file, text in files.items():
            with file.open("x", encoding="utf-8") as handle:
                handle.write(text)
    except OSError:
        msg = "the project's files cannot be written here"
        raise UsageError(msg, file=root) from None
    made = [*files, *ignore]
    key = home / "key"
    if key.exists():
        made.append(key)
    return tuple(made)


def _ignored(file: Path) -> tuple[Path, ...]:
    """Have git pass over what is private."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    missing = [line for line in IGNORED if line not in text.splitlines()]
    if not missing:
        return ()
    if text and not text.endswith("\n"):
        text = f"{text}\n"
    added = "".join(f"{line}\n" for line in missing)
    file.write_text(text + added, encoding="utf-8")
    return (file,)


def _template(name: str) -> str:
    folder = resources.files("segmenter") / "template"
    file = folder / name
    return file.read_text(encoding="utf-8")
