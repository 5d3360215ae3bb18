"""Declared sources -> one new snapshot.

In come files, tables of databases, FHIR documents and senders' lists, as `sources.yml` declares
them; out comes one encrypted snapshot file. Every row that is read is kept or quarantined with its
line and a reason; nothing is lost in silence (I1 to I6).

ingest           the stage: its steps in order, whole or not at all
load             what every step works with; results: what the stage gives back; health (R3)
changes          what has to be read; progress: how much each step is
snapshot_file    the file: begun and finished
files            finding and opening; readers: one a format (csv, jsonl, parquet, excel, database)
stage            rows as text before they are checked; column_names: which column is which
patients, facts, events, links, preferences, suppressions   one kind of source each
lists, fhir      senders' lists; FHIR consents
hashes, matches, reduction   what later stages join, made once
"""

from segmenter.sources.ingest import ingest
from segmenter.sources.results import Ingested, Quarantined, SourceHealth, TableCount

__all__ = ["Ingested", "Quarantined", "SourceHealth", "TableCount", "ingest"]
