"""Pairs of linked patients -> `link_group`: closed transitively (C13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine


def close_links(engine: DuckDBEngine, into: str) -> None:
    """Make the table `into` (patient, grp, size) of the ready table `link_pair` (a, b).

    Neighbours' groups are joined until nothing changes: a number of steps that grows with the
    logarithm of the longest chain. Whoever is linked to nobody is in no group.
    """
    engine.make("link_edge", "link_edge")
    engine.make("link_label", "link_start")
    is_open = True
    while is_open:
        engine.make("link_next", "link_step")
        ((is_open,),) = engine.rows("link_open")
        engine.make("link_label", "link_same")
    engine.make(into, "link_closed")
