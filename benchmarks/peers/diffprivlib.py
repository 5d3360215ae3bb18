"""DuckDB's GROUP BY by hand, then a geometric draw for each declared cell."""

from __future__ import annotations

import itertools
from pathlib import Path

from benchmarks import plain
from benchmarks.peers import Cells
from benchmarks.stopwatch import Stopwatch
from benchmarks.world import AGES, REGIONS


def usable() -> bool:
    """Whether it can run here."""
    return True


def run(work: str, folder: Path) -> tuple[Stopwatch, Cells]:
    """Epsilon 1."""
    from diffprivlib.mechanisms import Geometric

    with plain.connect(folder) as engine:
        watch = Stopwatch().started()
        rows = engine.execute(
            plain.COUNT.format(gate=plain.LATEST if work == "b" else "")
        ).fetchall()
        true = {(sex, AGES[age], payer, region): count for sex, age, payer, region, count in rows}
        draw = Geometric(epsilon=1.0, sensitivity=1).randomise
        cells: Cells = {
            cell: float(draw(true.get(cell, 0)))
            for cell in itertools.product("FMX", AGES, "abcd", REGIONS)
        }
        return watch.stop(), cells
