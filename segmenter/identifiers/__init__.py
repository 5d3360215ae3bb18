"""Identifiers brought to one spelling, and hashed with the project's key (S3).

`email`, `phone` and `postal` read one value each, and `reading` chooses among them; `hashing` keeps
HMAC-SHA-256 of what was read, never the text; `sets` does the same for whole tables, plain
spellings in SQL and every other distinct value once in Python. All give the same text for the same
value.
"""

from segmenter.identifiers.characters import AROUND, stripped
from segmenter.identifiers.form import KINDS, Normal
from segmenter.identifiers.hashing import (
    LABEL,
    PROBE_DIGITS,
    Hashed,
    entry_hashes,
    hashes,
    pads,
    probe_of,
)
from segmenter.identifiers.reading import entry_forms, normal_forms, read
from segmenter.identifiers.sets import hash_patients, hash_values, normalise, reach_patients

__all__ = (
    "AROUND",
    "KINDS",
    "LABEL",
    "PROBE_DIGITS",
    "Hashed",
    "Normal",
    "entry_forms",
    "entry_hashes",
    "hash_patients",
    "hash_values",
    "hashes",
    "normal_forms",
    "normalise",
    "pads",
    "probe_of",
    "reach_patients",
    "read",
    "stripped",
)
