"""SmartNoise SQL over a pandas frame, pre-aggregated: its fast road."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers import Cells, frame
from benchmarks.stopwatch import Stopwatch
from benchmarks.world import AGES, CELLS

METADATA = {
    "": {
        "PUMS": {
            "PATIENT": {
                "row_privacy": True,
                "sex": {"type": "string"},
                "age_band": {"type": "int", "lower": 0, "upper": 6},
                "payer": {"type": "string"},
                "region": {"type": "string"},
            }
        }
    }
}


def usable() -> bool:
    """Whether it can run here."""
    return True


def run(work: str, folder: Path) -> tuple[Stopwatch, Cells]:
    """Epsilon 1."""
    import snsql

    watch = Stopwatch().started()
    engine, rows = frame.relation(work, folder)
    data = rows.df()
    reader = snsql.from_connection(
        data, privacy=snsql.Privacy(epsilon=1.0, delta=1e-9), metadata=METADATA
    )
    names = ", ".join(CELLS)
    counted = data.groupby(list(CELLS)).size().reset_index(name="n")
    before = [
        ("keycount", *CELLS),
        *((row[-1], *row[:-1]) for row in counted.itertuples(index=False, name=None)),
    ]
    found = reader.execute(
        f"SELECT {names}, COUNT(*) AS n FROM PUMS.PATIENT GROUP BY {names}", pre_aggregated=before
    )
    watch.stop()
    engine.close()
    return watch, {
        (sex, AGES[int(age)], payer, region): float(n) for sex, age, payer, region, n in found[1:]
    }
