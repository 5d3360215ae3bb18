"""The file of a new snapshot: begun empty or as a copy of the previous one, and finished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from segmenter.identifiers import AROUND
from segmenter.model import stamp
from segmenter.sources.load import NEW, OLD, QUARANTINE, Load
from segmenter.store.files import copy

if TYPE_CHECKING:
    from pathlib import Path

    from segmenter.model import Snapshot
    from segmenter.sources.changes import SourceState

WATCHED = ("link", "preference")  # sources that are read whole each time
READ_ALONG = ("death",)  # with the patient table


def begin(load: Load, part: Path, previous: Snapshot | None) -> None:
    """Attach the new file, empty or with the tables of the previous one."""
    if load.carried and previous is not None:
        copy(previous.path, part)
    load.engine.attach(NEW, part, write=True)
    load.engine.create(load.table("touched"), {"patient": "BIGINT", "since": "BIGINT"})
    if load.carried:
        _continue(load)
    else:
        _start(load)


def _start(load: Load) -> None:
    """Begin with no rows, but for the numbers of patient ids: these stay for ever."""
    engine = load.engine
    engine.create(load.table("quarantine"), QUARANTINE)
    engine.create(load.table("identity"), {"patient": "BIGINT", "patient_id": "VARCHAR"})
    engine.expose(NEW, ["identity", "quarantine"])
    if load.previous:
        engine.add(load.table("identity"), "identity_kept", {"around": AROUND})


def _continue(load: Load) -> None:
    """Begin with the tables of the previous snapshot.

    Those of sources that are no longer declared go.
    """
    engine = load.engine
    facts = {f"fact_{name}" for name in load.sources.facts}
    reduced = {f"reduced_{name}" for name in load.sources.facts}
    for table in engine.tables(NEW):
        if table.startswith(("fact_", "reduced_")) and table not in facts | reduced:
            engine.drop(f"{NEW}.{table}")
    engine.expose(NEW)
    before = {table for table in engine.tables(OLD) if table.startswith("fact_")}
    if before != facts:
        load.full = True
    for (source,) in engine.rows("quarantine_source"):
        if source not in {*load.states, *WATCHED, *READ_ALONG}:
            engine.delete(load.table("quarantine"), "source", source)


def finish(load: Load) -> None:
    """Write what the next ingest has to know, and complete the file."""
    _write_counts(load)
    _write_meta(load)
    _write_files(load)
    load.engine.detach(NEW)


def _write_counts(load: Load) -> None:
    import polars as pl

    rows = [(name, c.read, c.kept, c.quarantined) for name, c in load.counts.items()]
    schema = {"name": pl.String, "read": pl.Int64, "kept": pl.Int64, "quarantined": pl.Int64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    load.engine.load(load.table("table_count"), frame)


def _write_meta(load: Load) -> None:
    import polars as pl

    meta = {"taken_at": stamp(load.now), "time_zone": load.policy.time_zone}
    for name, state in load.states.items():
        meta[f"declaration {name}"] = state.reading
    meta.update(load.meta)
    schema = {"key": pl.String, "value": pl.String}
    frame = pl.DataFrame(list(meta.items()), schema=schema, orient="row")
    load.engine.load(load.table("meta"), frame)


def _write_files(load: Load) -> None:
    import polars as pl

    rows = [*_files(load.states), *_files(load.watched)]
    schema = {"source": pl.String, "path": pl.String, "fingerprint": pl.String, "part": pl.Int32}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    load.engine.load(load.table("source_file"), frame)


def _files(states: Mapping[str, SourceState]) -> Iterator[tuple[str, str, str, int]]:
    """Source, path, fingerprint and part of every file."""
    for source, state in states.items():
        for number, part in enumerate(state.parts):
            for path, fingerprint in part.prints.items():
                yield source, path, fingerprint, number
