"""Other libraries at works (a) and (b): each is a module here.

It is used only if its library is installed, and never needed by the product.

Each lives in its own environment, made from `benchmarks/requirements-NAME.txt`; name its
interpreter in `BENCH_PYTHON_NAME` (the package `duckdb` must be there too). A library installed
beside the program is used as it is.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.stopwatch import Stopwatch

PEERS = {
    "diffprivlib": "diffprivlib",
    "opendp": "opendp",
    "smartnoise": "snsql",
    "pipeline_dp": "pipeline_dp",
    "tumult": "tmlt.analytics",
}
PACKAGES = {**PEERS, "smartnoise": "smartnoise-sql", "pipeline_dp": "pipeline-dp"}
WORKS = ("a", "b")
ROUNDS = 3  # peers take long: fewer rounds

Cells = dict[tuple[str, ...], float]


def interpreter(side: str) -> str:
    """The Python that runs a side."""
    return os.environ.get(f"BENCH_PYTHON_{side.upper()}", sys.executable)


def installed() -> list[str]:
    """The peers that can run here."""
    return [
        name
        for name, module in PEERS.items()
        if interpreter(name) != sys.executable or _has(name, module)
    ]


def _has(name: str, module: str) -> bool:
    try:
        return (
            importlib.util.find_spec(module) is not None
            and importlib.import_module(f"benchmarks.peers.{name}").usable()
        )
    except (ImportError, ModuleNotFoundError):
        return False


def versions() -> dict[str, str | None]:
    """Every peer's version in its environment; None where it is not installed."""
    return {name: _version(name, package) for name, package in PACKAGES.items()}


def _version(name: str, package: str) -> str | None:
    asked = f"import importlib.metadata as m; print(m.version({package!r}))"
    done = subprocess.run(
        [interpreter(name), "-c", asked], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or None


def run(side: str, work: str, folder: Path) -> tuple[Stopwatch, Cells]:
    """One work by one peer: its time, and the cells it would publish.

    Imports and starting Spark are not counted.
    """
    found: tuple[Stopwatch, Cells] = importlib.import_module(f"benchmarks.peers.{side}").run(
        work, folder
    )
    return found
