"""Normalise identifiers and hash them with the project's key (S3).

Plain spellings go through SQL in sets; every other distinct value goes through Python once. Both
give the same text for the same value, and so does `hashes` for a single one. What is kept is
HMAC-SHA-256 of the normalised text, never the text.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmenter.engine import DuckDBEngine
    from segmenter.keys import Keys

KINDS = ("email", "phone", "patient_id", "postal", "domain")
LABEL = "segmenter/identifier/1"
BLOCK = 64  # bytes in a block of SHA-256
PROBE_DIGITS = 15  # hex digits of a hash that fit a BIGINT and are joined on
GOOGLE = ("gmail.com", "googlemail.com")

_EMAIL = re.compile(r"[^@]+@[^@.]+(\.[^@.]+)+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Normal:
    """One normalised form of an identifier. `valid` says whether it may be used to contact somebody. Its repr shows no text."""

    kind: str
    profile: int
    text: str
    valid: bool

    def __repr__(self) -> str:
        return f"Normal({self.kind!r}, {self.profile})"


@dataclass(frozen=True, slots=True)
class Hashed:
    """The keyed hash of one normalised form; `probe` is its first 15 hex digits as a number."""

    kind: str
    profile: int
    probe: int
    hash: str
    valid: bool


# -- single values ---------------------------------------------------------------------------------


def normal_forms(kind: str, value: str, region: str) -> tuple[Normal, ...]:
    """Every form that a suppression entry could name this identifier by, the first profile first; none where nothing is left of it.

    >>> [(n.kind, n.profile, n.text) for n in normal_forms("email", "J.Doe+x@GMail.com", "FR")]
    [('email', 1, 'j.doe+x@gmail.com'), ('email', 2, 'jdoe@gmail.com'), ('domain', 1, 'gmail.com')]
    """
    first = first_form(kind, value, region)
    return () if first is None else (first, *_coarser(first))


def entry_form(kind: str, value: str, region: str) -> Normal | None:
    """The form that an entry of a suppression list keeps: the coarsest one, which every finer one implies.

    Its validity is the first form's.

    >>> entry_form("phone", "06 12 34 56 78", "FR").text
    '+33612345678'
    """
    own = [form for form in normal_forms(kind, value, region) if form.kind == kind]
    return replace(own[-1], valid=own[0].valid) if own else None


def first_form(kind: str, value: str, region: str) -> Normal | None:
    """The first profile of an identifier (a phone number that is not possible: digits only, profile 2), or None where it is empty."""
    if kind == "phone":
        return _phone(value, region)
    text = _text(kind, value)
    if not text:
        return None
    valid = (
        _EMAIL.fullmatch(text) is not None
        if kind == "email"
        else not (kind == "domain" and "@" in text)
    )
    return Normal(kind, 1, text, valid)


def hashes(keys: Keys, region: str, kind: str, value: str) -> tuple[Hashed, ...]:
    """The keyed hashes of one identifier under every profile, its domain's too."""
    key = keys.derive(LABEL)
    return tuple(_hashed(key, form) for form in normal_forms(kind, value, region))


def entry_hash(keys: Keys, region: str, kind: str, value: str) -> Hashed | None:
    """The keyed hash that an entry of a suppression list keeps of this identifier; None where nothing is left of it."""
    form = entry_form(kind, value, region)
    return None if form is None else _hashed(keys.derive(LABEL), form)


def probe_of(digest: str) -> int:
    """The number that a keyed hash (hex) is joined on."""
    return int(digest[:PROBE_DIGITS], 16)


def _hashed(key: bytes, form: Normal) -> Hashed:
    digest = hmac.new(key, form.text.encode(), hashlib.sha256).hexdigest()
    return Hashed(form.kind, form.profile, probe_of(digest), digest, form.valid)


def _text(kind: str, value: str) -> str:
    if kind == "patient_id":
        return value.strip()
    folded = unicodedata.normalize("NFKC", value)
    if kind == "postal":
        return " ".join(folded.split()).lower()
    text = "".join(folded.split()).lower()
    return (
        text.removeprefix("@").rstrip(".") if kind == "domain" else text
    )  # a name with its root is the same name


def _phone(value: str, region: str) -> Normal | None:
    import phonenumbers

    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is not None and phonenumbers.is_possible_number(number):
        return Normal(
            "phone",
            1,
            phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
            valid=True,
        )
    digits = "".join(
        str(unicodedata.digit(c)) for c in unicodedata.normalize("NFKC", value) if c.isdecimal()
    )
    return Normal("phone", 2, digits, valid=False) if digits else None


