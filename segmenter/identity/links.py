"""Pairs of linked patients -> `link_group`: closed transitively (C13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segmenter.engine import Engine, Table


def close_links(engine: Engine, pairs: Table, into: Table | None = None) -> Table:
    """The groups of linked patients: patient, grp (the smallest of the group), size.

    `pairs` has a, b. Neighbours' groups are joined until nothing changes: a number of steps that
    grows with the logarithm of the longest chain. Whoever is linked to nobody is in no group.
    """
    with engine.scope() as scope:
        edges = engine.make("link_edge", reads={"link_pair": pairs})
        labels = engine.make("link_start", reads={"link_edge": edges})
        is_open = True
        while is_open:
            before = labels
            labels = engine.make("link_step", reads={"link_edge": edges, "link_label": before})
            compared = {"link_label": before, "link_next": labels}
            ((is_open,),) = engine.rows("link_open", reads=compared)
            engine.drop(before)
        return scope.keep(engine.make("link_closed", reads={"link_label": labels}, into=into))
