"""JSON lines (one object a line), and files that are one JSON array of objects.

Every value comes as text, numbers as they are written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.sources.decoding import is_utf8, readable
from segmenter.sources.files import UTF8_MARK, SourceFile, head, text_stream, unreadable
from segmenter.sources.stage import BATCH, Broken, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START = 4096  # bytes that tell an array from lines


@dataclass(frozen=True, slots=True)
class JsonReader:
    """Reads one file of objects. The header is every key of any object, in order of first sight."""

    file: SourceFile
    header: tuple[str, ...]

    def load(self, stage: Stage, columns: Sequence[int | None]) -> None:
        """Append the file's objects; what is none goes to quarantine with its line (I5, I6)."""
        number = stage.begin(self.file, 0)
        lines: list[int] = []
        rows: list[list[str]] = []
        for line, content in objects(self.file):
            if isinstance(content, Broken):
                stage.refuse(content)
                continue
            lines.append(line)
            rows.append([as_text(content.get(name)) for name in self.header])
            if len(rows) == BATCH:
                stage.add(number, lines, rows, columns)
                lines, rows = [], []
        stage.add(number, lines, rows, columns)


def open_json(file: SourceFile) -> JsonReader:
    """Find the keys. Raises `SourceError` if no object can be read at all."""
    keys: dict[str, None] = {}
    seen = False
    for _, content in objects(file):
        if isinstance(content, dict):
            seen = True
            keys.update((key, None) for key in content if as_text(key) == key)
    if not seen and head(file, 1):
        raise unreadable(file, "holds no JSON object a line")
    return JsonReader(file, tuple(keys))


def objects(file: SourceFile) -> Iterator[tuple[int, dict[str, Any] | Broken]]:
    """Each object with its line (in an array: its position)."""
    with text_stream(file, "\n") as stream:
        if _is_array(head(file, START)):
            yield from _items(file, stream.read())
            return
        for line, text in enumerate(stream, 1):
            if text.strip():
                yield line, parse(file, line, text)


def parse(file: SourceFile, line: int, text: str) -> dict[str, Any] | Broken:
    """One object, or why it is none."""
    shown = text.rstrip("\r\n")
    if not is_utf8(text):
        return Broken(file.origin, line, "I6", "not UTF-8", readable(shown))
    try:
        value = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return Broken(file.origin, line, "I5", "not JSON", shown)
    if isinstance(value, dict):
        return value
    return Broken(file.origin, line, "I5", "not a JSON object", shown)


def _is_array(start: bytes) -> bool:
    return start.removeprefix(UTF8_MARK).lstrip().startswith(b"[")


def _items(file: SourceFile, text: str) -> Iterator[tuple[int, dict[str, Any] | Broken]]:
    """The items of a file that is one array."""
    try:
        array = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise unreadable(file, "is not JSON") from None
    for position, item in enumerate(array, 1):
        if isinstance(item, dict):
            yield position, item
        else:
            content = as_text(item)
            yield position, Broken(file.origin, position, "I5", "not a JSON object", content)


def as_text(value: object) -> str:
    """A JSON value as text; null is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")
