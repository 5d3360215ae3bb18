"""The rows of a removal file: whom a destination has to take out, by what identified them there.

The columns hold what stood there when the file was exported.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from segmenter import identifiers
from segmenter.export import columns, payload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmenter.engine import DuckDBEngine
    from segmenter.registers.exports import ExportLayout
    from segmenter.registers.registry import Registry

EARLIER = "earlier"  # the alias of the snapshot that an export was made from


def identifying(layout: ExportLayout) -> ExportLayout:
    """The columns of a layout that name the person; all of it if none does."""
    naming = (layout.identifier, "patient_id")
    kept = tuple(column for column in layout.columns if column in naming)
    return replace(layout, columns=kept or layout.columns)


@contextlib.contextmanager
def source(
    engine: DuckDBEngine, registry: Registry, snapshot: str | None, in_use: str
) -> Iterator[None]:
    """Let `removal_source` and `earlier_consent` be what stood in an export's snapshot.

    `in_use` is the snapshot whose tables the engine has. If the export's one is gone, the patients
    are those of the one in use, and no consent event counts as known then.
    """
    file = None
    if snapshot not in (None, in_use):
        file = registry.snapshot_file(str(snapshot))
    attached = file is not None and file.is_file()
    if file is None:
        engine.alias("removal_source", "patient")
        engine.alias("earlier_consent", "consent")
    elif attached:
        engine.attach(EARLIER, file)
        engine.alias("removal_source", f"{EARLIER}.patient")
        engine.alias("earlier_consent", f"{EARLIER}.consent")
    else:
        engine.alias("removal_source", "patient")
        engine.view("earlier_consent", "consent_none")
    try:
        yield
    finally:
        engine.forget(["removal_source", "earlier_consent"])
        if attached:
            engine.detach(EARLIER)


def collect(
    engine: DuckDBEngine,
    region: str,
    layout: ExportLayout,
    into: str = "removal_line",
    *,
    add: bool = False,
) -> None:
    """Make `into` the rows of a removal file for the table `removal` (patient, pseudonym).

    With `add` they are appended to it. Inside `source`.
    """
    from sqlglot import exp

    addresses(engine, region, layout, "removal_identifier")
    order = exp.column("pseudonym", table="x")
    structure = {"__columns__": [order, *columns.expressions(layout, ids="x")]}
    put = engine.add if add else engine.make
    put(into, "removal_payload", None, structure)


def write(
    engine: DuckDBEngine, layout: ExportLayout, target: payload.Target, lines: str = "removal_line"
) -> str:
    """Write collected rows to a new file, and give its SHA-256."""
    from sqlglot import exp

    structure = {
        "__columns__": [exp.column(header, quoted=True) for header in layout.headers],
        "__lines__": exp.to_table(lines),
    }
    return payload.write(engine, "removal_file", structure, target)


def addresses(
    engine: DuckDBEngine,
    region: str,
    layout: ExportLayout,
    relation: str,
    unsubscribe: dict[str, object] | None = None,
) -> None:
    """Make `export_address` (item, normal, and what the layout needs beside it).

    It holds the identifiers that `relation` gives, normalised; `relation` may leave out those that
    are stored as they are written, unless the layout needs more of each. It is empty if the layout
    carries no identifier. `unsubscribe` are the values of the relation that makes unsubscribe URLs.
    """
    engine.forget(["export_address"])
    if layout.identifier not in layout.columns:
        engine.create("export_address", {"item": "BIGINT", "normal": "VARCHAR"})
        return
    kind: dict[str, object] = {"identifier": layout.identifier}
    with engine.scope() as scope:
        tables = engine.named()
        listed = engine.make(relation, reads=tables, values=kind)
        made = identifiers.normalise(engine, region, listed)
        reads = tables | {"identifier_first": made}
        if layout.audience is not None:
            made = engine.make("export_coarse", reads=reads)
        elif unsubscribe is not None:
            made = engine.make("export_unsubscribe", reads=reads, values=unsubscribe)
        scope.keep(made)
    engine.adopt("export_address", made)
