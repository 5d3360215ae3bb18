"""Names, texts and paths as they stand in SQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segmenter.tables import Table

WILDCARD = re.compile(r"[*?\[]")


def quoted(text: str) -> str:
    """A text as a literal.

    >>> quoted("L'Oréal")
    "'L''Oréal'"
    """
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def named(text: str) -> str:
    """A name of a table or column, whatever stands in it.

    >>> named("patient")
    '"patient"'
    """
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def dotted(text: str) -> str:
    """A table's name, with the alias of its file before a point if it has one.

    >>> dotted("snapshot.patient")
    '"snapshot"."patient"'
    """
    parts = text.split(".", 1)
    return ".".join(map(named, parts))


def in_sql(table: Table) -> str:
    """A table's place in SQL."""
    return dotted(table.name)


def literal(path: str) -> str:
    """A path as a pattern that matches only itself.

    >>> literal("a[1].csv")
    'a[[]1].csv'
    """
    if "://" in path:
        return path
    return WILDCARD.sub(r"[\g<0>]", path)
