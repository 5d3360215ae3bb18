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

EARLIER = "earlier"  # the alias of the snapshot that an export was made from


def identifying(plan: Layout) -> Layout:
    """The columns of a layout that name the person; all of it where none does."""
    kept = tuple(name for name in plan.columns if name in (plan.identifier, "patient_id"))
    return replace(plan, columns=kept or plan.columns)


@contextlib.contextmanager
def source(engine: DuckDBEngine, snapshot: Path | None) -> Iterator[None]:
    """Let `removal_source` be the patients as they stood in the snapshot an export was made from, or, where that is gone, as they stand."""
    earlier = snapshot is not None and snapshot.is_file()
    if earlier and snapshot is not None:
        engine.attach(EARLIER, snapshot)
    engine.alias("removal_source", f"{EARLIER}.patient" if earlier else "patient")
    try:
        yield
    finally:
        engine.forget(["removal_source"])
        if earlier:
            engine.detach(EARLIER)


def write(engine: DuckDBEngine, region: str, plan: Layout, path: Path, spill: Path, key: Any) -> str:
    """Write the file for the ready table `removal` (patient, pseudonym) and give its SHA-256. Needs `source` before."""
    addresses(engine, region, plan, "removal_identifier")
    structure = {"__columns__": destination.expressions(plan)}
    return destination.write(engine, "removal_payload", structure, path, spill, plan, key)


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