def _coarser(first: Normal) -> Iterator[Normal]:
    if first.kind != "email" or "@" not in first.text:
        return
    local, domain = first.text.rsplit("@", 1)
    if domain in GOOGLE and ("." in local or "+" in local):
        yield Normal("email", 2, f"{local.split('+', 1)[0].replace('.', '')}@{domain}", valid=False)
    if domain:
        yield Normal("domain", 1, domain, valid=False)


# -- sets ------------------------------------------------------------------------------------------


def hash_patients(engine: DuckDBEngine, keys: Keys, region: str, into: str = "address") -> None:
    """Make `into` (a table of an attached file as `alias.address`, else temporary) from the ready tables `identity` and `patient`.

    Columns: patient, kind, profile, probe, hash, valid. One row for each identifier and profile,
    and one for each address's domain; one kind after the other, so that whoever asks for one kind
    reads only that.
    """
    from sqlglot import exp

    values = {"region": region, **pads(keys.derive(LABEL))}
    put = engine.make
    for kind in ("patient_id", "email", "phone", "postal"):
        engine.view(
            "identifier_given", "identifier_patient", {"__kind__": exp.Literal.string(kind)}
        )
        _normalise_odd(engine, region)
        put(into, "identifier_address", values)
        put = engine.add
        if kind == "email":
            put(into, "identifier_domain", values)
        engine.forget(["identifier_done", "identifier_given"])


def reach_patients(engine: DuckDBEngine, into: str = "reach") -> None:
    """Make `into` (as for `hash_patients`) from the ready tables `patient` and `address`: how each patient can be reached, by kind."""
    put = engine.make
    for kind in ("email", "phone", "postal"):
        put(into, "reach", {"identifier": kind})
        put = engine.add


def hash_values(engine: DuckDBEngine, keys: Keys, region: str, source: str, into: str) -> None:
    """Make `into` with the keyed hash an entry keeps of each identifier of the table `source` (item BIGINT unique, kind, value).

    Columns: item, kind, probe, hash, valid. An item of which nothing is left after normalising has
    no row: its line is to be quarantined.
    """
    engine.alias("identifier_given", source)
    _normalise_odd(engine, region)
    engine.make(into, "identifier_entry", {"region": region, **pads(keys.derive(LABEL))})
    engine.forget(["identifier_done", "identifier_given"])


def normalise(
    engine: DuckDBEngine,
    region: str,
    relation: str,
    into: str,
    values: dict[str, object] | None = None,
) -> None:
    """Make `into` (item, kind, profile, normal, valid): the first profile of what `relation` gives (item, kind, value)."""
    engine.make("identifier_listed", relation, values)
    if not engine.count("identifier_listed"):
        engine.create(
            into,
            {
                "item": "BIGINT",
                "kind": "VARCHAR",
                "profile": "INTEGER",
                "normal": "VARCHAR",
                "valid": "BOOLEAN",
            },
        )
        engine.drop("identifier_listed")
        return
    engine.alias("identifier_given", "identifier_listed")
    _normalise_odd(engine, region)
    engine.make(into, "identifier_first", {"region": region})
    engine.forget(["identifier_done", "identifier_given", "identifier_listed"])


def _normalise_odd(engine: DuckDBEngine, region: str) -> None:
    """Normalise in Python what plain SQL cannot, each distinct value once."""
    import polars as pl

    odd = engine.frame("identifier_odd", {"region": region})
    forms = [
        first_form(kind, value, region) for kind, value in odd.select("kind", "value").iter_rows()
    ]
    done = odd.select("kind", "value").with_columns(
        pl.Series("profile", [None if f is None else f.profile for f in forms], dtype=pl.Int32),
        pl.Series("normal", ["" if f is None else f.text for f in forms], dtype=pl.String),
        pl.Series("valid", [f is not None and f.valid for f in forms], dtype=pl.Boolean),
    )
    engine.load("identifier_done", done)


def pads(key: bytes) -> dict[str, bytes]:
    """The inner and outer blocks of HMAC-SHA-256, for SQL that writes `sha256($outer || unhex(sha256($inner || message)))`."""
    whole = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\x00")
    return {"inner": bytes(b ^ 0x36 for b in whole), "outer": bytes(b ^ 0x5C for b in whole)}
