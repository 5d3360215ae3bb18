"""One ingest: the declared sources become one new snapshot file, whole or not at all."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Protocol

from segmenter.engine import DuckDBEngine
from segmenter.errors import EngineError, SourceError
from segmenter.model import Snapshot
from segmenter.private.files import copy, new_file, sweep
from segmenter.sources import snapshot_file
from segmenter.sources.changes import Change, source_states, watched_states
from segmenter.sources.events import deny_broken, ingest_consent
from segmenter.sources.facts import ingest_facts
from segmenter.sources.files import unreadable
from segmenter.sources.hashes import hash_identifiers
from segmenter.sources.health import tell_health
from segmenter.sources.links import CloseLinks, ingest_links
from segmenter.sources.load import PREVIOUS, Load
from segmenter.sources.matches import match
from segmenter.sources.patients import ingest_patients
from segmenter.sources.preferences import ingest_preferences
from segmenter.sources.progress import DECISIONS, shares
from segmenter.sources.reduction import reduce_facts
from segmenter.sources.results import Ingested, Quarantined
from segmenter.sources.suppressions import ingest_suppressions
from segmenter.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from segmenter.private.keys import Keys
    from segmenter.project.declared import Sources
    from segmenter.project.policy import Policy
    from segmenter.sources.changes import Part, SourceState
    from segmenter.sources.files import SourceFile

DECLARATIONS = "sources.yml"
LISTED = 100_000  # quarantined rows that the result lists; the snapshot holds them all


class DeclaredProject(Protocol):
    """What of a project an ingest reads."""

    @property
    def root(self) -> Path:
        """The project's folder."""

    @property
    def policy(self) -> Policy:
        """The policy in force."""

    @property
    def sources(self) -> Sources:
        """What `sources.yml` declares."""


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What a load begins with: the tables of the previous snapshot, and what changed since then.

    `carried`: the new file begins as a copy of the previous one.
    """

    previous: Tables
    states: Mapping[str, SourceState]
    watched: Mapping[str, SourceState]
    carried: bool


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of a load, by the name under which its progress is told."""

    name: str
    run: Callable[[], None]


def ingest(
    project: DeclaredProject,
    home: Path,
    keys: Keys,
    now: datetime,
    previous: Snapshot | None,
    progress: Callable[[str, float | None], None],
    close_links: CloseLinks,
) -> Ingested:
    """Read every declared source into a new snapshot, `home/snapshots/<id>.duckdb`.

    The file is encrypted unless the policy says otherwise. It appears complete under its name at
    the end, or not at all. Identity numbers and suppression entries of `previous` are carried over
    (S1). `close_links` makes groups of linked ids (C13). Raises `SourceError` (exit 2) for a
    patient source that is not there, and for any declared file that cannot be read.
    """
    folder = home / "snapshots"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    sweep(folder)
    name = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    path = folder / f"{name}.duckdb"
    file_key = keys.file_key() if project.policy.encryption else None
    with new_file(path) as part, DuckDBEngine(home / "spill", file_key) as engine:
        beginning = _beginning(engine, project, previous)
        if beginning.carried and previous is not None:
            copy(previous.path, part)
        with engine.writing(part) as file:
            load = Load(
                engine=engine,
                root=project.root,
                policy=project.policy,
                sources=project.sources,
                keys=keys,
                now=now,
                progress=progress,
                file=file,
                previous=beginning.previous,
                states=beginning.states,
                watched=beginning.watched,
                carried=beginning.carried,
                full=not beginning.carried,
            )
            snapshot_file.begin(load)
            _read_all(load, close_links)
            quarantined = _quarantined(load)
            health = tell_health(load)
            _require_unchanged(load)
            snapshot_file.finish(load)
    return Ingested(
        snapshot=Snapshot(name, path, now, project.policy.time_zone),
        tables=dict(load.counts),
        quarantine_rows=quarantined,
        changed=_changed(load),
        full=load.full,
        health=health,
        left_out={source: tuple(names) for source, names in load.left_out.items() if names},
    )


