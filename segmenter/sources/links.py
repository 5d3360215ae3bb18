"""The link source -> `link_pair`: two patient ids of one human. The caller closes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from segmenter.sources.column_names import require
from segmenter.sources.health import orphans_of_ids
from segmenter.sources.readers import readers
from segmenter.tables import Table

if TYPE_CHECKING:
    from segmenter.engine import Engine
    from segmenter.sources.load import Load
    from segmenter.sources.stage import Stage

FIELDS = ("patient_id", "same_as")

CloseLinks = Callable[["Engine", Table, Table], Table]


def ingest_links(load: Load, close_links: CloseLinks) -> None:
    """Read the pairs and let them be closed into `link_group` (C13).

    A broken line links the known ids that it names. If no link source is declared, or no file is
    there, nobody is linked. `close_links` makes groups of the pairs.
    """
    with load.engine.scope():
        _keep(load, _stage(load), close_links)


def _stage(load: Load) -> Stage:
    """The rows of the link files."""
    declared = load.sources.link
    if declared is None:
        return load.stage("link", [], FIELDS, {})
    found = readers(load.engine, load.root, declared)
    for reader in found:
        require("link", reader, FIELDS, declared.rename, declared.line)
    return load.stage("link", found, FIELDS, declared.rename)


def _keep(load: Load, stage: Stage, close_links: CloseLinks) -> None:
    """Write the groups and the quarantine."""
    rows = stage.shown(ids=FIELDS)
    for name in FIELDS:
        load.identify(rows, name)
    reads = load.tables | {"raw_link": rows, "broken_line": stage.broken_lines(FIELDS)}
    pairs = load.engine.make("link_pair", reads=reads)
    load.orphans["link"] = orphans_of_ids(load, "orphan_link", reads)
    close_links(load.engine, pairs, load.file.table("link_group"))
    load.kept("link_group")
    load.settle(stage, "link_quarantine", reads=reads)
