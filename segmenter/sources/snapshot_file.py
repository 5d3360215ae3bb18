"""What a new snapshot's file begins and ends with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from segmenter.identifiers import AROUND
from segmenter.model import stamp
from segmenter.sources.load import LEFT_OUT, QUARANTINE, Load

if TYPE_CHECKING:
    import polars as pl

    from segmenter.sources.changes import SourceState

WATCHED = ("link", "preference")  # sources that are read whole each time
READ_ALONG = ("death",)  # with the patient table
OF_FACTS = ("fact_", "reduced_")  # begin the names of a fact source's tables


def begin(load: Load) -> None:
    """Make the tables that every step adds to, empty or with what is carried over."""
    if load.carried:
        _continue(load)
    else:
        _start(load)
    load.create("touched", {"patient": "BIGINT", "since": "BIGINT"})


def _start(load: Load) -> None:
    """Begin with no rows, but for the numbers of patient ids: these stay for ever."""
    load.create("quarantine", QUARANTINE)
    identity = load.create("identity", {"patient": "BIGINT", "patient_id": "VARCHAR"})
    if load.previous:
        kept = {"around": AROUND}
        load.engine.add(identity, "identity_kept", reads=load.previous, values=kept)


def _continue(load: Load) -> None:
    """Begin with the tables of the previous snapshot.

    Those of sources that are no longer declared go.
    """
    engine = load.engine
    load.tables = load.file.tables
    declared = {f"{prefix}{fact}" for prefix in OF_FACTS for fact in load.sources.facts}
    for name, table in load.file.tables.items():
        if name.startswith(OF_FACTS) and name not in declared:
            engine.drop(table)
            load.tables = load.tables.without(name)
    before = {name for name in load.file.tables if name.startswith("fact_")}
    if before != {f"fact_{fact}" for fact in load.sources.facts}:
        load.full = True
    for (source,) in engine.rows("quarantine_source", reads=load.tables):
        if source not in {*load.states, *WATCHED, *READ_ALONG}:
            engine.delete(load.tables["quarantine"], "source", source)


def finish(load: Load) -> None:
    """Write what the next ingest has to know."""
    load.write("table_count", _counts(load))
    load.write("meta", _meta(load))
    load.write("source_file", _files(load))


def _counts(load: Load) -> pl.DataFrame:
    import polars as pl

    rows = [(name, c.read, c.kept, c.quarantined) for name, c in load.counts.items()]
    schema = {"name": pl.String, "read": pl.Int64, "kept": pl.Int64, "quarantined": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _meta(load: Load) -> pl.DataFrame:
    import polars as pl

    meta = {"taken_at": stamp(load.now), "time_zone": load.policy.time_zone}
    for name, state in load.states.items():
        meta[f"declaration {name}"] = state.reading
    meta[LEFT_OUT] = json.dumps(load.left_out, sort_keys=True)
    meta.update(load.meta)
    schema = {"key": pl.String, "value": pl.String}
    return pl.DataFrame(list(meta.items()), schema=schema, orient="row")


def _files(load: Load) -> pl.DataFrame:
    import polars as pl

    rows = [*_places(load.states), *_places(load.watched)]
    schema = {"source": pl.String, "path": pl.String, "fingerprint": pl.String, "part": pl.Int32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _places(states: Mapping[str, SourceState]) -> Iterator[tuple[str, str, str, int]]:
    """Source, path, fingerprint and part of every file."""
    for source, state in states.items():
        for number, part in enumerate(state.parts):
            for path, fingerprint in part.prints.items():
                yield source, path, fingerprint, number
