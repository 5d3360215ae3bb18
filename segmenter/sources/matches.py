"""What exports join, matched once.

`reach`: how each patient can be reached. `suppression_listed`: the entries of the lists that name
anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.identifiers import reach_patients
from segmenter.tables import Table

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine
    from segmenter.sources.load import Load

MATCHED = ("reach", "suppression_listed")
FORM = "2"  # of these tables: change it with what they hold, so that nobody relies on older ones


def match(load: Load, *, rehashed: bool) -> None:
    """Write both tables, unless what they stand on was carried over as it is."""
    current = load.carried and trusted(load.engine, "old_meta")
    if rehashed or not current:
        reach_patients(load.engine, load.engine.named(), Table(load.table("reach")))
    if rehashed or load.relisted or not current:
        load.engine.make(load.table("suppression_listed"), "suppression_listed")
    load.meta["matched"] = FORM


def trusted(engine: DuckDBEngine, meta: str = "meta") -> bool:
    """Whether the snapshot with this table of meta data has both tables in today's form."""
    reads = {"meta_read": engine.table(meta)}
    return engine.rows("matched_form", reads=reads) == [(FORM,)]
