"""How a tabular list format is recognised and which relation reads it: tables go through the engine in sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """One tabular format. `recognise` gives, for a header, our column -> its position, or None; `relation` turns the rows into entries."""

    name: str
    relation: str
    columns: tuple[str, ...]
    recognise: Callable[[Sequence[str]], dict[str, int] | None]
    headerless: bool = False


def first(header: Sequence[str], *names: str) -> int | None:
    """Where the first of these names stands."""
    return next((header.index(name) for name in names if name in header), None)


def found(header: Sequence[str], columns: Sequence[str]) -> dict[str, int]:
    """Each column of the format that the header has, at its first place."""
    return {name: header.index(name) for name in columns if name in header}
