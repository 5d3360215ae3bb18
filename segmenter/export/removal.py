"""Removal files: who a destination has to take out of what it got, by the identifying columns it got, as they stood then."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from segmenter import identifiers
from segmenter.export import destination, manifest, register
from segmenter.model import stamp
from segmenter.store.files import write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.export.destination import Layout
    from segmenter.export.register import Place, Registered
    from segmenter.journal.journal import Entry as Act
    from segmenter.project.policy import Destination

CLOCK = timedelta(hours=48)  # how long a destination may take
EARLIER = "earlier"  # the alias of the snapshot that an export was made from


def identifying(plan: Layout) -> Layout:
    """The columns of a layout that name the person; all of it where none does."""
    kept = tuple(name for name in plan.columns if name in (plan.identifier, "patient_id"))
    return replace(plan, columns=kept or plan.columns)


@contextlib.contextmanager
def source(engine: DuckDBEngine, place: Place, snapshot: str | None) -> Iterator[None]:
    """Let `removal_source` and `earlier_consent` be what stood in the snapshot an export was made from.

    Where that is gone the patients are those of the one in use, and no consent event counts as
    known then.
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


def collect(
    engine: DuckDBEngine,
    region: str,
    plan: Layout,
    into: str = "removal_line",
    *,
    add: bool = False,
) -> None:
    """Make (or `add` to) `into` the rows of a removal file for the ready table `removal` (patient, pseudonym). Inside `source`."""
    from sqlglot import exp

    addresses(engine, region, plan, "removal_identifier")
    structure = {
        "__columns__": [exp.column("pseudonym", table="x"), *destination.expressions(plan, ids="x")]
    }
    (engine.add if add else engine.make)(into, "removal_payload", None, structure)


def write(
    engine: DuckDBEngine,
    plan: Layout,
    path: Path,
    spill: Path,
    key: Any,
    lines: str = "removal_line",
) -> str:
    """Write collected rows to a new file and give its SHA-256."""
    from sqlglot import exp

    structure = {
        "__columns__": [exp.column(name, quoted=True) for name in plan.headers],
        "__lines__": exp.to_table(lines),
    }
    return destination.write(engine, "removal_file", structure, path, spill, plan, key)


def addresses(
    engine: DuckDBEngine,
    region: str,
    plan: Layout,
    relation: str,
    unsubscribe: dict[str, object] | None = None,
) -> None:
    """Make `export_address` (item, normal, and what the layout needs beside it) of the identifiers that `relation` gives.

    `relation` may leave out those that are written as they are normalised, unless the layout needs
    more of each. Empty where the layout carries no identifier. `unsubscribe` holds the values of
    the relation that makes unsubscribe URLs.
    """
    engine.forget(["export_address"])
    if plan.identifier not in plan.columns:
        engine.create("export_address", {"item": "BIGINT", "normal": "VARCHAR"})
        return
    identifiers.normalise(
        engine, region, relation, "identifier_first", {"identifier": plan.identifier}
    )
    if plan.audience is not None:
        engine.make("export_address", "export_coarse")
    elif unsubscribe is not None:
        engine.make("export_address", "export_unsubscribe", unsubscribe)
    else:
        engine.alias("export_address", "identifier_first")


# -- one recall ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Batch:
    """What is collected for one destination before its file is written. `lines` and `rows` name the engine's tables."""

    destination: str
    plan: Layout
    recipient: str | None
    lines: str
    rows: str
    exports: list[str] = field(default_factory=list)
    late: bool = False


def earlier(engine: DuckDBEngine, place: Place, acts: Sequence[Act]) -> None:
    """Make the table `recalled` (patient, export) of everyone recalled so far."""
    engine.create("recalled", {"patient": "BIGINT", "export": "VARCHAR"})
    for act in acts:
        if act.kind == register.RECALLED:
            register.read(
                engine, place.home, str(act.body["recall"]), "recalled_once", "recall_copy"
            )
            engine.add("recalled", "recalled_once_row")
            engine.forget(["recalled_once"])


def gather(engine: DuckDBEngine, place: Place, one: Registered, batches: dict[Any, Batch]) -> None:
    """Add the ready table `removal` of one export to its destination's batch, where it names anybody. Inside `source`."""
    ((someone, late),) = engine.rows("removal_late")
    if not someone:
        return
    plan = identifying(one.layout)
    mark = (one.destination, plan.columns, plan.audience, plan.format)
    fresh = mark not in batches
    if fresh:
        number = len(batches)
        batches[mark] = Batch(
            one.destination, plan, one.recipient, f"removal_line_{number}", f"removal_row_{number}"
        )
    batch = batches[mark]
    collect(engine, place.region, plan, batch.lines, add=not fresh)
    (engine.make if fresh else engine.add)(batch.rows, "recall_row")
    batch.exports.append(one.export)
    batch.late = batch.late or bool(late)


def commit(
    engine: DuckDBEngine,
    place: Place,
    recipients: Mapping[str, Destination],
    batch: Batch,
    now: datetime,
    why: str,
) -> str:
    """Write, register and show one removal file; gives the recall's id. Encrypted to the destination's key of today, else of then."""
    recall = secrets.token_hex(8)
    target = recipients.get(batch.destination)
    key = destination.recipient(
        batch.destination, batch.recipient if target is None else target.encrypt
    )
    name = f"{recall}.removal.{batch.plan.format}" + ("" if key is None else ".age")
    due_at = now.astimezone(UTC) + CLOCK
    with register.committing(place, recall) as (part, done):
        digest = write(engine, batch.plan, part / name, place.spill, key, batch.lines)
        engine.alias("recall_register", batch.rows)
        register.write(engine, place.home, recall, "recall_register_row")
        body = {
            "recall": recall, "destination": batch.destination, "file": name, "file_sha256": digest, "due_at": stamp(due_at),
            "created_at": stamp(now), "exports": batch.exports, "late": batch.late, "why": why,
        }  # fmt: skip
        told = {
            "kind": "recall",
            **body,
            "columns": list(batch.plan.headers),
            "encrypted": key is not None,
        }
        del told["why"]
        write_file(
            part / f"{recall}{manifest.SUFFIX}",
            manifest.json_text(manifest.signed(place.keys, told)),
        )
        done(register.RECALLED, body)
    return recall
