"""Postal addresses and patient ids: texts of which only the blanks are brought to one form."""

from __future__ import annotations

import unicodedata

from segmenter.identifiers.form import Normal


def first_postal(value: str) -> Normal | None:
    """A postal address with single blanks, lower-case; None if nothing is left of it."""
    text = " ".join(unicodedata.normalize("NFKC", value).split()).lower()
    return Normal("postal", 1, text, valid=True) if text else None


def first_patient_id(value: str) -> Normal | None:
    """A patient id without the blanks around it; None if nothing is left of it."""
    text = value.strip()
    return Normal("patient_id", 1, text, valid=True) if text else None
