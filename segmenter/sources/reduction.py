"""Facts reduced per patient once, so that no question has to group them again (P9).

Makes `reduced_<fact>`, and the draws beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.dimensions import codes
from segmenter.dimensions.reduced import BOUND, DRAWS, Reduced, key_mark

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.engine.relations import Structure
    from segmenter.project.policy import Policy
    from segmenter.sources.load import Load

WIDEST = (
    10**15
)  # of a sum: a thousand values of the largest size, and thousands of such sums add up


def reduce_facts(load: Load) -> None:
    """Write what is not there yet, or was made from other rows, dimensions or another key."""
    known: dict[str, str] = {}
    if load.carried:
        known = dict(load.engine.rows("reduced_known", reads=load.tables))
    key = load.keys.derive(BOUND).hex()
    mark = load.meta["draws"] = key_mark(key)
    if not load.is_same("patient") or known.get("draws") != mark:
        load.keep(DRAWS, DRAWS, reads=load.tables, values={"key": key})
    for fact in load.sources.facts:
        reduced = Reduced.of(load.policy, fact)
        if reduced is None:
            continue
        name = f"reduced {fact}"
        text = load.meta[name] = reduced.text()
        if not load.is_same(fact) or known.get(name) != text:
            reads = {"fact": load.tables[f"fact_{fact}"]}
            how = shape(load.policy, reduced)
            load.keep(reduced.table, "fact_reduced", reads=reads, structure=how)


def shape(policy: Policy, reduced: Reduced) -> Structure:
    """What the relation `fact_reduced` takes."""
    from sqlglot import exp

    own = [policy.dimensions[one.name] for one in reduced.dimensions]
    coded = [(codes.coded(d, _fact_column(d.column)), len(d.labels)) for d in own]
    sums = []
    for n, name in enumerate(reduced.columns):
        added = exp.Sum(this=codes.whole(_fact_column(name)))
        sums.append(exp.alias_(codes.within(added, WIDEST), f"sum_{n}"))
    return {
        "__code__": codes.numbered(coded),
        "__sums__": sums,
    }


def _fact_column(name: str | None) -> exp.Expr:
    from sqlglot import exp

    return exp.column(name or "", table="fact", quoted=True)
