"""What exports join, matched once: how each patient can be reached, and the entries of the lists that name anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.identifiers import reach_patients

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine
    from segmenter.sources.work import Work

MATCHED = ("reach", "suppression_listed")
FORM = "2"  # to be raised with what these tables hold, so that nobody relies on older ones


def match(work: Work, *, rehashed: bool) -> None:
    """Write `reach` and `suppression_listed` of the new snapshot, unless what they stand on was carried over as it is."""
    current = work.carried and trusted(work.engine, "old_meta")
    if rehashed or not current:
        reach_patients(work.engine, work.table("reach"))
    if rehashed or work.relisted or not current:
        work.engine.make(work.table("suppression_listed"), "suppression_listed")
    work.meta["matched"] = FORM


def trusted(engine: DuckDBEngine, meta: str = "meta") -> bool:
    """Whether the snapshot with this table of meta data has these tables in the form that is read today."""
    engine.alias("meta_read", meta)
    return engine.rows("matched_form") == [(FORM,)]
