"""Traces of an earlier life in the private folder: what is there only after a project was used."""

from __future__ import annotations

from pathlib import Path

NAMES = ("key.check", "journal.mark", "registers.aside")
PATTERNS = (
    "control.sqlite*",
    "snapshots/*.duckdb",
    "states/*.duckdb",
    "registers/*.duckdb",
    "suppressions/*.duckdb",
    "releases/*.sealed",
    "exports/*",
    "locks/journal.mark",
)


def in_use(home: Path, *, besides: str | None = None) -> bool:
    """Whether a project was worked with in this folder; one name may be left out of account."""
    if any((home / name).exists() for name in NAMES if name != besides):
        return True
    return any(any(home.glob(pattern)) for pattern in PATTERNS if pattern != besides)
