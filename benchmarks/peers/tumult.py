"""Tumult Analytics on local Spark (needs Java 17)."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

from benchmarks.peers import Cells, frame
from benchmarks.stopwatch import Stopwatch
from benchmarks.world import AGES, CELLS, REGIONS


def usable() -> bool:
    """Whether there is a Java to run on."""
    import shutil

    return shutil.which("java") is not None


def run(work: str, folder: Path) -> tuple[Stopwatch, Cells]:
    """Epsilon 1; the start of Spark is not counted."""
    from pyspark.sql import SparkSession
    from tmlt.analytics import AddOneRow, KeySet, PureDPBudget, QueryBuilder, Session

    os.environ["PYSPARK_PYTHON"] = sys.executable  # its workers are of this environment too
    spark = (
        SparkSession.builder.master("local[*]").config("spark.ui.enabled", "false").getOrCreate()
    )
    spark.range(1).count()
    watch = Stopwatch().started()
    engine, rows = frame.relation(work, folder)
    path = folder / f"tumult-{work}.parquet"
    rows.write_parquet(str(path))
    engine.close()
    session = Session.from_dataframe(
        PureDPBudget(1),
        "patient",
        spark.read.parquet(str(path)).drop("patient_id"),
        protected_change=AddOneRow(),
    )
    keys = KeySet.from_tuples(
        list(itertools.product("FMX", range(len(AGES)), "abcd", REGIONS)), columns=list(CELLS)
    )
    found = session.evaluate(
        QueryBuilder("patient").groupby(keys).count(), PureDPBudget(1)
    ).collect()
    watch.stop().processor = None  # most of the work is another process's
    return watch, {
        (row["sex"], AGES[row["age_band"]], row["payer"], row["region"]): float(row["count"])
        for row in found
    }
