"""One ingest: the declared sources become one new snapshot file, whole or not at all."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from segmenter.engine import DuckDBEngine
from segmenter.errors import EngineError, SourceError
from segmenter.model import Snapshot, stamp
from segmenter.sources import stage as staging
from segmenter.sources.events import deny_broken, ingest_consent
from segmenter.sources.facts import ingest_facts
from segmenter.sources.files import unreadable
from segmenter.sources.links import ingest_links
from segmenter.sources.matches import match
from segmenter.sources.patients import ingest_patients
from segmenter.sources.plan import Change, plan, watched
from segmenter.sources.preferences import ingest_preferences
from segmenter.sources.reduction import reduce_facts
from segmenter.sources.shares import DECISIONS, shares
from segmenter.sources.suppressions import ingest_suppressions
from segmenter.sources.work import OLD, QUARANTINE, SNAP, TableCount, Work
from segmenter.store.files import copy, new_file, sweep

if TYPE_CHECKING:
    from segmenter.project.declared import Sources
    from segmenter.project.policy import Policy
    from segmenter.sources.files import SourceFile
    from segmenter.store.keys import Keys

DECLARATIONS = "sources.yml"
LISTED = 100_000  # quarantined rows that the result lists; the snapshot holds them all


class Declared(Protocol):
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
class Quarantined:
    """One row in quarantine: where it stands and which rule says so; never what it holds."""

    source: str
    origin: str
    line: int
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest made. Exact counts are for officers and operators (P17).

    `changed` names the sources that differ from the previous snapshot's (links and preferences are
    always among them). `full`: patients may have changed who are not in the snapshot's table
    `touched`, whose `since` is the first new event of those who only said something new.
    """

    snapshot: Snapshot
    tables: Mapping[str, TableCount]
    quarantine_rows: tuple[Quarantined, ...] = field(repr=False)
    changed: frozenset[str]
    full: bool = True


def ingest(
    project: Declared,
    home: Path,
    keys: Keys,
    now: datetime,
    previous: Snapshot | None,
    progress: Callable[[str, float | None], None],
) -> Ingested:
    """Read every declared source into `home/snapshots/<id>.duckdb` (encrypted unless the policy says otherwise) and give the new snapshot.

    The file appears complete under its name at the end, or not at all. Identity numbers and
    suppression entries of `previous` are carried over (S1). Raises `SourceError` (exit 2) for a
    patient source that is not there, and for any declared file that cannot be read.
    """
    folder = home / "snapshots"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    sweep(folder)
    name = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
    path = folder / f"{name}.duckdb"
    file_key = keys.file_key() if project.policy.encryption else None
    with new_file(path) as part, DuckDBEngine(home / "spill", file_key) as engine:
        work = _begin(engine, project, keys, now, previous, part, progress)
        _read_all(work)
        found = _quarantined(work)
        _unchanged(work)
        _finish(work)
    snapshot = Snapshot(name, path, now, project.policy.time_zone)
    changed = frozenset(
        name for name, standing in work.plan.items() if standing.change is not Change.SAME
    ) | {"link", "preference"}
    return Ingested(snapshot, dict(work.counts), found, changed, work.full)


def _begin(
    engine: DuckDBEngine, project: Declared, keys: Keys, now: datetime, previous: Snapshot | None, part: Path,
    progress: Callable[[str, float | None], None],
) -> Work:  # fmt: skip
    if previous is not None:
        engine.attach(OLD, previous.path)
        engine.expose(OLD, prefix="old_")
    staging.prepare(engine)
    planned = plan(
        engine, project.root, project.sources, project.policy, previous=previous is not None
    )
    seen = watched(engine, project.root, project.sources, previous=previous is not None)
    carried = (
        previous is not None
        and planned["consent"].change is not Change.OTHER
        and previous.time_zone == project.policy.time_zone
    )
    if carried and previous is not None:
        copy(previous.path, part)
    engine.attach(SNAP, part, write=True)
    given = (engine, project.root, project.policy, project.sources, keys, now, progress)
    work = Work(*given, previous is not None, planned, seen, carried, not carried)
    engine.create(work.table("touched"), {"patient": "BIGINT", "since": "BIGINT"})
    if carried:
        _continue(work)
    else:
        engine.create(work.table("quarantine"), QUARANTINE)
        engine.create(work.table("identity"), {"patient": "BIGINT", "patient_id": "VARCHAR"})
        engine.expose(SNAP, ["identity", "quarantine"])
        if previous is not None:
            engine.add(work.table("identity"), "identity_kept")
    return work


def _continue(work: Work) -> None:
    """Begin with the tables of the previous snapshot, but for those of fact sources that are no longer declared."""
    engine = work.engine
    declared = {f"fact_{name}" for name in work.sources.facts}
    kept = {*declared, *(f"reduced_{name}" for name in work.sources.facts)}
    for table in engine.tables(SNAP):
        if table.startswith(("fact_", "reduced_")) and table not in kept:
            engine.drop(f"{SNAP}.{table}")
    engine.expose(SNAP)
    if {t for t in engine.tables(OLD) if t.startswith("fact_")} != declared:
        work.full = True
    for source in engine.rows("quarantine_source"):
        if source[0] not in {*work.plan, "link", "preference"}:
            engine.delete(work.table("quarantine"), "source", source[0])


