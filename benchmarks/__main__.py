"""Measure, print, rewrite docs/benchmarks.md.

`python -m benchmarks --size 1m [--rounds N] [--works abcdefghis] [--folder DIR]`
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import crowd, page, peers, world

RESULTS = Path(__file__).parent / "results"
LARGEST, FEW, MANY = "10m", 3, 5  # rounds
HELP = "which works, by letter"
DECISIONS = ("s-full", "s-gate")
COLD = ("h-help", "h-budget", "h-plan")

Runs = dict[tuple[str, str], list[dict[str, Any]]]


def main() -> None:
    """Run everything that was asked for, at one size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=world.SIZES, default="1m")
    parser.add_argument("--rounds", type=int, help="5, and 3 at ten million")
    parser.add_argument("--works", default="abcdefghis", help=HELP)
    parser.add_argument(
        "--peers",
        default=",".join(peers.installed()),
        help="which peers, of those that are installed",
    )
    parser.add_argument(
        "--folder", type=Path, help="where to put the data; removed at the end unless it is given"
    )
    given = parser.parse_args()
    rounds = given.rounds or (FEW if given.size == LARGEST else MANY)
    folder = given.folder or Path(tempfile.mkdtemp(prefix="segmenter-benchmark-"))
    try:
        runs = measure(
            folder,
            world.SIZES[given.size],
            rounds,
            given.works,
            [p for p in given.peers.split(",") if p],
        )
    finally:
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(page.table(keep(RESULTS / f"{given.size}.json", summary(runs))))
    page.write(RESULTS)


def measure(folder: Path, patients: int, rounds: int, works: str, others: list[str]) -> Runs:
    """All runs: ingest, the questions, interleaved, then the delta, which changes the data."""
    runs: Runs = {}
    if "i" in works:
        _crowd(folder / "crowd", patients, runs, rounds)
    if works == "i":
        return runs
    project = folder / "project"
    if not project.exists():
        _say(f"drawing {patients:,} patients")
        _apart(world.make, project, patients)
    _ingest(project, runs, rounds if "e" in works else 1)
    questions = [(work, side) for work in "abcdg" if work in works for side in _sides(work, others)]
    questions += [(work, "ours") for work in COLD if "h" in works]
    questions += [(work, side) for work in DECISIONS if "s" in works for side in ("plain", "ours")]
    for number in range(rounds):
        for work, side in questions:
            if side not in peers.PEERS or number < peers.ROUNDS:
                runs.setdefault((work, side), []).append(_fresh(work, side, project, number))
    for number in range(min(rounds, 3) if set("fs") & set(works) else 0):
        world.add_delta(project, patients, number)
        for work in ("f", *(["s-delta"] if "s" in works else [])):
            runs.setdefault((work, "ours"), []).append(_fresh(work, "ours", project, number))
        if "s" in works:
            world.add_delta(project, patients, number, "mixed")
            _fresh("f", "ours", project, number)  # ingested, and not counted
            runs.setdefault(("s-mixed", "ours"), []).append(
                _fresh("s-mixed", "ours", project, number)
            )
    return runs


def _apart(draw: Callable[..., None], *given: object) -> None:
    """Draw data in a process of its own, whose peak of memory nothing else inherits."""
    drawing = multiprocessing.get_context("spawn").Process(target=draw, args=given)
    drawing.start()
    drawing.join()
    if drawing.exitcode:
        sys.exit(drawing.exitcode)


def _crowd(project: Path, patients: int, runs: Runs, rounds: int) -> None:
    """Work (i), in a project of its own; its ingest is not counted."""
    if not project.exists():
        _say(f"drawing {patients:,} patients and {crowd.ENTRIES} entries for each")
        _apart(crowd.make, project, patients)
        _fresh("e", "ours", project, 0)
    for number in range(rounds):
        for side in ("plain", "ours"):
            runs.setdefault(("i", side), []).append(_fresh("i", side, project, number))


def _sides(work: str, others: list[str]) -> list[str]:
    return [
        "plain",
        *(["latest", "ours", "warm"] if work == "b" else ["ours"]),
        *(others if work in peers.WORKS else []),
    ]


def _ingest(project: Path, runs: Runs, rounds: int) -> None:
    """Work (e), each round from nothing; the last round's files stay for the other works."""
    if (project / ".segmenter").exists() and rounds == 1 and (project / "plain.duckdb").exists():
        return
    for number in range(min(rounds, 3)):
        shutil.rmtree(project / ".segmenter", ignore_errors=True)
        for side in ("plain", "ours"):
            runs.setdefault(("e", side), []).append(_fresh("e", side, project, number))


def _fresh(work: str, side: str, project: Path, number: int) -> dict[str, Any]:
    _say(f"round {number + 1}: ({work}) {side}")
    command = [peers.interpreter(side), "-m", "benchmarks.one", work, side, str(project)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False
    )
    if done.returncode:
        _say(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "failed")
        return {"seconds": None, "processor": None, "peak": None, "error": None, "steps": {}}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    _say(f"  {found['seconds']:.3f} s, {found['peak']:.0f} MiB")
    return found


def summary(runs: Runs) -> dict[str, Any]:
    """Medians, and on what they were measured."""
    works = [
        {
            "work": work,
            "side": side,
            "seconds": _median(taken, "seconds"),
            "processor": _median(taken, "processor"),
            "peak": max((t["peak"] for t in taken if t["peak"] is not None), default=None),
            "error": _median(taken, "error"),
            "rounds": len(taken),
            "steps": {
                step: statistics.median(t["steps"].get(step, 0.0) for t in taken)
                for step in (taken[-1]["steps"] or {})
            },
        }
        for (work, side), taken in runs.items()
    ]
    return {
        "machine": page.machine(),
        "versions": page.versions(),
        "peers": peers.versions(),
        "works": works,
    }


def keep(file: Path, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Write the results of one size; works that were not measured keep what was found before."""
    before = json.loads(file.read_text(encoding="utf-8"))["works"] if file.exists() else []
    measured = {(w["work"], w["side"]) for w in found["works"]}
    works: list[dict[str, Any]] = [
        *found["works"],
        *(w for w in before if (w["work"], w["side"]) not in measured),
    ]
    file.parent.mkdir(exist_ok=True)
    file.write_text(
        json.dumps(
            {**found, "works": sorted(works, key=lambda w: (w["work"], w["side"]))}, indent=1
        )
        + "\n",
        encoding="utf-8",
    )
    return works


def _median(taken: list[dict[str, Any]], what: str) -> float | None:
    known = [t[what] for t in taken if t[what] is not None]
    return statistics.median(known) if known else None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
