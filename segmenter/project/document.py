"""A YAML file as plain values, with the line of each.

YAML 1.2. Every scalar stays the text that was written (`01` stays `01`, `1.0e-6` is never a float,
`off` is the text "off"); an empty plain scalar, `~` or `null` is None. Duplicate keys, keys that
are not text and oversized files are problems.
"""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LARGEST = 1_000_000  # bytes
MOST = 50_000  # values, aliases counted each time
DEEPEST = 24

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file read.

    `text` is its content; `line(path)` is the line of a value, or of the nearest part above it if
    the value is missing.
    """

    file: Path
    text: str
    data: Any
    lines: dict[Path_, int] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list, repr=False)

    def line(self, path: Sequence[str | int]) -> int:
        """The line (from 1) of the key or item at `path`.

        If it is missing: of the last part of the path that exists.
        """
        known = tuple(path)
        while known and known not in self.lines:
            known = known[:-1]
        return self.lines.get(known, 1)

    def problem(
        self, message: str, path: Sequence[str | int] = (), hint: str | None = None
    ) -> Problem:
        """A problem at `path` of this file."""
        line = self.line(path)
        return Problem(
            message=message,
            file=self.file,
            line=line,
            hint=hint,
        )


def read(file: Path) -> Document:
    """Read a YAML file.

    What is wrong with it as YAML is in `problems` (then `data` may be None); nothing is raised.
    """
    try:
        with file.open("rb") as handle:
            content = handle.read(LARGEST + 1)
        text = content.decode("utf-8-sig")
    except OSError:
        return _unread(
            file, "the file cannot be read" if file.exists() else "there is no such file"
        )
    except UnicodeDecodeError:
        return _unread(file, "the file is not UTF-8 text")
    if len(content) > LARGEST:
        return _unread(file, f"the file is larger than {LARGEST:,} bytes")
    return parse(text, file)


def parse(text: str, file: Path) -> Document:
    """Read YAML text as if it stood in `file`.

    What was read lately is remembered: one job reads the policy several times.
    """
    known = _parsed(text, file)
    return Document(
        file=file,
        text=known.text,
        data=copy.deepcopy(known.data),
        lines=dict(known.lines),
        problems=list(known.problems),
    )


@functools.lru_cache(maxsize=8)
def _parsed(text: str, file: Path) -> Document:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    document = Document(file, text, None)
    try:
        node = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = None if mark is None else mark.line + 1
        document.problems.append(
            Problem(
                f"this is not YAML: {error.problem or error.context or 'it cannot be read'}",
                file,
                line,
            )
        )
        return document
    except (YAMLError, ValueError, RecursionError, AttributeError):
        return _unread(file, "this is not YAML")
    if node is None:
        return document
    data = _Plain(document).value(node, (), 0)
    return Document(
        file=file,
        text=text,
        data=data,
        lines=document.lines,
        problems=document.problems,
    )


def _unread(file: Path, message: str) -> Document:
    problem = Problem(message, file)
    return Document(file, "", None, problems=[problem])


class _Plain:
    """Turns YAML nodes into plain values."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.seen = 0

    def value(self, node: Any, path: Path_, depth: int) -> Any:
        """The plain value of a node; notes its line."""
        line = node.start_mark.line + 1
        self.document.lines.setdefault(path, line)
        self.seen += 1
        if depth > DEEPEST or self.seen > MOST:
            if self.seen <= MOST or self.seen == MOST + 1:
                fault = "nests too deep" if depth > DEEPEST else "holds too many values"
                self._problem(f"the file {fault}", line)
            return None
        if isinstance(node.value, str):
            return self._scalar(node)
        tag = str(node.tag)
        if tag.endswith(":map"):
            return self._mapping(node, path, depth)
        if tag.endswith(":seq"):
            items = enumerate(node.value)
            return [self.value(item, (*path, i), depth + 1) for i, item in items]
        self._problem(f"the tag `{tag}` is not known here", line)
        return None

    def _scalar(self, node: Any) -> str | None:
        tag = str(node.tag)
        if not tag.startswith("tag:yaml.org,2002:"):
            self._problem(f"the tag `{tag}` is not known here", node.start_mark.line + 1)
        empty = tag.endswith(":null") and node.style not in ("'", '"', "|", ">")
        if empty:
            return None
        return str(node.value)

    def _mapping(self, node: Any, path: Path_, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = self._scalar(key) if isinstance(key.value, str) else None
            if name is None:
                self._problem("a key has to be text", line)
                continue
            if name in made:
                self._problem(
                    f"the key `{name}` stands here twice",
                    line,
                    f"the first is on line {self.document.line((*path, name))}",
                )
                continue
            self.document.lines[(*path, name)] = line
            made[name] = self.value(value, (*path, name), depth + 1)
        return made

    def _problem(self, message: str, line: int, hint: str | None = None) -> None:
        problem = Problem(
            message=message,
            file=self.document.file,
            line=line,
            hint=hint,
        )
        self.document.problems.append(problem)
