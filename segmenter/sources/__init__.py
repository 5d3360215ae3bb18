"""Declared sources -> one new snapshot. `ingest` is the stage; `lists` reads suppression lists for it and for `suppress import`."""

from segmenter.sources.ingest import Ingested, Quarantined, ingest
from segmenter.sources.work import TableCount

__all__ = ["Ingested", "Quarantined", "TableCount", "ingest"]
