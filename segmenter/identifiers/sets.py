"""Whole tables of identifiers: plain spellings in SQL, every other distinct value once in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.identifiers.hashing import LABEL, pads
from segmenter.identifiers.reading import first_form

if TYPE_CHECKING:
    from collections.abc import Callable

    from segmenter.engine import DuckDBEngine
    from segmenter.store.keys import Keys


def hash_patients(engine: DuckDBEngine, keys: Keys, region: str, into: str = "address") -> None:
    """Make `into` (a table of an attached file as `alias.address`, else temporary) from the ready tables `identity` and `patient`.

    Columns: patient, kind, profile, probe, hash, valid. One row for each identifier and profile,
    and one for each address's domain; one kind after the other, so that whoever asks for one kind
    reads only that.
    """
    from sqlglot import exp

    values = {"region": region, **pads(keys.derive(LABEL))}
    put: Callable[..., None] = engine.make
    for kind in ("patient_id", "email", "phone", "postal"):
        engine.view(
            "identifier_given", "identifier_patient", {"__kind__": exp.Literal.string(kind)}
        )
        _normalise_odd(engine, region)
        put(into, "identifier_address", values)
        put = engine.add
        if kind == "email":
            put(into, "identifier_domain", values)
        engine.forget(["identifier_done", "identifier_given"])


def reach_patients(engine: DuckDBEngine, into: str = "reach") -> None:
    """Make `into` (as for `hash_patients`) from the ready tables `patient` and `address`: how each patient can be reached, by kind."""
    put: Callable[..., None] = engine.make
    for kind in ("email", "phone", "postal"):
        put(into, "reach", {"identifier": kind})
        put = engine.add


def hash_values(engine: DuckDBEngine, keys: Keys, region: str, source: str, into: str) -> None:
    """Make `into` with the keyed hash an entry keeps of each identifier of the table `source` (item BIGINT unique, kind, value).

    Columns: item, kind, probe, hash, valid. An item of which nothing is left after normalising has
    no row: its line is to be quarantined.
    """
    engine.alias("identifier_given", source)
    _normalise_odd(engine, region)
    engine.make(into, "identifier_entry", {"region": region, **pads(keys.derive(LABEL))})
    engine.forget(["identifier_done", "identifier_given"])


def normalise(
    engine: DuckDBEngine,
    region: str,
    relation: str,
    into: str,
    values: dict[str, object] | None = None,
) -> None:
    """Make `into` (item, kind, profile, normal, valid): the first profile of what `relation` gives (item, kind, value)."""
    engine.make("identifier_listed", relation, values)
    if not engine.count("identifier_listed"):
        engine.create(
            into,
            {
                "item": "BIGINT",
                "kind": "VARCHAR",
                "profile": "INTEGER",
                "normal": "VARCHAR",
                "valid": "BOOLEAN",
            },
        )
        engine.drop("identifier_listed")
        return
    engine.alias("identifier_given", "identifier_listed")
    _normalise_odd(engine, region)
    engine.make(into, "identifier_first", {"region": region})
    engine.forget(["identifier_done", "identifier_given", "identifier_listed"])


def _normalise_odd(engine: DuckDBEngine, region: str) -> None:
    """Normalise in Python what plain SQL cannot, each distinct value once."""
    import polars as pl

    odd = engine.frame("identifier_odd", {"region": region})
    forms = [
        first_form(kind, value, region) for kind, value in odd.select("kind", "value").iter_rows()
    ]
    done = odd.select("kind", "value").with_columns(
        pl.Series("profile", [None if f is None else f.profile for f in forms], dtype=pl.Int32),
        pl.Series("normal", ["" if f is None else f.text for f in forms], dtype=pl.String),
        pl.Series("valid", [f is not None and f.valid for f in forms], dtype=pl.Boolean),
    )
    engine.load("identifier_done", done)
