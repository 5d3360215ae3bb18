"""Removal files: one for each destination that got somebody who has to leave, with its register."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from segmenter.export import manifest, payload, removal
from segmenter.export.layout import recipient
from segmenter.model import stamp
from segmenter.registers.exports import MANIFEST, RECALLED
from segmenter.store.files import write_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.project.policy import Destination
    from segmenter.registers.exports import ExportLayout, RegisteredExport
    from segmenter.registers.registry import Registry

CLOCK = timedelta(hours=48)  # how long a destination may take


@dataclass(slots=True)
class Batch:
    """What is collected for one destination before its file is written.

    `lines` and `people` name the engine's tables of rows and of whom they are about.
    """

    destination: str
    layout: ExportLayout
    recipient: str | None
    lines: str
    people: str
    exports: list[str] = field(default_factory=list)
    late: bool = False


@dataclass(slots=True)
class Collector:
    """Collects who is to be removed from which export, one batch a destination and layout."""

    engine: DuckDBEngine
    registry: Registry
    batches: dict[Any, Batch] = field(default_factory=dict)

    def load_earlier(self) -> None:
        """Make the table `recalled` (patient, export) of everyone recalled so far."""
        engine = self.engine
        engine.create("recalled", {"patient": "BIGINT", "export": "VARCHAR"})
        for act in self.registry.journal.read(RECALLED):
            recall = str(act.body["recall"])
            engine.alias("recalled_once", self.registry.read(engine, recall))
            engine.add("recalled", "recalled_once_row")
            engine.forget(["recalled_once"])

    def gather(self, export: RegisteredExport) -> None:
        """Add the table `removal` of one export to its batch, if it names anybody.

        Inside `source`.
        """
        ((someone, late),) = self.engine.rows("removal_late")
        if not someone:
            return
        layout = removal.identifying(export.layout)
        mark = (export.destination, layout.columns, layout.audience, layout.format)
        is_first = mark not in self.batches
        if is_first:
            self.batches[mark] = self._new_batch(export, layout)
        batch = self.batches[mark]
        removal.collect(self.engine, self.registry.region, layout, batch.lines, add=not is_first)
        put = self.engine.make if is_first else self.engine.add
        put(batch.people, "recall_row")
        batch.exports.append(export.export)
        batch.late = batch.late or bool(late)

    def _new_batch(self, export: RegisteredExport, layout: ExportLayout) -> Batch:
        number = len(self.batches)
        return Batch(
            destination=export.destination,
            layout=layout,
            recipient=export.recipient,
            lines=f"removal_line_{number}",
            people=f"removal_row_{number}",
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
            reads = {"recall_register": self.engine.table(batch.people)}
            self.registry.write(self.engine, recall, "recall_register_row", reads)
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
