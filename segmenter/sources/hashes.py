"""Keyed hashes of patients' identifiers -> `address`, written anew only for who changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.identifiers import hash_patients
from segmenter.sources.changes import Change
from segmenter.sources.load import NEW
from segmenter.tables import Table

if TYPE_CHECKING:
    from segmenter.sources.load import Load


def hash_identifiers(load: Load) -> bool:
    """Write the keyed hashes of the patients whose identifiers may have changed.

    Gives whether there were any.
    """
    engine = load.engine
    if not load.carried or (not engine.has("patient_touched") and _patients_changed(load)):
        into = Table(load.table("address"))
        hash_patients(engine, load.keys, load.policy.region, engine.named(), into)
        _hash_aside(load)
        engine.expose(NEW, ["address"])
        return True
    if not engine.has("patient_touched"):
        engine.create("patient_touched", {"patient": "BIGINT"})
    engine.make("rehash", "rehash")
    if not engine.count("rehash"):
        return False
    _hash_few(load)
    load.keep("address", "address_kept")
    _hash_aside(load)
    return True


def _patients_changed(load: Load) -> bool:
    return load.states["patient"].change is not Change.SAME


def _hash_few(load: Load) -> None:
    """Make `address_new`: the hashes of the patients of `rehash`."""
    engine = load.engine
    tables = engine.named()
    with engine.scope() as scope:
        few = {
            "identity": engine.make("identity_touched", reads=tables),
            "patient": engine.make("patient_few", reads=tables),
        }
        hashed = scope.keep(hash_patients(engine, load.keys, load.policy.region, few))
    engine.adopt("address_new", hashed)


def _hash_aside(load: Load) -> None:
    """Add the addresses of patient rows in quarantine, if any were read.

    Lists reach whoever is linked to such a row (S2).
    """
    engine = load.engine
    if not engine.has("aside_row") or not engine.count("aside_row"):
        return
    with engine.scope():
        nobody = engine.create({"patient": "BIGINT", "patient_id": "VARCHAR"})
        aside = {"identity": nobody, "patient": engine.table("aside_row")}
        hashed = hash_patients(engine, load.keys, load.policy.region, aside)
        engine.append_table(load.table("address"), hashed)
