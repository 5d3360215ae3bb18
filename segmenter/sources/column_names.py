"""The column names of files: where ours stand, which are missing, and how to tell of them.

A message names columns, never a cell: a file without its header line has a patient's values there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from segmenter.errors import SourceError
from segmenter.nearest import nearest
from segmenter.sources.optout_columns import plain, unread

if TYPE_CHECKING:
    from segmenter.project.declared import Read
    from segmenter.sources.files import SourceFile

ALIKE = 0.8  # of two names, one of which is most likely the other misspelt
NOT_SHOWN = "(not shown)"
SHOWN = 30  # column names that a message lists at most
HEADER_WORDS = (  # parts of names of columns, as files of companies have them
    "id", "key", "code", "nom", "name", "mail", "courriel", "phone", "tel", "mobile", "date",
    "time",
    "birth", "naissance", "age", "sex", "gender", "address", "adresse", "postal", "city", "ville",
    "state", "status", "statut", "channel", "purpose", "topic", "category", "reason", "created",
    "value", "type", "number", "num", "patient", "column", "event", "subscri", "bounce", "opt_",
)  # fmt: skip
NAME = re.compile(r"(?!.*[0-9]{4})[^\W\d][\w .:/()#-]{0,59}")


class Headed(Protocol):
    """A file whose header is known."""

    @property
    def file(self) -> SourceFile:
        """Which file."""

    @property
    def header(self) -> tuple[str, ...]:
        """Its column names."""


def positions(headed: Headed, names: Sequence[str], rename: Mapping[str, str]) -> list[int | None]:
    """Where each of our columns stands in a file; None if it is not there.

    A column stands under our name, or under the one that `rename` gives it. Raises `SourceError`
    for a column that stands there twice: which one speaks cannot be said.
    """
    return [_position(headed, rename.get(name, name)) for name in names]


def _position(headed: Headed, column: str) -> int | None:
    places = [place for place, name in enumerate(headed.header) if name == column]
    if len(places) > 1:
        file = headed.file
        raise SourceError(
            f"{file.origin} has the column {column} more than once",
            file=None if file.remote else Path(file.path),
        )
    return places[0] if places else None


def first_places(headed: Headed) -> dict[str, int]:
    """Where each column name of a file stands first."""
    places: dict[str, int] = {}
    for place, name in enumerate(headed.header):
        places.setdefault(name, place)
    return places


def first_seen(headed: Sequence[Headed]) -> list[str]:
    """Every column name of several files, in order of first sight."""
    names: dict[str, None] = {}
    for one in headed:
        names.update(dict.fromkeys(one.header))
    return list(names)


def with_names(
    columns: Mapping[str, str], names: Iterable[str], rename: Mapping[str, str]
) -> dict[str, str]:
    """Those of the columns (our name -> the files') that stand under one of these names."""
    wanted = {rename.get(name, name) for name in names}
    return {ours: theirs for ours, theirs in columns.items() if theirs in wanted}


# -- what is missing -------------------------------------------------------------------------------


def require(
    source: str, headed: Headed, names: Sequence[str], rename: Mapping[str, str], line: int | None
) -> None:
    """Refuse a file without one of the columns that it must have."""
    for name in names:
        theirs = rename.get(name, name)
        if theirs not in headed.header:
            raise lacks(source, theirs, headed.header, headed.file.origin, line)


def require_declared(
    source: str, headed: Sequence[Headed], read: Read, tags: Mapping[str, str] | None = None
) -> None:
    """Refuse a `rename` from a column that no file has, and a tag that misspells one.

    What the column is to hold, or what the tag is to guard, would be lost in silence.
    """
    if not headed:
        return
    seen = first_seen(headed)
    tagged = [read.rename.get(name, name) for name in tags or {}]
    untagged = [name for name in seen if name not in tagged]
    wrong = [name for name in read.rename.values() if name not in seen]
    wrong += [name for name in tagged if name not in seen and is_misspelt(name, untagged)]
    if wrong:
        raise lacks(source, wrong[0], seen, headed[0].file.origin, read.line)


def require_no_optout(source: str, headed: Sequence[Headed], read: Read, used: set[str]) -> None:
    """Refuse a column that looks like an opt-out, that nothing reads and nobody ignores (R1).

    `used` are the columns that are read, by the file's own names. `stop` beside `start` is the end
    of a time.
    """
    for one in headed:
        for name in unread(one.header, used, read.ignored):
            if plain(name) == "stop" and "start" in map(plain, one.header):
                continue
            raise SourceError(
                f"source {source}: nothing reads the column {name} of {one.file.origin}, "
                "which looks like an opt-out (R1)",
                line=read.line,
                hint=f"map it (`rename`, a dimension), or leave it unread: `ignored: [{name}]`",
            )


def lacks(
    source: str, column: str, seen: Sequence[str], path: str, line: int | None = None
) -> SourceError:
    """The error for a file without a column that it must have.

    It names the columns seen, and the nearest.
    """
    candidates = seen if _are_names(seen) else _alike(column, seen)
    near = nearest(column, candidates)
    question = f"did you mean {near}? " if near else ""
    hint = f"{question}columns seen: {headers(seen)}"
    return SourceError(f"source {source}: {path} has no column {column}", line=line, hint=hint)


# -- how to tell of them ---------------------------------------------------------------------------


def headers(seen: Sequence[str]) -> str:
    """Column names for a message; none if one looks like a value."""
    if not _are_names(seen):
        return "(not shown: its first line has to hold names, and holds values)"
    more = ", ..." if len(seen) > SHOWN else ""
    return ", ".join(seen[:SHOWN]) + more


def told_names(names: Sequence[str]) -> list[str]:
    """Column names to be told of; one that may be a value is not shown."""
    told = [name if NAME.fullmatch(name) else NOT_SHOWN for name in names]
    return list(dict.fromkeys(told))


def is_misspelt(name: str, names: Sequence[str]) -> bool:
    """Whether a name is most likely one of `names`, misspelt."""
    return bool(_alike(name, names))


def _are_names(seen: Sequence[str]) -> bool:
    """Whether a first line holds names of columns: all look like one, and one is a known word.

    `Hugo,Martin,Lyon` may be a line of values: none of it is a word that headers are made of.
    """
    if not all(NAME.fullmatch(name) for name in seen):
        return False
    return any(word in name for name in map(plain, seen) for word in HEADER_WORDS)


def _alike(name: str, names: Sequence[str]) -> list[str]:
    return [other for other in names if _likeness(name, other) >= ALIKE]


def _likeness(name: str, other: str) -> float:
    return difflib.SequenceMatcher(None, name.lower(), other.lower()).ratio()
