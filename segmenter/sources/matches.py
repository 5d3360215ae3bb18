"""What exports join, matched once.

`reach`: how each patient can be reached. `suppression_listed`: the entries of the lists that name
anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.identifiers import reach_patients
from segmenter.sources.load import PREVIOUS

if TYPE_CHECKING:
    from segmenter.engine import Engine, Table
    from segmenter.sources.load import Load

MATCHED = ("reach", "suppression_listed")
FORM = "2"  # of these tables: change it with what they hold, so that nobody relies on older ones


def match(load: Load, *, rehashed: bool) -> None:
    """Write both tables, unless what they stand on was carried over as it is."""
    current = load.carried and trusted(load.engine, load.previous[f"{PREVIOUS}meta"])
    if rehashed or not current:
        reach_patients(load.engine, load.tables, load.file.table("reach"))
    if rehashed or load.relisted or not current:
        load.keep("suppression_listed", "suppression_listed", reads=load.tables)
    load.meta["matched"] = FORM


def trusted(engine: Engine, meta: Table) -> bool:
    """Whether the snapshot with this table of meta data has both tables in today's form."""
    reads = {"meta_read": meta}
    return engine.rows("matched_form", reads=reads) == [(FORM,)]
