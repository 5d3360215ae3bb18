"""Names, texts and paths as they stand in SQL."""

from __future__ import annotations


def quoted(text: str) -> str:
    """A text as a literal.

    >>> quoted("L'Oréal")
    "'L''Oréal'"
    """
    return "'" + text.replace("'", "''") + "'"


def named(text: str) -> str:
    """A name of a table or column, whatever stands in it.

    >>> named("patient")
    '"patient"'
    """
    return '"' + text.replace('"', '""') + '"'


def dotted(text: str) -> str:
    """A table's name, with the alias of its file before a point where it has one.

    >>> dotted("snapshot.patient")
    '"snapshot"."patient"'
    """
    return ".".join(named(part) for part in text.split(".", 1))


def literal(path: str) -> str:
    """A path as a pattern that matches only itself."""
    return path if "://" in path else "".join(f"[{c}]" if c in "*?[" else c for c in path)
