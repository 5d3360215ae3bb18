"""PipelineDP on its local runner."""

from __future__ import annotations

import itertools
from pathlib import Path

from benchmarks.peers import Cells, frame
from benchmarks.stopwatch import Stopwatch
from benchmarks.world import AGES, REGIONS


def usable() -> bool:
    """Whether it can run here."""
    return True


def run(work: str, folder: Path) -> tuple[Stopwatch, Cells]:
    """Epsilon 1, public partitions."""
    import pipeline_dp

    watch = Stopwatch().started()
    engine, rows = frame.relation(work, folder)
    data = rows.fetchall()
    backend = pipeline_dp.LocalBackend()
    accountant = pipeline_dp.NaiveBudgetAccountant(total_epsilon=1.0, total_delta=1e-9)
    extractors = pipeline_dp.DataExtractors(
        partition_extractor=lambda row: row[1:],
        privacy_id_extractor=lambda row: row[0],
        value_extractor=lambda _row: 1,
    )
    params = pipeline_dp.AggregateParams(
        metrics=[pipeline_dp.Metrics.COUNT],
        noise_kind=pipeline_dp.NoiseKind.LAPLACE,
        max_partitions_contributed=1,
        max_contributions_per_partition=1,
    )
    keys = list(itertools.product("FMX", range(len(AGES)), "abcd", REGIONS))
    result = pipeline_dp.DPEngine(accountant, backend).aggregate(data, params, extractors, keys)
    accountant.compute_budgets()
    found = list(result)
    watch.stop()
    engine.close()
    return watch, {
        (sex, AGES[age], payer, region): float(metrics.count)
        for (sex, age, payer, region), metrics in found
    }