def _read_all(work: Work) -> None:
    sources = work.sources
    steps: list[tuple[str, Callable[[], None]]] = [
        ("patients", lambda: ingest_patients(work)),
        *(
            (f"facts: {fact.name}", lambda fact=fact: ingest_facts(work, fact))
            for fact in sources.facts.values()
        ),
        ("facts reduced", lambda: reduce_facts(work)),
        ("consent", lambda: ingest_consent(work)),
        ("links", lambda: ingest_links(work)),
        ("preferences", lambda: ingest_preferences(work)),
        ("broken consents", lambda: deny_broken(work)),
        ("suppression lists", lambda: ingest_suppressions(work)),
    ]
    done = shares(work)
    for step, run in steps:
        work.progress(step, done[step])
        with _blamed(work):
            run()
    work.progress("identifiers", done["identifiers"])
    match(work, rehashed=_hash(work))
    work.progress(DECISIONS, done[DECISIONS])


@contextlib.contextmanager
def _blamed(work: Work) -> Iterator[None]:
    """Where a step fails, say which file is to blame: one that is read where it lies, or the declaration's line."""
    try:
        yield
    except SourceError as error:
        first = error.problems[0]
        if first.file is None and first.line is not None:
            raise SourceError(
                first.message, file=work.root / DECLARATIONS, line=first.line, hint=first.hint
            ) from None
        raise
    except EngineError:
        for file in _scanned(work):
            if not work.engine.parquet_whole(file.path):
                raise unreadable(file, "is not a Parquet file that can be read") from None
        raise


def _scanned(work: Work) -> Iterator[SourceFile]:
    for standing in work.plan.values():
        for part in standing.parts:
            yield from (
                file
                for file in part.files
                if not file.remote and "parquet" in (part.read.format, file.kind)
            )


def _unchanged(work: Work) -> None:
    """Refuse files that changed while they were read where they lie: what was taken from them would be of two minds."""
    before = {
        path: print_
        for standing in work.plan.values()
        for part in standing.parts
        for path, print_ in part.prints
    }
    for file in _scanned(work):
        if file.fingerprint() != before[file.path]:
            raise unreadable(file, "changed while it was read")


def _hash(work: Work) -> bool:
    """Write the keyed hashes of the patients whose identifiers may have changed; gives whether there were any."""
    from segmenter.identifiers import hash_patients

    engine, region = work.engine, work.policy.region
    if not work.carried or (
        not engine.has("patient_touched") and work.plan["patient"].change is not Change.SAME
    ):
        hash_patients(engine, work.keys, region, work.table("address"))
        _hash_aside(work)
        engine.expose(SNAP, ["address"])
        return True
    if not engine.has("patient_touched"):
        engine.create("patient_touched", {"patient": "BIGINT"})
    engine.make("rehash", "rehash")
    if not engine.count("rehash"):
        return False
    engine.make("identity_few", "identity_touched")
    engine.make("patient_few", "patient_few")
    engine.alias("identity", "identity_few")
    engine.alias("patient", "patient_few")
    hash_patients(engine, work.keys, region, "address_new")
    engine.expose(SNAP, ["identity", "patient"])
    work.keep("address", "address_kept")
    _hash_aside(work)
    return True


def _hash_aside(work: Work) -> None:
    """Add the addresses of patient rows in quarantine, where any were read: lists reach whoever is linked to them (S2)."""
    from segmenter.identifiers import hash_patients

    engine = work.engine
    if not engine.has("aside_row") or not engine.count("aside_row"):
        return
    engine.create("identity_none", {"patient": "BIGINT", "patient_id": "VARCHAR"})
    engine.alias("identity", "identity_none")
    engine.alias("patient", "aside_row")
    hash_patients(engine, work.keys, work.policy.region, "address_aside")
    engine.append_table(work.table("address"), "address_aside")
    engine.expose(SNAP, ["identity", "patient"])


def _quarantined(work: Work) -> tuple[Quarantined, ...]:
    return tuple(
        Quarantined(*row) for row in work.engine.rows("quarantine_listed", {"most": LISTED})
    )


def _finish(work: Work) -> None:
    import polars as pl

    counts = [(name, c.read, c.kept, c.quarantined) for name, c in work.counts.items()]
    schema = {"name": pl.String, "read": pl.Int64, "kept": pl.Int64, "quarantined": pl.Int64}
    work.engine.load(work.table("table_count"), pl.DataFrame(counts, schema=schema, orient="row"))
    how = {f"declaration {name}": standing.declaration for name, standing in work.plan.items()}
    meta = {"taken_at": stamp(work.now), "time_zone": work.policy.time_zone, **how, **work.meta}
    work.engine.load(
        work.table("meta"),
        pl.DataFrame(
            list(meta.items()), schema={"key": pl.String, "value": pl.String}, orient="row"
        ),
    )
    files = [
        (name, path, print_, i)
        for name, standing in (*work.plan.items(), *work.watched.items())
        for i, part in enumerate(standing.parts)
        for path, print_ in part.prints
    ]
    schema = {"source": pl.String, "path": pl.String, "fingerprint": pl.String, "part": pl.Int32}
    work.engine.load(work.table("source_file"), pl.DataFrame(files, schema=schema, orient="row"))
    work.engine.detach(SNAP)
