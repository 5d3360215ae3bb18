"""The nearest of the names that exist, for a name that does not."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name most like `word`, upper and lower case being alike; None if there are no names.

    >>> nearest("visit", ["age_band", "visits"])
    'visits'
    """
    by_lower = {name.lower(): name for name in sorted(names, reverse=True)}
    close = difflib.get_close_matches(word.lower()[:200], by_lower, n=1, cutoff=0.0)
    return by_lower[close[0]] if close else None


def hint(word: str, names: Iterable[str]) -> str | None:
    """A hint that names the nearest.

    >>> hint("visit", ["age_band", "visits"])
    'the nearest is `visits`'
    """
    found = nearest(word, names)
    return None if found is None else f"the nearest is `{found}`"
