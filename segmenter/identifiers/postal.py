"""Postal addresses and patient ids: texts of which only the blanks are brought to one form."""

from __future__ import annotations

from segmenter.identifiers.characters import folded, stripped
from segmenter.identifiers.form import NOTHING, IdentifierReading, Normal


def read_postal(value: str) -> IdentifierReading:
    """A postal address, lower-case, with single blanks. Without letters and digits: nobody."""
    text = " ".join(folded(value).split())
    if not text:
        return NOTHING
    kept = any(map(str.isalnum, text))
    form = Normal(
        kind="postal",
        profile=1,
        text=text,
        valid=True,
        kept=kept,
    )
    return IdentifierReading((form,))


def read_patient_id(value: str) -> IdentifierReading:
    """A patient id without the blanks around it."""
    text = stripped(value)
    if not text:
        return NOTHING
    form = Normal(
        kind="patient_id",
        profile=1,
        text=text,
        valid=True,
        kept=True,
    )
    return IdentifierReading((form,))
