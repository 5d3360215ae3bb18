"""Trying a project out without real data: what `segmenter test` and the pytest plugin check.

A project's policy and segments are put on an invented world in a folder of its own: no real source,
control database, anchor or webhook is touched. Checked are the committed costs (`budgets.lock`),
that every segment finds somebody, and that what a run would publish leaks no more than its epsilon.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter import context
from segmenter.budget import accounting
from segmenter.consent import gate as consent
from segmenter.errors import SegmenterError
from segmenter.journal.failures import URL_VARIABLE
from segmenter.model import Clocks, Cost, Framed, Role, Spend
from segmenter.planning import budget_lock, planner
from segmenter.planning.release_plan import ReleasePlan
from segmenter.project.family import Setting, region
from segmenter.project.folder import POLICY, SEGMENTS, read_project
from segmenter.release import cube
from segmenter.selftest import distinguish
from segmenter.selftest.world import World
from segmenter.workflows.decisions import decided
from segmenter.workflows.ingest import ingest

if TYPE_CHECKING:
    from segmenter.context import Context
    from segmenter.noise.mechanisms import Source
    from segmenter.project.family import Family
    from segmenter.project.folder import Project
    from segmenter.project.segment import Resolved

PEOPLE = 400
MOST_RUNS = 6_000


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, whether it passed, and what it found."""

    name: str
    passed: bool
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrialReport(Framed):
    """All checks of a project."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def exit_status(self) -> int:
        """2 if a check failed: the project's files want a change."""
        if self.passed:
            return 0
        return 2

    def to_dict(self) -> dict[str, Any]:
        """The checks, and whether all passed."""
        return {
            "passed": self.passed,
            "checks": [
                {"check": c.name, "passed": c.passed, "found": list(c.found)} for c in self.checks
            ],
        }

    def to_polars(self) -> Any:
        """One row a check."""
        import polars as pl

        return pl.DataFrame(
            [
                {"check": c.name, "passed": c.passed, "found": "\n".join(c.found)}
                for c in self.checks
            ]
        )


def examine(root: Path) -> TrialReport:
    """Run every check on the project at `root`.

    Raises `FileError` and the like if its files are wrong.
    """
    read_project(root)
    checks = (
        _check("budgets.lock", _rises, root),
        _check("every segment finds somebody", uncovered, root),
        _check("nothing leaks more than its epsilon", leaks, root),
    )
    return TrialReport(checks)


def _rises(root: Path) -> list[str]:
    """What costs more, or lets more out, than the project's lock says."""
    changes = budget_lock.changes(root)
    return [str(change) for change in changes if change.rise]


def _check(name: str, check: Callable[[Path], Sequence[str]], root: Path) -> Check:
    try:
        found = tuple(check(root))
    except SegmenterError as error:
        found = tuple(str(problem) for problem in error.problems)
    return Check(name, not found, found)


# -- an invented project ---------------------------------------------------------------------------


@contextlib.contextmanager
def invented(
    root: Path, people: int = PEOPLE, seed: int = 1, folder: Path | None = None
) -> Iterator[Context]:
    """The project's policy and segments on an invented world, ingested.

    The folder is removed afterwards unless it is given.
    """
    project = read_project(root)
    world = World(
        policy=project.policy,
        sources=project.sources,
        segments=_countable(project),
        seed=seed,
    )
    world.fill(people)
    with _folder(folder) as place, opened(root, place, project, world) as made:
        yield made


@contextlib.contextmanager
def opened(root: Path, place: Path, project: Project, world: World) -> Iterator[Context]:
    """A world in `place`, ingested, with nothing of the real project's outside.

    Whoever asks may ask everything of it.
    """
    (place / POLICY).write_bytes((root / POLICY).read_bytes())
    shutil.copytree(root / SEGMENTS, place / SEGMENTS, dirs_exist_ok=True)
    world.write(place)
    apart = dataclasses.replace(project.policy, anchors=())
    with _without_server():
        made = context.opened(place, apart)
        try:
            everyone = dataclasses.replace(
                made, actor=dataclasses.replace(made.actor, roles=frozenset(Role))
            )
            ingest(everyone)
            yield everyone
        finally:
            made.journal.close()


@contextlib.contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="segmenter-trial-") as made:
        yield Path(made)


@contextlib.contextmanager
def _without_server() -> Iterator[None]:
    """The real control database stays out of reach."""
    kept = os.environ.pop(URL_VARIABLE, None)
    try:
        yield
    finally:
        if kept is not None:
            os.environ[URL_VARIABLE] = kept


