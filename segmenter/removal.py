"""Removal files: who a destination has to take out of what it got, by the identifying columns it got, as they stood then."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from segmenter import destination, identifiers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segmenter.destination import Layout
    from segmenter.engine import DuckDBEngine
    from segmenter.register import Place

EARLIER = "earlier"  # the alias of the snapshot that an export was made from


def identifying(plan: Layout) -> Layout:
    """The columns of a layout that name the person; all of it where none does."""
    kept = tuple(name for name in plan.columns if name in (plan.identifier, "patient_id"))
    return replace(plan, columns=kept or plan.columns)


@contextlib.contextmanager
def source(engine: DuckDBEngine, place: Place, snapshot: str | None) -> Iterator[None]:
    """Let `removal_source` and `earlier_consent` be what stood in the snapshot an export was made from.

    Where that is gone the patients are those of the one in use, and no consent event counts as known then.
    """
    file = None if snapshot in (None, place.snapshot.id) else place.snapshot_file(str(snapshot))
    earlier = file is not None and file.is_file()
    if file is not None and earlier:
        engine.attach(EARLIER, file)
    engine.alias("removal_source", f"{EARLIER}.patient" if earlier else "patient")
    engine.alias("earlier_consent", f"{EARLIER}.consent" if earlier else "consent")
    if file is not None and not earlier:
        engine.view("earlier_consent", "consent_none")
    try:
        yield
    finally:
        engine.forget(["removal_source", "earlier_consent"])
        if earlier:
            engine.detach(EARLIER)


def collect(engine: DuckDBEngine, region: str, plan: Layout, into: str = "removal_line", *, add: bool = False) -> None:
    """Make (or `add` to) `into` the rows of a removal file for the ready table `removal` (patient, pseudonym). Inside `source`."""
    from sqlglot import exp

    addresses(engine, region, plan, "removal_identifier")
    structure = {"__columns__": [exp.column("pseudonym", table="x"), *destination.expressions(plan)]}
    (engine.add if add else engine.make)(into, "removal_payload", None, structure)


def write(engine: DuckDBEngine, plan: Layout, path: Path, spill: Path, key: Any, lines: str = "removal_line") -> str:
    """Write collected rows to a new file and give its SHA-256."""
    from sqlglot import exp

    structure = {"__columns__": [exp.column(name, quoted=True) for name in plan.headers], "__lines__": exp.to_table(lines)}
    return destination.write(engine, "removal_file", structure, path, spill, plan, key)


def addresses(engine: DuckDBEngine, region: str, plan: Layout, relation: str, unsubscribe: dict[str, object] | None = None) -> None:
    """Make `export_address` (item, normal, and what the layout needs beside it) of the identifiers that `relation` gives.

    Empty where the layout carries no identifier. `unsubscribe` holds the values of the relation that makes unsubscribe URLs.
    """
    if plan.identifier not in plan.columns:
        engine.create("export_address", {"item": "BIGINT", "normal": "VARCHAR"})
        return
    identifiers.normalise(engine, region, relation, "identifier_first", {"identifier": plan.identifier})
    if plan.audience is not None:
        engine.make("export_address", "export_coarse")
    elif unsubscribe is not None:
        engine.make("export_address", "export_unsubscribe", unsubscribe)
    else:
        engine.alias("export_address", "identifier_first")
