"""Whole tables of identifiers: plain spellings in SQL, each other value once in Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from segmenter.identifiers.domain import covering
from segmenter.identifiers.hashing import LABEL, pads
from segmenter.identifiers.reading import domain_forms, read
from segmenter.tables import Table, Tables

if TYPE_CHECKING:
    import polars as pl

    from segmenter.engine import Engine
    from segmenter.private.keys import Keys

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


def hash_patients(
    engine: Engine, keys: Keys, region: str, tables: Mapping[str, Table], into: Table | None = None
) -> Table:
    """The keyed hashes of patients' identifiers, from the tables `identity` and `patient`.

    Columns: patient, kind, profile, probe, hash, valid. One row for each form of each identifier,
    and for each name that covers an address's domain; one kind after the other, so that whoever
    asks for one kind reads only that.
    """
    from sqlglot import exp

    values = {"region": region, **pads(keys.derive(LABEL))}
    hashed = None
    for kind in ("patient_id", "email", "phone", "postal"):
        with engine.scope() as scope:
            structure = {"__kind__": exp.Literal.string(kind)}
            given = engine.view("identifier_patient", reads=tables, structure=structure)
            reads = _with_the_rest(engine, region, given)
            if hashed is None:
                made = engine.make("identifier_address", reads=reads, values=values, into=into)
                hashed = scope.keep(made)
            else:
                engine.add(hashed, "identifier_address", reads=reads, values=values)
            if kind == "email":
                reads = reads | {COVERING: _covering(engine, region, reads)}
                engine.add(hashed, "identifier_domain", reads=reads, values=values)
    assert hashed is not None
    return hashed


def reach_patients(engine: Engine, tables: Mapping[str, Table], into: Table | None = None) -> Table:
    """How each patient can be reached, by kind, from the tables `patient` and `address`."""
    reached = engine.make("reach", reads=tables, values={"identifier": "email"}, into=into)
    for kind in ("phone", "postal"):
        engine.add(reached, "reach", reads=tables, values={"identifier": kind})
    return reached


def hash_values(engine: Engine, keys: Keys, region: str, source: Table) -> Table:
    """The keyed hashes that entries keep of each identifier of the table `source`.

    `source` has item (BIGINT, unique), kind, value; the result has item, kind, probe, hash, doubt.
    An item that can name nobody has no row: its line is to be quarantined. One that names several,
    or that has several readings, has several rows; `doubt` says what is to be told of it.
    """
    values = {"region": region, **pads(keys.derive(LABEL))}
    with engine.scope() as scope:
        reads = _with_the_rest(engine, region, source)
        return scope.keep(engine.make("identifier_entry", reads=reads, values=values))


def normalise(engine: Engine, region: str, source: Table) -> Table:
    """How each identifier of the table `source` is written: item, kind, profile, normal, valid.

    `source` has item, kind, value, each item once.
    """
    if not engine.count(source):
        return engine.create(FIRST)
    with engine.scope() as scope:
        reads = _with_the_rest(engine, region, source)
        return scope.keep(engine.make("identifier_first", reads=reads, values={"region": region}))


def _with_the_rest(engine: Engine, region: str, given: Table) -> Tables:
    """Identifiers, and what Python reads of those that plain SQL cannot, each value once."""
    reads = Tables({GIVEN: given})
    rest = engine.frame("identifier_unnormalised", reads=reads, values={"region": region})
    done = engine.load(_forms(iter(()), region))
    for batch in rest.select("kind", "value").iter_slices(BATCH):
        engine.append(done, _forms(batch.iter_rows(), region))
    return reads | {DONE: done}


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
        forms = (*reading.forms, *domain_forms(reading.forms))
        for form in forms:
            found = (form.kind, form.profile, form.text, form.valid, form.kept, reading.doubt)
            data.append((kind, value, *found))
    return pl.DataFrame(data, schema=columns, orient="row")


def _covering(engine: Engine, region: str, reads: Mapping[str, Table]) -> Table:
    """The names that cover domains, besides their own."""
    import polars as pl

    domains = engine.rows("identifier_covered", reads=reads, values={"region": region})
    data = []
    for (domain,) in domains:
        for name in covering(domain):
            data.append((domain, name))
    columns = {"domain": pl.String, "name": pl.String}
    return engine.load(pl.DataFrame(data, schema=columns, orient="row"))
