"""Who is in the kept cells of a segment, and the first reason against each."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from segmenter.identifiers import PROBE_DIGITS, pads

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from sqlglot import exp

    from segmenter.engine import Engine, Table, Tables
    from segmenter.private.keys import Keys

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
    engine: Engine,
    eligible: Table,
    dimensions: Sequence[str],
    kept: Sequence[Sequence[int]],
) -> Table:
    """Members of an export (patient, contactable): the eligible whose cell is kept (P6).

    `kept` are the kept cells, each the codes over `dimensions`. The table `eligible` has one row a
    human, and says in `contactable` if they may be reached with what the export carries.
    """
    from sqlglot import exp

    columns = [f"dim_{name}" for name in dimensions]
    same = [_same(column) for column in columns]
    with engine.scope() as scope:
        reads = {"eligible": eligible, "kept_cell": engine.load(_cells(columns, kept))}
        structure = {"__same_cell__": exp.and_(exp.true(), *same)}
        return scope.keep(engine.make("export_member", reads=reads, structure=structure))


def _cells(columns: Sequence[str], kept: Sequence[Sequence[int]]) -> pl.DataFrame:
    import polars as pl

    cells = {"kept": pl.Series([True] * len(kept), dtype=pl.Boolean)}
    for place, column in enumerate(columns):
        codes = [cell[place] for cell in kept]
        cells[column] = pl.Series(codes, dtype=pl.Int16)
    return pl.DataFrame(cells)


def _same(column: str) -> exp.Expr:
    from sqlglot import exp

    eligible = exp.column(column, table="e", quoted=True)
    kept = exp.column(column, table="k", quoted=True)
    return exp.EQ(this=eligible, expression=kept)


def check(
    engine: Engine,
    tables: Tables,
    keys: Keys,
    identifier: str,
    experiment: str,
    holdout: Decimal,
) -> Table:
    """Every member with the first of `REASONS` it is not exported for: `export_checked`.

    Reads the snapshot's tables, and beside them `export_member`, and `suppressed`, `preferring` and
    `capped` (patient) as of now. `holdout` is the share of the `experiment` that is held back.
    """
    values = {"identifier": identifier}
    with engine.scope() as scope:
        with engine.as_written():
            considered = engine.make("export_considered", reads=tables, values=values)
        reads = tables | {"export_considered": considered}
        members = engine.count(tables["export_member"])
        if engine.count(considered) < members:
            engine.add(considered, "export_unwritten", reads=reads)
        held = _held(engine, reads, keys, experiment, holdout)
        twins = engine.make("export_twin", reads=reads)
        if not engine.count(held) + engine.count(twins):
            return scope.keep(considered)
        reads |= {"export_held": held, "export_twin": twins}
        return scope.keep(engine.make("export_checked", reads=reads))


def _held(engine: Engine, tables: Tables, keys: Keys, experiment: str, holdout: Decimal) -> Table:
    """Members (patient) who are held back by an experiment."""
    if holdout <= 0:
        return engine.create({"patient": "BIGINT"})
    values = {
        "experiment": f"{experiment}\n",
        "held_below": int(Decimal(holdout) * HASH_SPACE),
        **pads(keys.derive(HOLDOUT_LABEL)),
    }
    return engine.make("export_held", reads=tables, values=values)


def struck(engine: Engine, before: Table, now: Table) -> bool:
    """Whether somebody who was to be exported no longer is, after everyone was checked again."""
    with engine.scope():
        written = engine.view("register_member", reads={"export_checked": before})
        reads = {"export_written": written, "export_checked": now}
        ((someone,),) = engine.rows("export_struck", reads=reads)
    return bool(someone)
