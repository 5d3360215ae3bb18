"""The decisions alone: everyone's, those that a delta touches, what the gate adds to a count.

Ingest is not counted.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlglot

import segmenter
from benchmarks.stopwatch import Stopwatch
from benchmarks.world import CELLS
from segmenter.consent import gate, state
from segmenter.model import Clocks, Cost, Eligible, ProcessingRequest, Spend
from segmenter.release import cube
from segmenter.workflows.decisions import TOUCHED, decided, opened

if TYPE_CHECKING:
    from segmenter.context import Context

REPEATS = 10  # of a count, which takes milliseconds


def run(work: str, side: str, folder: Path) -> Stopwatch:
    """`s-full`, `s-delta`, `s-mixed` or `s-gate`, on the newest snapshot."""
    with segmenter.open(folder) as session:
        if work == "s-gate":
            return _count(session.context, gated=side == "ours")
        return _settle(session.context, follows=work != "s-full")


def _settle(context: Context, *, follows: bool) -> Stopwatch:
    """Decide into a file beside the states.

    A delta starts from a copy of the state before; copying the file is not counted.
    """
    *earlier, snapshot = context.store.snapshots(context.journal)
    path = context.home / "states" / f"{snapshot.id}-benchmark.duckdb"
    before = None
    copied = Stopwatch()

    def told(step: str, _done: float | None) -> None:
        if step == state.COPYING:
            copied.started()
        elif copied.began and not copied.seconds:
            copied.stop()

    sqlglot.Dialect.get_or_raise("duckdb")  # imports are not counted, and this one is late
    try:
        with opened(context, snapshot) as place:
            if follows:
                earlier_state = context.store.state_path(earlier[-1], state.mark(context.policy))
                before = state.Before(earlier_state, place.tables[TOUCHED])
            with Stopwatch() as took:
                state.settle(
                    place.engine,
                    context.policy,
                    snapshot,
                    place.tables,
                    path,
                    before=before,
                    progress=told,
                )
    finally:
        path.unlink(missing_ok=True)
    return took.less(copied)


def _count(context: Context, *, gated: bool) -> Stopwatch:
    """The same GROUP BY over everyone, or over who may be used.

    Done as often before, so that what a first time costs is not counted.
    """
    snapshot, policy = context.store.current(context.journal), context.policy
    clocks = Clocks(snapshot.taken_at, snapshot.taken_at)
    request = ProcessingRequest("outreach", ("email",), "t1", ("identity",), clocks)
    dimensions = [policy.dimensions[name] for name in CELLS]
    with decided(context, snapshot, clocks) as place:
        engine, decisions = place.engine, place.decisions
        chosen = Eligible(request, snapshot, policy.deciding_hash(), decisions["person"])
        for repeats in (REPEATS, REPEATS):
            with Stopwatch() as took:
                for _ in range(repeats):
                    if gated:
                        chosen = gate.gate(engine, policy, snapshot, decisions, request)
                    cube.count(
                        engine, dimensions, chosen, Spend("", request.purpose, "", Cost(), 0)
                    )
    return took
