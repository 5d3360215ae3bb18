"""The link source -> `link_pair`: two patient ids of one human. The caller's function closes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from segmenter.sources.column_names import require
from segmenter.sources.health import orphans_of_ids
from segmenter.sources.load import NEW
from segmenter.sources.readers import readers
from segmenter.tables import Table

if TYPE_CHECKING:
    from segmenter.engine import Engine
    from segmenter.sources.load import Load
    from segmenter.sources.readers import Reader

FIELDS = ("patient_id", "same_as")

CloseLinks = Callable[["Engine", Table, Table], Table]


def ingest_links(load: Load, close_links: CloseLinks) -> None:
    """Read the pairs and let them be closed into `link_group` (C13).

    A broken line links the known ids that it names. If no link source is declared, or no file is
    there, nobody is linked. `close_links` makes groups of the pairs.
    """
    declared = load.sources.link
    found: list[Reader] = []
    rename = {}
    if declared is not None:
        found = readers(load.engine, load.root, declared)
        rename = dict(declared.rename)
        for reader in found:
            require("link", reader, FIELDS, rename, declared.line)
    stage = load.stage("link", found, FIELDS, rename)
    stage.show("raw_link", ids=FIELDS)
    for name in FIELDS:
        load.identify("raw_link", name)
    stage.tell_broken(FIELDS)
    pairs = load.engine.make("link_pair", reads=load.engine.named())
    load.orphans["link"] = orphans_of_ids(load, "orphan_link")
    close_links(load.engine, pairs, Table(load.table("link_group")))
    load.engine.expose(NEW, ["link_group"])
    load.settle(stage, "link_quarantine")
