"""One work, one side, once, in this fresh process: prints one JSON line.

`python -m benchmarks.one WORK SIDE FOLDER`
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any


def measure(work: str, side: str, folder: Path) -> dict[str, Any]:
    """Seconds on the wall and of the processor, peak memory in MiB.

    For (a) and (b), the mean absolute error of a cell too.
    """
    cells = None
    steps: dict[str, float] = {}
    if work == "s-gate" or (work.startswith("s-") and side == "ours"):
        from benchmarks import decisions

        took = decisions.run(work, side, folder)
    elif side in ("ours", "warm"):
        from benchmarks import ours

        took, cells, steps = ours.run(work, folder, warm=side == "warm")
    elif work == "i":
        from benchmarks import crowd

        took = crowd.copy(folder)
    elif side in ("plain", "latest"):
        from benchmarks import plain

        took = plain.run("b-latest" if side == "latest" else work, folder)
    else:
        from benchmarks import peers

        took, cells = peers.run(side, work, folder)
    peak = (
        max(
            resource.getrusage(who).ru_maxrss
            for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        / 1024
    )
    return {
        "seconds": took.seconds,
        "processor": took.processor,
        "peak": peak,
        "error": _error(work, folder, cells),
        "steps": steps,
    }


def _error(work: str, folder: Path, cells: dict[tuple[str, ...], float] | None) -> float | None:
    if not cells:
        return None
    from benchmarks import plain

    truth = plain.exact(work, folder)
    return sum(abs(value - truth.get(cell, 0)) for cell, value in cells.items()) / len(cells)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
