"""Other libraries at works (a) and (b): each is a module here, used only where its library is installed, never needed by the product.

Each lives in its own environment, made from `benchmarks/requirements-NAME.txt`; name its interpreter in `BENCH_PYTHON_NAME` (the package
`duckdb` must be there too). A library installed beside the program is used as it is.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path

PEERS = {"diffprivlib": "diffprivlib", "opendp": "opendp", "smartnoise": "snsql", "pipeline_dp": "pipeline_dp", "tumult": "tmlt.analytics"}
WORKS = ("a", "b")
ROUNDS = 3  # peers take long: fewer rounds

Cells = dict[tuple[str, ...], float]


def interpreter(side: str) -> str:
    """The Python that runs a side."""
    return os.environ.get(f"BENCH_PYTHON_{side.upper()}", sys.executable)


def installed() -> list[str]:
    """The peers that can run here."""
    return [name for name, module in PEERS.items() if interpreter(name) != sys.executable or _has(name, module)]


def _has(name: str, module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None and importlib.import_module(f"benchmarks.peers.{name}").usable()
    except (ImportError, ModuleNotFoundError):
        return False


def run(side: str, work: str, folder: Path) -> tuple[float, Cells]:
    """One work by one peer: its seconds, imports and reading the data frame not counted, and the cells it would publish."""
    found: tuple[float, Cells] = importlib.import_module(f"benchmarks.peers.{side}").run(work, folder)
    return found
