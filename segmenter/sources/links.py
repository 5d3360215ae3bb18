"""The link source -> `link_group`: who is the same human, closed transitively (C13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.sources.readers import readers, require

if TYPE_CHECKING:
    from segmenter.sources.readers import Reader
    from segmenter.sources.work import Work

FIELDS = ("patient_id", "same_as")


def ingest_links(work: Work) -> None:
    """Read the pairs and close them; a broken line links the known ids it names. Not declared or not there: nobody is linked."""
    declared = work.sources.link
    found: list[Reader] = [] if declared is None else readers(work.engine, work.root, declared)
    rename = {} if declared is None else declared.rename
    for reader in found:
        require("link", reader, FIELDS, rename, None if declared is None else declared.line)
    stage = work.stage("link", found, FIELDS, rename)
    stage.show("raw_link")
    for column in FIELDS:
        work.identify("raw_link", column)
    stage.tell_broken()
    close(work)
    work.settle(stage, "link_quarantine")


def close(work: Work) -> None:
    """Join neighbours' groups until nothing changes: a number of steps that grows with the logarithm of the longest chain."""
    engine = work.engine
    engine.make("link_edge", "link_edge")
    engine.make("link_label", "link_start")
    while True:
        engine.make("link_next", "link_step")
        ((open_,),) = engine.rows("link_open")
        engine.make("link_label", "link_same")
        if not open_:
            break
    work.keep("link_group", "link_closed")
