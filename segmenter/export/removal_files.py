"""Removal files: one for each destination that got somebody who has to leave, with its register."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from segmenter.export import manifest, payload, removal
from segmenter.export.layout import recipient
from segmenter.model import stamp
from segmenter.private.files import write_file
from segmenter.registers.exports import MANIFEST, RECALLED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from segmenter.engine import Engine, Scope, Table, Tables
    from segmenter.project.policy import Destination
    from segmenter.registers.exports import ExportLayout, RegisteredExport
    from segmenter.registers.registry import Registry

CLOCK = timedelta(hours=48)  # how long a destination may take


@dataclass(slots=True)
class Batch:
    """What is collected for one destination before its file is written.

    `lines` are the rows of the file, `people` are whom they are about.
    """

    destination: str
    layout: ExportLayout
    recipient: str | None
    lines: Table
    people: Table
    exports: list[str] = field(default_factory=list)
    late: bool = False


@dataclass(slots=True)
class Collector:
    """Collects who is to be removed from which export, one batch a destination and layout."""

    engine: Engine
    registry: Registry
    batches: dict[Any, Batch] = field(default_factory=dict)

    def recalled(self) -> Table:
        """Everyone recalled so far: patient, pseudonym, export."""
        engine = self.engine
        made = engine.create({"patient": "BIGINT", "pseudonym": "BIGINT", "export": "VARCHAR"})
        for act in self.registry.journal.read(RECALLED):
            with engine.scope():
                engine.append_table(made, self.registry.read(engine, str(act.body["recall"])))
        return made

    def gather(self, export: RegisteredExport, tables: Tables, scope: Scope) -> None:
        """Add the people of `removal` to the batch of their export, if there are any.

        Reads the `tables` of a snapshot, and beside them `removal` and those of `removal.source`.
        What a batch holds outlives the `scope`.
        """
        people = tables["removal"]
        ((someone, late),) = self.engine.rows("removal_late", reads={"removal": people})
        if not someone:
            return
        layout = removal.identifying(export.layout)
        mark = (export.destination, layout.columns, layout.audience, layout.format)
        batch = self.batches.get(mark)
        if batch is None:
            batch = self._first(export, layout, tables, scope)
            self.batches[mark] = batch
        else:
            removal.lines(self.engine, self.registry.region, layout, tables, into=batch.lines)
            self.engine.append_table(batch.people, people)
        batch.exports.append(export.export)
        batch.late = batch.late or bool(late)

    def _first(
        self, export: RegisteredExport, layout: ExportLayout, tables: Tables, scope: Scope
    ) -> Batch:
        """A new batch, of the people of one export."""
        lines = removal.lines(self.engine, self.registry.region, layout, tables)
        return Batch(
            destination=export.destination,
            layout=layout,
            recipient=export.recipient,
            lines=scope.keep(lines),
            people=scope.keep(tables["removal"]),
        )

    def commit(
        self, destinations: Mapping[str, Destination], now: datetime, why: str
    ) -> tuple[str, ...]:
        """Write, register and show one removal file a batch; gives the recalls' ids."""
        recalls = [
            self._commit_one(batch, destinations, now, why) for batch in self.batches.values()
        ]
        return tuple(recalls)

    def _commit_one(
        self, batch: Batch, destinations: Mapping[str, Destination], now: datetime, why: str
    ) -> str:
        """Encrypted to the key that the destination has today, else to the one it had then."""
        recall = secrets.token_hex(8)
        today = destinations.get(batch.destination)
        key = recipient(batch.destination, batch.recipient if today is None else today.encrypt)
        encrypted = "" if key is None else ".age"
        name = f"{recall}.removal.{batch.layout.format}{encrypted}"
        with self.registry.committing(recall) as (folder, done):
            target = payload.Target(folder / name, batch.layout.format, key, self.registry.spill)
            digest = removal.write(self.engine, batch.layout, target, batch.lines)
            self.registry.write(self.engine, recall, "recall_row", {"removal": batch.people})
            body = {
                "recall": recall,
                "destination": batch.destination,
                "file": name,
                "file_sha256": digest,
                "due_at": stamp(now.astimezone(UTC) + CLOCK),
                "created_at": stamp(now),
                "exports": batch.exports,
                "late": batch.late,
            }
            self._write_manifest(folder, batch, body, encrypted=key is not None)
            done(RECALLED, lambda _: {**body, "why": why})
        return recall

    def _write_manifest(
        self, folder: Path, batch: Batch, body: Mapping[str, Any], *, encrypted: bool
    ) -> None:
        content = {
            "kind": "recall",
            **body,
            "columns": list(batch.layout.headers),
            "encrypted": encrypted,
        }
        signed = manifest.signed(self.registry.keys, content)
        write_file(folder / f"{body['recall']}{MANIFEST}", manifest.json_text(signed))
