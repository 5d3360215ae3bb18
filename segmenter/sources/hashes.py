"""Keyed hashes of patients' identifiers -> `address`, written anew only for who changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.identifiers import hash_patients
from segmenter.sources.changes import Change
from segmenter.sources.load import NEW

if TYPE_CHECKING:
    from segmenter.sources.load import Load


def hash_identifiers(load: Load) -> bool:
    """Write the keyed hashes of the patients whose identifiers may have changed.

    Gives whether there were any.
    """
    engine = load.engine
    if not load.carried or (not engine.has("patient_touched") and _patients_changed(load)):
        hash_patients(engine, load.keys, load.policy.region, load.table("address"))
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
    engine.make("identity_few", "identity_touched")
    engine.make("patient_few", "patient_few")
    engine.alias("identity", "identity_few")
    engine.alias("patient", "patient_few")
    hash_patients(engine, load.keys, load.policy.region, "address_new")
    engine.expose(NEW, ["identity", "patient"])


def _hash_aside(load: Load) -> None:
    """Add the addresses of patient rows in quarantine, if any were read.

    Lists reach whoever is linked to such a row (S2).
    """
    engine = load.engine
    if not engine.has("aside_row") or not engine.count("aside_row"):
        return
    engine.create("identity_none", {"patient": "BIGINT", "patient_id": "VARCHAR"})
    engine.alias("identity", "identity_none")
    engine.alias("patient", "aside_row")
    hash_patients(engine, load.keys, load.policy.region, "address_aside")
    engine.append_table(load.table("address"), "address_aside")
    engine.expose(NEW, ["identity", "patient"])