def _countable(project: Project) -> list[Resolved]:
    """The segments that the policy allows."""
    found = []
    for name in project.selected:
        with contextlib.suppress(SegmenterError):
            found.append(project.resolved(name))
    return found


# -- coverage --------------------------------------------------------------------------------------


def uncovered(root: Path) -> list[str]:
    """The segments that find nobody among invented, consenting people of every kind.

    Such a `where` can hardly be meant.
    """
    with invented(root) as made:
        segments = _countable(read_project(root))
        found = {
            s.name: int(
                _counts(made, s).reshape(-1)[region(s, made.policy.dimensions).ravel()].sum()
            )
            for s in segments
        }
    return [f"{name}: nobody is selected" for name, many in found.items() if many == 0]


def _counts(made: Context, segment: Resolved) -> Any:
    """Exact counts of invented people."""
    from segmenter.project.family import Family

    return _cubes(made, [(Family.of(segment), segment.dimensions)])[0]


def _cubes(made: Context, tables: Sequence[tuple[Family, Sequence[str]]]) -> list[Any]:
    snapshot = made.store.current(made.journal)
    clocks = Clocks(snapshot.taken_at, snapshot.taken_at)
    free = Spend(
        id="invented",
        purpose="",
        question="",
        cost=Cost(epsilon=1),
        seq=0,
    )
    found = []
    with decided(made, snapshot, clocks) as place:
        for family, names in tables:
            request = family.request(clocks)
            eligible = consent.gate(place.engine, made.policy, snapshot, place.decisions, request)
            dimensions = [made.policy.dimensions[name] for name in names]
            counted = cube.count(place.engine, dimensions, eligible, free)
            found.append(counted.counts)
    return found


# -- privacy ---------------------------------------------------------------------------------------


def leaks(
    root: Path, epsilon: str | None = None, noise: Source | None = None, runs: int = MOST_RUNS
) -> list[str]:
    """What of the project's publications leaks more than declared.

    Counts that one human changes too much, noise that hides too little.

    `epsilon` (decimal text) stands for what segments ask. `noise` is the source to try, the
    program's own by default.
    """
    project = read_project(root)
    segments = _countable(project)
    setting = Setting(
        "trial", project.policy.deciding_hash(), Clocks(datetime.now(UTC), datetime.now(UTC))
    )
    made = planner.plan(
        segments, project.policy, setting, lambda _question, _epsilon: None, epsilon
    )
    return [*_moved(root, project, segments, made), *_told(project, made, noise, runs)]


def _moved(
    root: Path, project: Project, segments: Sequence[Resolved], made: ReleasePlan
) -> Iterator[str]:
    """Neighbouring worlds through the whole gate.

    One human less changes one cell of each table by one, at most.
    """
    tables = []
    for plan in made.families:
        for measure in plan.measures:
            if measure.partition is None:
                tables.append((plan.family, measure.dimensions))
    world = World(
        policy=project.policy,
        sources=project.sources,
        segments=segments,
        seed=2,
    ).fill(60)
    neighbour = world.without(str(world.patients[0]["patient_id"]))
    counts = []
    for one in (world, neighbour):
        with _folder(None) as place, opened(root, place, project, one) as world_of:
            counts.append(_cubes(world_of, tables))
    for (family, dimensions), left, right in zip(tables, *counts, strict=True):
        if int(np.abs(left - right).sum()) > 1:
            table = " x ".join(dimensions) or "everyone"
            yield f"{family.purpose}, table {table}: one human changes more than one count"


def _told(project: Project, made: ReleasePlan, noise: Source | None, runs: int) -> Iterator[str]:
    """Neighbouring cubes through publication, many times."""
    for family in made.families:
        limit = family.epsilon / accounting.NANO
        smallest = sorted(
            family.tables, key=lambda t: cube.cells([project.policy.dimensions[d] for d in t])
        )[:2]
        costs = tuple((m.dimensions, m.cost) for m in family.measures if m.partition is None)
        partitions = tuple(
            (m.partition, m.cost) for m in family.measures if m.partition is not None
        )
        enough = min(runs, distinguish.enough_runs(limit))
        provenance = family.provenance(datetime.now(UTC))
        trial = distinguish.Trial(
            policy=project.policy,
            provenance=provenance,
            measures=costs,
            tables=tuple(smallest),
            runs=enough,
            noise=noise,
            partitions=partitions,
        )
        for base in (0, max(0, project.policy.threshold.patients - 1)):
            evidence = trial.attack(base, place=1)
            if evidence.epsilon > limit:
                leak = f"leaks at least epsilon {evidence.epsilon:.3g} where {limit:g} is declared"
                yield f"{family.family.purpose}: {leak} ({evidence.event})"
