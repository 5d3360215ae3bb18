"""Who is in the kept cells of a segment, and the first reason against each."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from segmenter.identifiers import PROBE_DIGITS, pads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segmenter.engine import DuckDBEngine
    from segmenter.model import Eligible
    from segmenter.store.keys import Keys

REASONS = (  # in the order in which they are asked; the first one counts
    "no_channel_consent",
    "suppressed",
    "preference",
    "frequency_cap",
    "no_address",
    "invalid_address",
    "duplicate_address",
    "holdout",
)
HOLDOUT_LABEL = "segmenter/holdout/1"
HASH_SPACE = 1 << 4 * PROBE_DIGITS  # how many numbers the keyed hash of an id may be


def build(
    engine: DuckDBEngine,
    eligible: Eligible,
    dimensions: Sequence[str],
    kept: Sequence[Sequence[int]],
) -> None:
    """Make `export_member` (patient, contactable): the eligible whose cell is kept (P6).

    `kept` are the kept cells, each the codes over `dimensions`. The table of `eligible` has one row
    a human, and says in `contactable` if they may be reached with what the export carries.
    """
    import polars as pl
    from sqlglot import exp

    columns = [f"dim_{name}" for name in dimensions]
    cells: dict[str, pl.Series] = {"kept": pl.Series([True] * len(kept), dtype=pl.Boolean)}
    for place, column in enumerate(columns):
        cells[column] = pl.Series([cell[place] for cell in kept], dtype=pl.Int16)
    engine.load("kept_cell", pl.DataFrame(cells))
    same = [
        exp.EQ(
            this=exp.column(column, table="e", quoted=True),
            expression=exp.column(column, table="k", quoted=True),
        )
        for column in columns
    ]
    structure = {
        "__eligible__": exp.to_table(eligible.table),
        "__same_cell__": exp.and_(exp.true(), *same),
    }
    engine.make("export_member", "export_member", structure=structure)


def struck(engine: DuckDBEngine, check_again: Callable[[], None]) -> bool:
    """Whether somebody who was to be exported no longer is, after everyone was checked again.

    `check_again` makes `export_checked` anew.
    """
    engine.make("export_written", "register_member")
    check_again()
    ((someone,),) = engine.rows("export_struck")
    return bool(someone)


def check(
    engine: DuckDBEngine, keys: Keys, identifier: str, experiment: str, holdout: Decimal
) -> None:
    """Make `export_checked`: every member with the first of `REASONS` it is not exported for.

    Needs `export_member`, the snapshot's tables, and `suppressed`, `preferring` and `capped`
    (patient) as of now. `holdout` is the share of the `experiment` that is held back.
    """
    with engine.as_written():
        engine.make("export_considered", "export_considered", {"identifier": identifier})
    if engine.count("export_considered") < engine.count("export_member"):
        engine.add("export_considered", "export_unwritten")
    if holdout > 0:
        values = {
            "experiment": f"{experiment}\n",
            "held_below": int(Decimal(holdout) * HASH_SPACE),
            **pads(keys.derive(HOLDOUT_LABEL)),
        }
        engine.make("export_held", "export_held", values)
    else:
        engine.create("export_held", {"patient": "BIGINT"})
    engine.make("export_twin", "export_twin")
    if engine.count("export_held") + engine.count("export_twin"):
        engine.make("export_checked", "export_checked")
    else:
        engine.alias("export_checked", "export_considered")
