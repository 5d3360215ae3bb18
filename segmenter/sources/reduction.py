"""Facts reduced per patient once, so that no question has to group them again: `reduced_<fact>`, and the draws beside them (P9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.dimensions import codes
from segmenter.dimensions.reduced import BOUND, DRAWS, Reduced, key_mark
from segmenter.sources.plan import Change

if TYPE_CHECKING:
    from segmenter.engine.relations import Structure
    from segmenter.project.policy import Policy
    from segmenter.sources.work import Work

WIDEST = 1_000_000_000_000_000  # of a sum: a thousand values of the largest size, and thousands of such sums add up


def reduce_facts(work: Work) -> None:
    """Write what is not there yet, or was made from other rows, by other dimensions or with another key."""
    known = dict(work.engine.rows("reduced_known")) if work.carried else {}
    key = work.keys.derive(BOUND).hex()
    work.meta["draws"] = key_mark(key)
    if not _unchanged(work, "patient") or known.get("draws") != work.meta["draws"]:
        work.engine.forget([DRAWS])
        work.keep(DRAWS, DRAWS, {"key": key})
    for fact in work.sources.facts:
        reduced = Reduced.of(work.policy, fact)
        if reduced is None:
            continue
        text = work.meta[f"reduced {fact}"] = reduced.text()
        if not _unchanged(work, fact) or known.get(f"reduced {fact}") != text:
            work.keep(reduced.table, "fact_reduced", None, shape(work.policy, reduced))


def _unchanged(work: Work, source: str) -> bool:
    return work.carried and work.plan[source].change is Change.SAME


def shape(policy: Policy, reduced: Reduced) -> Structure:
    """What the relation `fact_reduced` takes."""
    from sqlglot import exp

    def of(column: str | None) -> exp.Expr:
        return exp.column(column or "", table="fact", quoted=True)

    own = [policy.dimensions[name] for name, _, _ in reduced.dimensions]
    sums = [exp.Sum(this=codes.whole(of(column))) for column in reduced.columns]
    return {
        "__fact__": exp.to_table(f"fact_{reduced.fact}"),
        "__code__": codes.numbered((codes.coded(d, of(d.column)), len(d.labels)) for d in own),
        "__sums__": [
            exp.alias_(codes.within(added, WIDEST), f"sum_{n}") for n, added in enumerate(sums)
        ],
    }
