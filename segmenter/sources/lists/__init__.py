"""Suppression lists in the layouts of real senders, told by shape and not by name.

Each file of a pattern is read by itself.
`read` makes an engine's table of entries as they were written; `hashed` turns it into entries that
hold keyed hashes alone. The ingest uses both for declared feeds, and `suppress import` for single
files. A file that no layout claims, or that two do, is refused, naming the headers seen and never a
value. `senders` has every layout.
"""

from segmenter.sources.lists.hashing import hashed
from segmenter.sources.lists.reading import of_path, read, silent
from segmenter.sources.lists.written import Listed, Reading

__all__ = ["Listed", "Reading", "hashed", "of_path", "read", "silent"]
