"""Keyed hashes of patients' identifiers -> `address`, written anew only for who changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.identifiers import hash_patients
from segmenter.sources.changes import Change

if TYPE_CHECKING:
    from segmenter.engine import Table
    from segmenter.sources.load import Load


def hash_identifiers(load: Load) -> bool:
    """Write the keyed hashes of the patients whose identifiers may have changed.

    Gives whether there were any.
    """
    if not load.carried or (load.patient_touched is None and _patients_changed(load)):
        _hash_all(load)
        return True
    with load.engine.scope():
        rehash = _rehash(load)
        if not load.engine.count(rehash):
            return False
        _hash_few(load, rehash)
    _hash_aside(load)
    return True


def _patients_changed(load: Load) -> bool:
    return load.states["patient"].change is not Change.SAME


def _hash_all(load: Load) -> None:
    region = load.policy.region
    hash_patients(load.engine, load.keys, region, load.tables, load.file.table("address"))
    load.kept("address")
    _hash_aside(load)


def _rehash(load: Load) -> Table:
    """The patients whose identifiers may have changed."""
    touched = load.patient_touched
    if touched is None:
        touched = load.engine.create({"patient": "BIGINT"})
    reads = load.tables | load.previous | {"patient_touched": touched}
    return load.engine.make("rehash", reads=reads)


def _hash_few(load: Load, rehash: Table) -> None:
    """Write the hashes of the patients of `rehash` anew."""
    engine = load.engine
    few = engine.narrowed(load.tables, {"identity": None, "patient": None}, rehash)
    hashed = hash_patients(engine, load.keys, load.policy.region, few)
    reads = load.previous | {"rehash": rehash, "address_new": hashed}
    load.keep("address", "address_kept", reads=reads)


def _hash_aside(load: Load) -> None:
    """Add the addresses of patient rows in quarantine, if any were read.

    Lists reach whoever is linked to such a row (S2).
    """
    engine, rows = load.engine, load.aside_row
    if rows is None or not engine.count(rows):
        return
    with engine.scope():
        nobody = engine.create({"patient": "BIGINT", "patient_id": "VARCHAR"})
        aside = {"identity": nobody, "patient": rows}
        hashed = hash_patients(engine, load.keys, load.policy.region, aside)
        engine.append_table(load.tables["address"], hashed)
