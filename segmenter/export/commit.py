"""Commit: everyone who was checked becomes a registered file for one destination.

The register of members is written first, the journal then names the export, and at last the
finished files become visible. A crash leaves nothing visible, or a complete and registered export.
Nothing exact leaves: the funnel and the sizes are one paid release, made by the caller (P16, P17).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from segmenter.export import columns, manifest, payload, removal
from segmenter.export.funnel import EXPORTED, Histogram, Publish, Published, counted
from segmenter.export.layout import recipient
from segmenter.export.order import Export, Order, alias_of
from segmenter.identifiers import pads
from segmenter.model import stamp
from segmenter.private.files import write_file
from segmenter.project.policy import CONTACT
from segmenter.registers import exports
from segmenter.registers.exports import MANIFEST

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from segmenter.engine import Engine, Table, Tables
    from segmenter.journal.journal import JournalEntry
    from segmenter.published.noisy_count import NoisyCount
    from segmenter.registers.exports import RegisteredExport
    from segmenter.registers.registry import Registry

Progress = Callable[[str, float | None], None]
Recheck = Callable[["list[JournalEntry]"], "Table | None"]
HIDDEN = ("segment", "categories", "topic", "sent_at", "recipient")  # not for the manifest


def nothing_new(_entries: list[JournalEntry]) -> Table | None:
    """A look again that finds nothing: for whoever works alone."""
    return None


def silent(_step: str, _done: float | None = None) -> None:
    """Progress that nobody watches."""


# -- commit ----------------------------------------------------------------------------------------


def commit(
    engine: Engine,
    registry: Registry,
    order: Order,
    tables: Tables,
    publish: Publish,
    progress: Progress = silent,
    recheck: Recheck = nothing_new,
) -> Export:
    """Write the file of everyone in `export_checked` without a reason, register and show it.

    `tables` are those of the snapshot, and `export_checked`, `preferring` and `capped`. Inside
    `registry.alone`. `publish` turns the exact histogram into noised sums, or gives None if they
    cannot be paid (P16); they were reserved before the members were read (P2).

    `recheck(entries)` is asked while nobody else can write to the journal. It looks at what came
    since the members were checked, and gives `export_checked` anew if somebody has to leave; then
    the files are written once more. So the file honours every entry that has a smaller number than
    the export's.
    """
    export = secrets.token_hex(8)
    work = _Work(
        engine=engine,
        registry=registry,
        order=order,
        export=export,
        alias=alias_of(registry.keys, order.segment, order.channel),
        key=recipient(order.destination.name, order.destination.encrypt),
        progress=progress,
        previous=_previous(registry, order),
    )
    tables |= {"export_before": work.members_before()}
    with registry.committing(export) as (folder, done):
        made = work.files(folder, tables, publish)

        def settle(entries: list[JournalEntry]) -> Mapping[str, Any]:
            nonlocal made
            checked = recheck(entries)
            if checked is not None:
                made = work.files(folder, tables | {"export_checked": checked}, publish)
            return made.body

        final = done(exports.EXPORTED, settle)
    progress("export", 1.0)
    return Export(
        export=export,
        alias=work.alias,
        file=final / work.file,
        manifest=final / f"{work.alias}{MANIFEST}",
        funnel=made.funnel,
        diff={kind: final / name for kind, name in made.diff.items()},
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """What was written into the hidden folder; `diff` are file names by kind."""

    body: Mapping[str, Any]
    funnel: Mapping[str, NoisyCount] | None
    diff: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Work:
    """One export while it is written."""

    engine: Engine
    registry: Registry
    order: Order
    export: str
    alias: str
    key: Any
    progress: Progress
    previous: RegisteredExport | None

    @property
    def suffix(self) -> str:
        """How the names of its files end."""
        name = f".{self.order.layout.format}"
        if self.key is None:
            return name
        return f"{name}.age"

    @property
    def file(self) -> str:
        """The name of the payload."""
        return f"{self.alias}{self.suffix}"

    def target(self, path: Path) -> payload.Target:
        """A file of the destination's format and key."""
        format_ = self.order.layout.format
        return payload.Target(path, format_, self.key, self.registry.spill)

    def files(self, folder: Path, tables: Tables, publish: Publish) -> _Made:
        """Write payload, diff files and manifest; the register, while the payload is encrypted."""
        syncs = self.order.destination.syncs
        self.progress("writing", None)
        with self.engine.scope():
            addressed = tables | {"export_address": self._addresses(tables)}
            with self._payload(folder, addressed) as digest:
                self.progress("registering", None)
                self.registry.write(self.engine, self.export, "register_member", tables)
                diff = self._diff(folder, addressed) if syncs else {}
                published = publish(self._counted(tables))
                body = {**self._body(), "file_sha256": digest()}
        self._write_manifest(folder, tables, body, diff, published)
        funnel = None
        if published is not None:
            funnel = {name: published[name] for name in (*self.order.reasons, EXPORTED)}
        return _Made(body, funnel, diff)

    def _counted(self, tables: Tables) -> Histogram:
        """The exact funnel."""
        order = self.order
        identifier, syncs = order.layout.identifier, order.destination.syncs
        return counted(self.engine, tables, identifier, order.reasons, syncs=syncs)

    # -- the payload -------------------------------------------------------------------------------

    def _payload(self, folder: Path, tables: Tables) -> AbstractContextManager[Callable[[], str]]:
        unsubscribe = self._unsubscribe_values() is not None
        chosen = columns.expressions(self.order.layout, unsubscribe=unsubscribe)
        target = self.target(folder / self.file)
        structure = {"__columns__": chosen}
        return payload.writing(self.engine, target, "export_payload", tables, structure)

    def _addresses(self, tables: Tables) -> Table:
        """The identifiers of everyone exported that have to be written in another form."""
        layout = self.order.layout
        tokens = self._unsubscribe_values()
        every = tokens is not None or layout.audience is not None
        relation = "export_identifier" if every else "export_identifier_odd"
        region = self.registry.region
        return removal.addresses(self.engine, region, layout, relation, tables, tokens)

    def _unsubscribe_values(self) -> dict[str, object] | None:
        """What the relation of unsubscribe URLs takes; None if the file carries none."""
        layout = self.order.layout
        url = self.order.unsubscribe_url
        is_mailing = layout.audience is None and layout.identifier in layout.columns
        if url is None or not is_mailing:
            return None
        if not url.endswith(("/", "=")):
            url = f"{url}/"
        key = self.registry.keys.unsubscribe_key()
        return {"alias": self.alias, "unsubscribe_url": url, **pads(key)}

    # -- the previous export -----------------------------------------------------------------------

    def members_before(self) -> Table:
        """Who was in the previous export (patient, pseudonym, address), if files are synced."""
        syncs = self.order.destination.syncs
        if syncs and self.previous is not None:
            return self.registry.read(self.engine, self.previous.export)
        numbers = ("patient", "pseudonym", "address")
        return self.engine.create(dict.fromkeys(numbers, "BIGINT"))

    def _diff(self, folder: Path, tables: Tables) -> dict[str, str]:
        """Write the files of who was added and who is to be removed since the previous export."""
        layout = self.order.layout
        added = f"{self.alias}.added{self.suffix}"
        removed = f"{self.alias}.removed{self.suffix}"
        structure = {"__columns__": columns.expressions(layout)}
        target = self.target(folder / added)
        payload.write(self.engine, target, "export_added", tables, structure)
        identifying = removal.identifying(layout)
        lines = removal.lines(self.engine, self.registry.region, identifying, self._gone(tables))
        removal.write(self.engine, identifying, self.target(folder / removed), lines)
        return {"added": added, "removed": removed}

    def _gone(self, tables: Tables) -> Tables:
        """The tables, with who has to be removed and what stood of them in the previous export."""
        earlier = None if self.previous is None else self.previous.snapshot
        in_use = self.order.snapshot.id
        gone = self.engine.make("export_gone", reads=tables)
        stood = removal.source(self.engine, self.registry, tables, earlier, in_use)
        return tables | stood | {"removal": gone}

    # -- what is written down ----------------------------------------------------------------------

    def _body(self) -> dict[str, Any]:
        """The journal's entry: what, for whom, under which policy; never how many."""
        order, layout = self.order, self.order.layout
        return {
            "export": self.export,
            "alias": self.alias,
            "segment": order.segment,
            "purpose": order.purpose,
            "topic": order.topic,
            "channel": order.channel,
            "destination": order.destination.name,
            "columns": list(layout.columns),
            "identifier": layout.identifier,
            "categories": sorted({*order.categories, CONTACT, *layout.categories}),
            "recipient": order.destination.encrypt,
            "format": layout.format,
            "audience": layout.audience,
            "snapshot": order.snapshot.id,
            "policy": order.policy_hash,
            "file": self.file,
            "created_at": stamp(order.at),
            "sent_at": stamp(order.sent_at),
            "expires_at": stamp(exports.expiry(order.at, order.file_days)),
            "previous": None if self.previous is None else self.previous.export,
        }

    def _write_manifest(
        self,
        folder: Path,
        tables: Tables,
        body: Mapping[str, Any],
        diff: Mapping[str, str],
        published: Published | None,
    ) -> None:
        """The manifest says nothing of the segment, whose name can be health data."""
        shown = {name: value for name, value in body.items() if name not in HIDDEN}
        feeds = [
            {"name": name, "modified_at": stamp(at.replace(tzinfo=UTC))}
            for name, at in self.engine.rows("feed_watermark", reads=tables)
        ]
        sizes = {
            kind: {
                "file": name,
                "file_sha256": manifest.file_hash(folder / name),
                "size": _size(published, kind),
            }
            for kind, name in diff.items()
        }
        content = {
            **shown,
            "size": _size(published, EXPORTED),
            "diff": sizes,
            "encrypted": self.key is not None,
            "feeds": feeds,
        }
        signed = manifest.signed(self.registry.keys, content)
        write_file(folder / f"{self.alias}{MANIFEST}", manifest.json_text(signed))


def _previous(registry: Registry, order: Order) -> RegisteredExport | None:
    """The previous export of the same segment, channel and destination."""
    series = (order.segment, order.channel, order.destination.name)
    previous = None
    for one in registry.exports():
        if (one.segment, one.channel, one.destination) == series:
            previous = one
    return previous


def _size(published: Published | None, line: str) -> dict[str, Any] | None:
    """A noised number as the manifest has it."""
    if published is None or line not in published:
        return None
    noised = published[line]
    return {"count": noised.count, "interval": noised.interval.as_list()}
