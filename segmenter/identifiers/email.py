"""E-mail addresses and their domains."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from segmenter.identifiers.form import Normal

GOOGLE = ("gmail.com", "googlemail.com")
VALID = re.compile(r"[^@]+@[^@.]+(\.[^@.]+)+", re.DOTALL)


def first_email(value: str) -> Normal | None:
    """The address as it is compared and written; None if nothing is left of it."""
    text = _bare(value)
    if not text:
        return None
    return Normal("email", 1, text, VALID.fullmatch(text) is not None)


def first_domain(value: str) -> Normal | None:
    """The domain of an entry that names a whole domain. With its root or an `@`, it is the same."""
    text = _bare(value).removeprefix("@").rstrip(".")
    if not text:
        return None
    return Normal("domain", 1, text, "@" not in text)


def coarser(first: Normal) -> Iterator[Normal]:
    """The second profile of an address, if it differs, and its domain."""
    if "@" not in first.text:
        return
    local, domain = first.text.rsplit("@", 1)
    if domain in GOOGLE and ("." in local or "+" in local):
        bare = local.split("+", 1)[0].replace(".", "")
        yield Normal("email", 2, f"{bare}@{domain}", valid=False)
    if domain:
        yield Normal("domain", 1, domain, valid=False)


def _bare(value: str) -> str:
    return "".join(unicodedata.normalize("NFKC", value).split()).lower()
