"""Handles of tables: what stages hand to each other, and what a relation's inputs are bound to.

An engine makes them. A handle says where rows are, and nothing of what they hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Columns = Mapping[str, Sequence[str] | None]  # of each table those that are kept, None for all


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view of one engine. `name` is unique there; `file.name` for a table of a file."""

    name: str

    def __repr__(self) -> str:
        return f"Table({self.name})"


class Tables(Mapping[str, Table]):
    """Tables by the names that relations read them by. Never changed.

    >>> person, patient = Table("person__1"), Table("file__1.patient")
    >>> Tables({"person": person}) | {"patient": patient}
    Tables(person, patient)
    """

    __slots__ = ("_tables",)

    def __init__(self, tables: Mapping[str, Table] | None = None) -> None:
        self._tables = dict(tables or {})

    def __getitem__(self, name: str) -> Table:
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __repr__(self) -> str:
        names = ", ".join(self)
        return f"Tables({names})"

    def __or__(self, others: Mapping[str, Table]) -> Tables:
        """These and others; of two with one name, the other's."""
        both = {**self._tables, **others}
        return Tables(both)

    def only(self, *names: str) -> Tables:
        """Those of these names that are there."""
        chosen = {name: self[name] for name in names if name in self}
        return Tables(chosen)

    def without(self, *names: str) -> Tables:
        """All but those of these names."""
        left = dict(self)
        for name in names:
            left.pop(name, None)
        return Tables(left)

    def prefixed(self, prefix: str) -> Tables:
        """The same tables, read by longer names.

        >>> Tables({"person": Table("person__1")}).prefixed("previous_")
        Tables(previous_person)
        """
        renamed = {}
        for name, table in self.items():
            renamed[f"{prefix}{name}"] = table
        return Tables(renamed)


@dataclass(frozen=True, slots=True)
class File:
    """A file of tables that is attached for writing. `tables` are those that it held before."""

    alias: str
    tables: Tables = field(default_factory=Tables)

    def table(self, name: str) -> Table:
        """The handle of a table of this file, which may still have to be made."""
        full_name = f"{self.alias}.{name}"
        return Table(full_name)
