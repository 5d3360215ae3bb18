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

from segmenter import outages
from segmenter.errors import ProjectKeyError, SegmenterError
from segmenter.private.files import write_file
from segmenter.private.traces import in_use

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

VARIABLE = "SEGMENTER_KEY"
CHECK = "key.check"
RESTORE = f"set {VARIABLE} to the project's key, or restore .segmenter/key from a backup"
SHORTEST = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """The project's keys. Its `repr` shows nothing."""

    secret: bytes = field(repr=False)

    def derive(self, label: str) -> bytes:
        """32 bytes for one use (HKDF-SHA256, RFC 5869, without salt)."""
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        return HKDF(SHA256(), length=32, salt=None, info=label.encode()).derive(self.secret)

    def file_key(self) -> str:
        """The key of encrypted DuckDB files, as base64 text (32 bytes)."""
        return base64.b64encode(self.derive("segmenter/file/1")).decode()

    def pseudonym(self, label: str, value: str) -> str:
        """Keyed hash (HMAC-SHA-256, hex) of a value, for one use."""
        return hmac.new(
            self.derive(f"segmenter/{label}/1"), value.encode(), hashlib.sha256
        ).hexdigest()

    def unsubscribe_key(self) -> bytes:
        """The key of List-Unsubscribe tokens."""
        return self.derive("segmenter/unsubscribe/1")

    def sealed(self, data: bytes) -> bytes:
        """Encrypt and authenticate a small file (AES-256-GCM, random nonce)."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self.derive("segmenter/blob/1")).encrypt(nonce, data, None)

    def opened(self, data: bytes) -> bytes:
        """Undo `sealed`; `ProjectKeyError` if the data is not ours or was changed."""
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


def _nothing(_keys: Keys) -> None:
    """Nothing has to be begun before a key is noted."""


def load(home: Path, begin: Callable[[Keys], None] = _nothing) -> Keys:
    """The keys of the project whose private folder is `home` (`.segmenter/`).

    `SEGMENTER_KEY` wins over the key file. A new project without either gets a key file; `begin` is
    called before its key is noted. Raises `ProjectKeyError` (exit 2) if a project that already
    holds data has neither, or another key.
    """
    secret = _given(home)
    if secret is None:
        secret = _new(home)
    if len(secret) < SHORTEST:
        msg = f"the project's key is shorter than {SHORTEST} characters"
        raise ProjectKeyError(msg, file=_file(home), hint="use a long random text")
    keys = Keys(secret.encode("utf-8", "surrogateescape"))
    if (home / CHECK).exists():
        _expect_the_same(home, keys)
    elif not in_use(home):
        begin(keys)
        write_file(home / CHECK, _noted(keys))
    return keys


def _noted(keys: Keys) -> bytes:
    """What is noted of a key."""
    return keys.pseudonym("check", "segmenter").encode()


def _given(home: Path) -> str | None:
    """The secret of the environment or of the key file."""
    given = os.environ.get(VARIABLE)
    file = home / "key"
    if given is not None or not file.exists():
        return given
    try:
        return file.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise ProjectKeyError("the key file is no text", file=file, hint=RESTORE) from None
    except OSError as error:
        raise _unreadable(error, file, "the key file cannot be read") from None


def _new(home: Path) -> str:
    """A new secret, for a project that was never worked with."""
    if in_use(home):
        raise ProjectKeyError("the project's key is missing", file=home / "key", hint=RESTORE)
    secret = secrets.token_urlsafe(48)
    write_file(home / "key", secret.encode())
    return secret


def _expect_the_same(home: Path, keys: Keys) -> None:
    """Refuse another key than the one the project was made with.

    A project in use that lost its note gets no new one, or a wrong key would become the project's.
    Its journal tells a wrong key.
    """
    check = home / CHECK
    try:
        noted = check.read_bytes().strip()
    except OSError as error:
        raise _unreadable(error, check, "the key's check cannot be read") from None
    if not hmac.compare_digest(noted, _noted(keys)):
        msg = f"this is not the key the project was made with, or {check.name} is damaged"
        raise ProjectKeyError(msg, file=_file(home) or check, hint=RESTORE)


def _file(home: Path) -> Path | None:
    """The key file, if the key is of it."""
    return None if VARIABLE in os.environ else home / "key"


def _unreadable(error: OSError, file: Path, message: str) -> SegmenterError:
    """Why a file of the key could not be read; an account's rights and a failing disk by name."""
    if error.errno in (*outages.DENIED, *outages.FAILING):
        return outages.of_system(error) or ProjectKeyError(message, file=file)
    return ProjectKeyError(message, file=file, hint=RESTORE)
