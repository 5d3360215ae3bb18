"""Each work through the program's Python door.

What is timed is the verb alone: opening the project and imports are not.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import segmenter
from benchmarks.stopwatch import Stopwatch
from benchmarks.world import CELLS

Cells = dict[tuple[str, ...], float]
Steps = dict[str, float]
IMPORTED = (
    "polars", "diffprivlib.mechanisms", "sqlglot.dialects.duckdb", "sqlglot.generators.duckdb",
    "sqlalchemy", "segmenter.identifiers",
    *(f"segmenter.workflows.{verb}" for verb in ("query", "export", "ingest", "run")),
)  # fmt: skip
MAILED = {"g": "mailing", "i": "crowd"}  # works that export a segment
BOUNDED = "SELECT ward, mode, count(distinct patient), sum(nights) FROM stay GROUP BY ward, mode"


def run(work: str, folder: Path, *, warm: bool = False) -> tuple[Stopwatch, Cells | None, Steps]:
    """Do one work: its time, the cells of (a) and (b), and the seconds of each step.

    Each asks for a little more epsilon than any before, so that no stored answer comes back. `warm`
    does it twice, and times the second.
    """
    if work.startswith("h-"):
        return _cold(work.removeprefix("h-"), folder), None, {}
    for module in IMPORTED:
        importlib.import_module(module)
    watch = _Watch()
    with segmenter.open(folder, progress=watch) as session:
        if work in MAILED:
            session.run(
                [MAILED[work]]
            )  # an export goes by the shown cells of a release; the first round pays for it
        if warm:
            _WORKS[work](session, _epsilon())
            time.sleep(0.2)  # so that the next one asks for more
        epsilon = _epsilon()
        with Stopwatch() as took:
            result = _WORKS[work](session, epsilon)
    return (
        took,
        _cells(result) if work in ("a", "b") else None,
        watch.steps(took.began + took.seconds),
    )


def _epsilon() -> str:
    """A little above 1, and more as time passes: 10 nano a second."""
    return f"{1 + (time.time() - 1.79e9) * 1e-8:.9f}"


class _Watch:
    """A progress that notes when each step began."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, float]] = []

    def __call__(self, step: str, _done: float | None = None) -> None:
        if not self.seen or self.seen[-1][0] != step:
            self.seen.append((step, time.perf_counter()))

    def steps(self, ended: float) -> Steps:
        """Seconds a step."""
        ends = [*(began for _, began in self.seen[1:]), ended][: len(self.seen)]
        made: Steps = {}
        for (step, began), end in zip(self.seen, ends, strict=True):
            made[step] = made.get(step, 0) + end - began
        return made


def _cells(result: Any) -> Cells:
    (segment,) = result.to_dict()["segments"]
    return {
        tuple(cell[name] for name in CELLS): cell["count"]
        for cell in segment["cells"]
        if cell["count"] is not None
    }


def _cold(verb: str, folder: Path) -> Stopwatch:
    """A whole process, from nothing to its exit. The processor's time is the child's."""
    command = [
        sys.executable,
        "-m",
        "segmenter.cli",
        *(["--help"] if verb == "help" else ["-C", str(folder), verb]),
    ]
    with Stopwatch() as took:
        subprocess.run(command, check=True, capture_output=True)
    used = os.times()
    took.processor = used.children_user + used.children_system
    return took


_WORKS: dict[str, Callable[[Any, str], Any]] = {
    "a": lambda session, epsilon: session.run(["everyone"], epsilon=epsilon),
    "b": lambda session, epsilon: session.run(["gated"], epsilon=epsilon),
    "c": lambda session, epsilon: session.query(BOUNDED, purpose="census", epsilon=epsilon),
    "d": lambda session, epsilon: session.run(["job*"], epsilon=epsilon),
    "e": lambda session, _epsilon: session.ingest(),
    "f": lambda session, _epsilon: session.ingest(),
    "g": lambda session, _epsilon: session.export(
        MAILED["g"], channel="email", destination="mailer"
    ),
    "i": lambda session, _epsilon: session.export(
        MAILED["i"], channel="email", destination="mailer"
    ),
}
