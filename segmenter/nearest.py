"""The nearest of the names that exist, for a name that does not."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from segmenter.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 200  # characters of a word that are compared


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name most like `word`, upper and lower case being alike; None if there are no names.

    >>> nearest("visit", ["age_band", "visits"])
    'visits'
    """
    by_lower = {name.lower(): name for name in sorted(names, reverse=True)}
    start = word.lower()[:LONGEST]
    close = difflib.get_close_matches(start, by_lower, n=1, cutoff=0.0)
    if close:
        return by_lower[close[0]]
    return None


def undeclared(what: str, name: str, declared: Iterable[str]) -> UsageError:
    """The error that a name is not declared. It names the nearest of those that are."""
    message = f"the {what} `{name}` is not declared"
    return UsageError(message, hint=hint(name, declared))


def hint(word: str, names: Iterable[str]) -> str | None:
    """A hint that names the nearest.

    >>> hint("visit", ["age_band", "visits"])
    'the nearest is `visits`'
    """
    found = nearest(word, names)
    if found is None:
        return None
    return f"the nearest is `{found}`"
