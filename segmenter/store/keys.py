"""The project's secret and what is derived from it.

One text of at least 32 characters (`SEGMENTER_KEY`, else `.segmenter/key`, mode 600) is the only
secret. Every use has its own key, derived with HKDF-SHA256 under its own label, so that no two uses
share one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmenter.errors import ProjectKeyError
from segmenter.store.files import write_file

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VARIABLE = "SEGMENTER_KEY"
SHORTEST = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """The project's keys. Its `repr` shows nothing."""

    secret: bytes = field(repr=False)

    def derive(self, label: str) -> bytes:
        """32 bytes for one use (HKDF-SHA256, RFC 5869, empty salt, one block)."""
        extracted = hmac.new(bytes(32), self.secret, hashlib.sha256).digest()
        return hmac.new(extracted, label.encode() + b"\x01", hashlib.sha256).digest()

    def file_key(self) -> str:
        """The key of encrypted DuckDB files, as base64 text (32 bytes)."""
        return base64.b64encode(self.derive("segmenter/file/1")).decode()

    def pseudonym(self, label: str, value: str) -> str:
        """Keyed hash (HMAC-SHA-256, hex) of a value, for one use."""
        return hmac.new(
            self.derive(f"segmenter/{label}/1"), value.encode(), hashlib.sha256
        ).hexdigest()

    def sealed(self, data: bytes) -> bytes:
        """Encrypt and authenticate a small file (AES-256-GCM, random nonce)."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self.derive("segmenter/blob/1")).encrypt(nonce, data, None)

    def opened(self, data: bytes) -> bytes:
        """Undo `sealed`; `ProjectKeyError` where the data is not ours or was changed."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self.derive("segmenter/blob/1")).decrypt(data[:12], data[12:], None)
        except (InvalidTag, ValueError):
            msg = "a file of the project cannot be opened with this key"
            raise ProjectKeyError(msg) from None

    def signer(self) -> Ed25519PrivateKey:
        """The Ed25519 key that signs manifests."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.derive("segmenter/sign/1"))


def load(home: Path) -> Keys:
    """The keys of the project whose private folder is `home` (`.segmenter/`).

    `SEGMENTER_KEY` wins over the key file. A new project without either gets a key file; a project
    that already holds data and has neither, or whose key is another one, raises `ProjectKeyError`
    (exit 2).
    """
    keys = Keys(_secret(home))
    check = home / "key.check"
    expected = keys.pseudonym("check", "segmenter")
    if check.exists():
        if not hmac.compare_digest(check.read_text(encoding="utf-8").strip(), expected):
            msg = "this is not the key the project was made with"
            raise ProjectKeyError(
                msg, hint=f"set {VARIABLE} to the project's key, or restore .segmenter/key"
            )
    elif not _in_use(
        home
    ):  # else the mark of the journal tells a wrong key, which must not become the project's
        write_file(check, expected.encode())
    return keys


def _in_use(home: Path) -> bool:
    """Whether the project was worked with, under some key."""
    return any((home / name).exists() for name in ("key.check", "journal.mark")) or any(
        (home / "snapshots").glob("*.duckdb")
    )


def _secret(home: Path) -> bytes:
    file = home / "key"
    given = os.environ.get(VARIABLE)
    if given is None and file.exists():
        try:
            given = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            msg = "the key file cannot be read"
            raise ProjectKeyError(msg, file=file) from None
    if given is None:
        if _in_use(home):
            msg = "the project's key is missing"
            raise ProjectKeyError(msg, hint=f"set {VARIABLE}, or restore .segmenter/key")
        given = secrets.token_urlsafe(48)
        write_file(file, given.encode())
    if len(given) < SHORTEST:
        msg = f"the project's key is shorter than {SHORTEST} characters"
        raise ProjectKeyError(msg, hint="use a long random text")
    return given.encode("utf-8")
