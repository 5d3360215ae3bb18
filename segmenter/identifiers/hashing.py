"""What is kept of an identifier: the keyed hash of its normalised text, never the text."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.identifiers.form import Normal
from segmenter.identifiers.reading import entry_forms, normal_forms

if TYPE_CHECKING:
    from segmenter.private.keys import Keys

LABEL = "segmenter/identifier/1"
BLOCK = 64  # bytes in a block of SHA-256
INNER_PAD, OUTER_PAD = 0x36, 0x5C  # of HMAC
PROBE_DIGITS = 15  # hex digits of a hash that fit a BIGINT and are joined on


@dataclass(frozen=True, slots=True)
class Hashed:
    """The keyed hash of one normalised form; `probe` is its first 15 hex digits as a number."""

    kind: str
    profile: int
    probe: int
    hash: str
    valid: bool


def hashes(keys: Keys, region: str, kind: str, value: str) -> tuple[Hashed, ...]:
    """The keyed hashes of everything an entry could name an identifier by, its domain's too."""
    return _all_hashed(keys, normal_forms(kind, value, region))


def entry_hashes(keys: Keys, region: str, kind: str, value: str) -> tuple[Hashed, ...]:
    """The keyed hashes that entries of a suppression list keep of this identifier.

    None if the value can name nobody.
    """
    return _all_hashed(keys, entry_forms(kind, value, region))


def probe_of(digest: str) -> int:
    """The number that a keyed hash (hex) is joined on."""
    return int(digest[:PROBE_DIGITS], 16)


def pads(key: bytes) -> dict[str, bytes]:
    """The inner and outer blocks of HMAC-SHA-256.

    For SQL that writes `sha256($outer || unhex(sha256($inner || message)))`.
    """
    if len(key) > BLOCK:
        key = hashlib.sha256(key).digest()
    block = key.ljust(BLOCK, b"\x00")
    inner = bytes(byte ^ INNER_PAD for byte in block)
    outer = bytes(byte ^ OUTER_PAD for byte in block)
    return {"inner": inner, "outer": outer}


def _all_hashed(keys: Keys, forms: Iterable[Normal]) -> tuple[Hashed, ...]:
    key = keys.derive(LABEL)
    return tuple(_hashed(key, form) for form in forms)


def _hashed(key: bytes, form: Normal) -> Hashed:
    text = form.text.encode()
    digest = hmac.new(key, text, hashlib.sha256).hexdigest()
    probe = probe_of(digest)
    return Hashed(
        kind=form.kind,
        profile=form.profile,
        probe=probe,
        hash=digest,
        valid=form.valid,
    )
