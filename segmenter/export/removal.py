"""The rows of a removal file: whom a destination has to take out, by what identified them there.

The columns hold what stood there when the file was exported.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from segmenter import identifiers
from segmenter.export import columns, payload
from segmenter.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmenter.engine import Engine, Table
    from segmenter.registers.exports import ExportLayout
    from segmenter.registers.registry import Registry


def identifying(layout: ExportLayout) -> ExportLayout:
    """The columns of a layout that name the person; all of it if none does."""
    naming = (layout.identifier, "patient_id")
    kept = [column for column in layout.columns if column in naming]
    if not kept:
        return layout
    return replace(layout, columns=tuple(kept))


def source(
    engine: Engine, registry: Registry, tables: Tables, snapshot: str | None, in_use: str
) -> Tables:
    """`removal_source` and `earlier_consent`: patients and consent as an export knew them.

    `tables` are those of the snapshot `in_use`. If the export's `snapshot` is gone, the patients
    are those of the one in use, and no consent event counts as known then. Its file is let go at
    the end of the scope around this.
    """
    patients, consent = tables["patient"], tables["consent"]
    if snapshot not in (None, in_use):
        file = registry.snapshot_file(str(snapshot))
        if file.is_file():
            earlier = engine.attach(file)
            patients, consent = earlier["patient"], earlier["consent"]
        else:
            consent = engine.empty(consent)
    return Tables({"removal_source": patients, "earlier_consent": consent})


def lines(
    engine: Engine,
    region: str,
    layout: ExportLayout,
    tables: Tables,
    into: Table | None = None,
) -> Table:
    """The rows of a removal file for the people of `removal` (patient, pseudonym).

    Reads the `tables` of `source`, and `identity`. The rows are appended to `into`, if it is given.
    """
    from sqlglot import exp

    order = exp.column("pseudonym", table="x")
    structure = {"__columns__": [order, *columns.expressions(layout, ids="x")]}
    with engine.scope() as scope:
        addressed = addresses(engine, region, layout, "removal_identifier", tables)
        reads = tables | {"export_address": addressed}
        if into is None:
            return scope.keep(engine.make("removal_payload", reads=reads, structure=structure))
        engine.add(into, "removal_payload", reads=reads, structure=structure)
    return into


def write(engine: Engine, layout: ExportLayout, target: payload.Target, written: Table) -> str:
    """Write the rows of `lines` to a new file, and give its SHA-256."""
    from sqlglot import exp

    structure = {"__columns__": [exp.column(header, quoted=True) for header in layout.headers]}
    reads = Tables({"removal_line": written})
    return payload.write(engine, target, "removal_file", reads, structure)


def addresses(
    engine: Engine,
    region: str,
    layout: ExportLayout,
    relation: str,
    tables: Tables,
    unsubscribe: Mapping[str, object] | None = None,
) -> Table:
    """Normalised identifiers: item, normal, and what the layout needs beside it.

    They are those that `relation` gives; it may leave out those that are stored as they are
    written, unless the layout needs more of each. Empty if the layout carries no identifier.
    `unsubscribe` are the values of the relation that makes unsubscribe URLs.
    """
    if layout.identifier not in layout.columns:
        return engine.create({"item": "BIGINT", "normal": "VARCHAR"})
    kind = {"identifier": layout.identifier}
    with engine.scope() as scope:
        listed = engine.make(relation, reads=tables, values=kind)
        made = identifiers.normalise(engine, region, listed)
        reads = tables | {"identifier_first": made}
        if layout.audience is not None:
            made = engine.make("export_coarse", reads=reads)
        elif unsubscribe is not None:
            made = engine.make("export_unsubscribe", reads=reads, values=unsubscribe)
        return scope.keep(made)
