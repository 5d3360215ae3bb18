"""Which cells of declared domains satisfy a condition: one yes or no each, an axis a dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.project.condition import And, InRange, Not, Or, Test, not_lowered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segmenter.noise.arrays import Truths
    from segmenter.project.condition import Condition


def holding(condition: Condition | None, domains: Mapping[str, Sequence[str]]) -> Truths:
    """Which cells of the domains satisfy a condition; all of them if there is none.

    The axes are in the order of `domains`, which maps a dimension to its labels.
    """
    return widened(thin_holding(condition, domains), domains)


def thin_holding(condition: Condition | None, domains: Mapping[str, Sequence[str]]) -> Truths:
    """As `holding`, but an axis that makes no difference has length one."""
    import numpy as np

    everywhere = np.ones((1,) * len(domains), dtype=bool)
    match condition:
        case None:
            return everywhere
        case Test(name, labels, negated):
            held = [(label in labels) != negated for label in domains[name]]
            shape = [-1 if axis == name else 1 for axis in domains]
            return np.array(held, dtype=bool).reshape(shape)
        case Not(inner):
            return ~thin_holding(inner, domains)
        case And(parts):
            every = everywhere
            for part in parts:
                every = every & thin_holding(part, domains)
            return every
        case Or(parts):
            some = ~everywhere
            for part in parts:
                some = some | thin_holding(part, domains)
            return some
        case InRange():
            raise not_lowered(condition)


def widened(cells: Truths, domains: Mapping[str, Sequence[str]]) -> Truths:
    """Cells along all axes: an axis of length one is repeated for every label."""
    import numpy as np

    shape = tuple(len(labels) for labels in domains.values())
    return np.broadcast_to(cells, shape)
