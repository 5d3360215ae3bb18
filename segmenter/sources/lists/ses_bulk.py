"""Amazon SES's bulk file: no header, `address,BOUNCE` or `address,COMPLAINT`."""

from __future__ import annotations

from collections.abc import Sequence

from segmenter.sources.lists.table import Table

WIDTH = 2


def recognise(header: Sequence[str]) -> dict[str, int] | None:
    """By what its first line holds."""
    if (
        len(header) == WIDTH
        and "@" in header[0]
        and header[1].strip().upper() in ("BOUNCE", "COMPLAINT")
    ):
        return {"address": 0, "why": 1}
    return None


TABLE = Table("ses", "list_ses", ("address", "why"), recognise, headerless=True)
