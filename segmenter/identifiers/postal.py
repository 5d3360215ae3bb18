"""Postal addresses and patient ids: texts of which only the blanks are brought to one form."""

from __future__ import annotations

from segmenter.identifiers.characters import folded, stripped
from segmenter.identifiers.form import NOTHING, IdentifierReading, Normal


def read_postal(value: str) -> IdentifierReading:
    """A postal address with single blanks, lower-case. One without a letter or digit names nobody."""
    text = " ".join(folded(value).split())
    if not text:
        return NOTHING
    kept = any(sign.isalnum() for sign in text)
    return IdentifierReading((Normal("postal", 1, text, valid=True, kept=kept),))


def read_patient_id(value: str) -> IdentifierReading:
    """A patient id without the blanks around it."""
    text = stripped(value)
    return (
        IdentifierReading((Normal("patient_id", 1, text, valid=True, kept=True),))
        if text
        else NOTHING
    )
