"""A stretch of work whose tables go when it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segmenter.tables import Table


@dataclass(slots=True)
class Scope:
    """What an engine made and attached since the scope began. All of it goes at the end."""

    outer: Scope | None = None
    made: list[str] = field(default_factory=list)
    attached: list[str] = field(default_factory=list)

    def keep(self, table: Table) -> Table:
        """Let a table outlive this scope: it belongs to the scope around it, else to the engine.

        What a kept view reads has to be kept too.
        """
        if table.name in self.made:
            self.made.remove(table.name)
            if self.outer is not None:
                self.outer.made.append(table.name)
        return table