def _beginning(
    engine: DuckDBEngine, project: DeclaredProject, previous: Snapshot | None
) -> _Beginning:
    """What is there, what changed, what can be carried over."""
    root, policy, sources = project.root, project.policy, project.sources
    tables = Tables()
    if previous is not None:
        tables = engine.attach(previous.path).prefixed(PREVIOUS)
    states = source_states(engine, root, sources, policy, tables)
    watched = watched_states(engine, root, sources, tables)
    carried = (
        previous is not None
        and states["consent"].change is not Change.OTHER
        and previous.time_zone == policy.time_zone
    )
    return _Beginning(tables, states, watched, carried)


def _read_all(load: Load, close_links: CloseLinks) -> None:
    """Run every step, each after its progress is told."""
    done = shares(load)
    for step in _steps(load, close_links):
        load.progress(step.name, done[step.name])
        with _blamed(load):
            step.run()
    load.progress("identifiers", done["identifiers"])
    rehashed = hash_identifiers(load)
    match(load, rehashed=rehashed)
    load.progress(DECISIONS, done[DECISIONS])


def _steps(load: Load, close_links: CloseLinks) -> Iterator[_Step]:
    yield _Step("patients", partial(ingest_patients, load))
    for fact in load.sources.facts.values():
        yield _Step(f"facts: {fact.name}", partial(ingest_facts, load, fact))
    yield _Step("facts reduced", partial(reduce_facts, load))
    yield _Step("consent", partial(ingest_consent, load))
    yield _Step("links", partial(ingest_links, load, close_links))
    yield _Step("preferences", partial(ingest_preferences, load))
    yield _Step("broken consents", partial(deny_broken, load))
    yield _Step("suppression lists", partial(ingest_suppressions, load))


def _changed(load: Load) -> frozenset[str]:
    """The sources that differ from the previous snapshot's; those that are watched always may."""
    changed = set(snapshot_file.WATCHED)
    for name, state in load.states.items():
        if state.change is not Change.SAME:
            changed.add(name)
    return frozenset(changed)


def _quarantined(load: Load) -> tuple[Quarantined, ...]:
    most = {"most": LISTED}
    rows = load.engine.rows("quarantine_listed", reads=load.tables, values=most)
    return tuple(Quarantined(*row) for row in rows)


# -- whose fault it is -----------------------------------------------------------------------------


@contextlib.contextmanager
def _blamed(load: Load) -> Iterator[None]:
    """If a step fails, say which file is to blame: one that is read in place, or sources.yml."""
    try:
        yield
    except SourceError as error:
        first = error.problems[0]
        if first.file is None and first.line is not None:
            declared = load.root / DECLARATIONS
            raise SourceError(
                first.message, file=declared, line=first.line, hint=first.hint
            ) from None
        raise
    except EngineError:
        for file in _scanned(load):
            if not load.engine.parquet_whole(file.path):
                raise unreadable(file, "is not a Parquet file that can be read") from None
        raise


def _require_unchanged(load: Load) -> None:
    """Refuse files that changed since the load began: what was taken from them is of two minds."""
    states = [*load.states.values(), *load.watched.values()]
    for part in [part for state in states for part in state.parts]:
        for file in part.files:
            if file.fingerprint() != part.prints[file.path]:
                raise unreadable(file, "changed while it was read")


def _scanned(load: Load) -> Iterator[SourceFile]:
    for part in _parts(load):
        yield from _scanned_files(part)


def _parts(load: Load) -> Iterator[Part]:
    for state in load.states.values():
        yield from state.parts


def _scanned_files(part: Part) -> Iterator[SourceFile]:
    """The files of a declared place that may be read in place."""
    for file in part.files:
        if not file.remote and "parquet" in (part.read.format, file.kind):
            yield file
