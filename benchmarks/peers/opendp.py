"""OpenDP's Context over polars."""

from __future__ import annotations

import itertools
from pathlib import Path

from benchmarks.peers import Cells, frame
from benchmarks.stopwatch import Stopwatch
from benchmarks.world import AGES, CELLS, REGIONS


def usable() -> bool:
    """Whether the polars it was built for is there: its extra pins one version."""
    import importlib.metadata

    return importlib.metadata.version("polars").startswith("1.36.")


def run(work: str, folder: Path) -> tuple[Stopwatch, Cells]:
    """Epsilon 1, keys given."""
    import opendp.prelude as dp
    import polars as pl

    dp.enable_features("contrib")
    watch = Stopwatch().started()
    engine, rows = frame.relation(work, folder)
    data = pl.LazyFrame(rows.pl())
    keys = pl.LazyFrame(
        list(itertools.product("FMX", range(len(AGES)), "abcd", REGIONS)),
        schema=list(CELLS),
        orient="row",
    )
    context = dp.Context.compositor(
        data=data,
        privacy_unit=dp.unit_of(contributions=1),
        privacy_loss=dp.loss_of(epsilon=1.0),
        split_evenly_over=1,
    )
    size = dp.len()  # type: ignore[attr-defined]
    query = context.query().group_by(CELLS).agg(size).with_keys(keys.cast({"age_band": pl.Int32}))
    found = query.release().collect()
    watch.stop()
    engine.close()
    return watch, {
        (sex, AGES[age], payer, region): float(count)
        for sex, age, payer, region, count in found.select(*CELLS, "len").iter_rows()
    }
