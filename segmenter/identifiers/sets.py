"""Whole tables of identifiers: plain spellings in SQL, every other distinct value once in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from segmenter.identifiers.domain import covering
from segmenter.identifiers.hashing import LABEL, pads
from segmenter.identifiers.reading import domain_forms, read

if TYPE_CHECKING:
    import polars as pl

    from segmenter.engine import DuckDBEngine
    from segmenter.store.keys import Keys

GIVEN = "identifier_given"  # item, kind, value
DONE = "identifier_done"  # what Python read
BATCH = 50_000  # values read at a time
COVERING = "identifier_covering"  # domains, and the names that cover them
FIRST = {
    "item": "BIGINT",
    "kind": "VARCHAR",
    "profile": "INTEGER",
    "normal": "VARCHAR",
    "valid": "BOOLEAN",
}


def hash_patients(engine: DuckDBEngine, keys: Keys, region: str, into: str = "address") -> None:
    """Make `into` from the ready tables `identity` and `patient`.

    `into` is a table of an attached file as `alias.address`, else temporary. Columns: patient,
    kind, profile, probe, hash, valid. One row for each form of each identifier, and for each name
    that covers an address's domain; one kind after the other, so that whoever asks for one kind
    reads only that.
    """
    from sqlglot import exp

    values = {"region": region, **pads(keys.derive(LABEL))}
    put: Callable[..., None] = engine.make
    for kind in ("patient_id", "email", "phone", "postal"):
        engine.view(GIVEN, "identifier_patient", {"__kind__": exp.Literal.string(kind)})
        _read_the_rest(engine, region)
        put(into, "identifier_address", values)
        put = engine.add
        if kind == "email":
            _cover_domains(engine, region)
            put(into, "identifier_domain", values)
        engine.forget([DONE, GIVEN, COVERING])


def reach_patients(engine: DuckDBEngine, into: str = "reach") -> None:
    """Make `into` (as for `hash_patients`) from the ready tables `patient` and `address`.

    How each patient can be reached, by kind.
    """
    put: Callable[..., None] = engine.make
    for kind in ("email", "phone", "postal"):
        put(into, "reach", {"identifier": kind})
        put = engine.add


def hash_values(engine: DuckDBEngine, keys: Keys, region: str, source: str, into: str) -> None:
    """Make `into` with the keyed hashes that entries keep of each identifier of the table `source`.

    `source` has item (BIGINT, unique), kind, value; `into` has item, kind, probe, hash, doubt. An
    item that can name nobody has no row: its line is to be quarantined. One that names several, or
    that has several readings, has several rows; `doubt` says what is to be told of it.
    """
    engine.alias(GIVEN, source)
    _read_the_rest(engine, region)
    engine.make(into, "identifier_entry", {"region": region, **pads(keys.derive(LABEL))})
    engine.forget([DONE, GIVEN])


def normalise(
    engine: DuckDBEngine,
    region: str,
    relation: str,
    into: str,
    values: dict[str, object] | None = None,
) -> None:
    """Make `into` (item, kind, profile, normal, valid): how each identifier is written.

    `relation` gives item, kind, value, each item once.
    """
    engine.make("identifier_listed", relation, values)
    if not engine.count("identifier_listed"):
        engine.create(into, FIRST)
        engine.drop("identifier_listed")
        return
    engine.alias(GIVEN, "identifier_listed")
    _read_the_rest(engine, region)
    engine.make(into, "identifier_first", {"region": region})
    engine.forget([DONE, GIVEN, "identifier_listed"])


def _read_the_rest(engine: DuckDBEngine, region: str) -> None:
    """Read in Python what plain SQL cannot, each distinct value once."""
    rest = engine.frame("identifier_unnormalised", {"region": region})
    engine.load(DONE, _forms(iter(()), region))
    for batch in rest.select("kind", "value").iter_slices(BATCH):
        engine.append(DONE, _forms(batch.iter_rows(), region))


def _forms(values: Iterator[tuple[str, str]], region: str) -> pl.DataFrame:
    """Every form of values (kind, value), an address's domains too."""
    import polars as pl

    columns = {
        "kind": pl.String,
        "value": pl.String,
        "form": pl.String,
        "profile": pl.Int32,
        "normal": pl.String,
        "valid": pl.Boolean,
        "kept": pl.Boolean,
        "doubt": pl.String,
    }
    data = []
    for kind, value in values:
        reading = read(kind, value, region)
        for form in (*reading.forms, *domain_forms(reading.forms)):
            found = (form.kind, form.profile, form.text, form.valid, form.kept, reading.doubt)
            data.append((kind, value, *found))
    return pl.DataFrame(data, schema=columns, orient="row")


def _cover_domains(engine: DuckDBEngine, region: str) -> None:
    """Make the table of the names that cover domains, besides their own."""
    import polars as pl

    found = engine.rows("identifier_covered", {"region": region})
    data = [(domain, name) for (domain,) in found for name in covering(domain)]
    columns = {"domain": pl.String, "name": pl.String}
    engine.load(COVERING, pl.DataFrame(data, schema=columns, orient="row"))
