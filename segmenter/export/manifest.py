"""The manifest beside an exported file: JSON, signed with Ed25519, without an exact number (P17).

The signature is over the canonical JSON (sorted keys, no blanks) of everything but `signature`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.errors import Refusal, UsageError
from segmenter.model import Documented

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from segmenter.private.keys import Keys

VERSION = 1
NEEDED = {"public_key", "signature", "file"}  # what makes a JSON object a manifest
CHUNK = 1 << 20  # bytes read at a time


@dataclass(frozen=True, slots=True)
class VerifiedManifest(Documented):
    """A manifest whose signature holds.

    `trusted`: signed with this project's key (None: not asked). `file_matches` is None if its file
    is not beside it.
    """

    content: Mapping[str, Any]
    trusted: bool | None
    file_matches: bool | None

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "manifest": dict(self.content),
            "signature": "valid",
            "trusted": self.trusted,
            "file_matches": self.file_matches,
        }


# -- writing ---------------------------------------------------------------------------------------


def signed(keys: Keys, content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with the public key and the signature (base64)."""
    whole = {
        "version": VERSION,
        **content,
        "public_key": public_key(keys),
    }
    signature = keys.signer().sign(canonical(whole))
    text = base64.b64encode(signature).decode()
    return {**whole, "signature": text}


def json_text(content: Mapping[str, Any]) -> bytes:
    """A manifest as it lies in its file."""
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()


def canonical(content: Mapping[str, Any]) -> bytes:
    """What is signed: everything but the signature.

    >>> canonical({"b": 1, "a": "e", "signature": "x"})
    b'{"a":"e","b":1}'
    """
    unsigned = dict(content)
    unsigned.pop("signature", None)
    text = json.dumps(unsigned, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def public_key(keys: Keys) -> str:
    """The project's public key for manifests, raw, in base64."""
    signer = keys.signer()
    raw = signer.public_key().public_bytes_raw()
    return base64.b64encode(raw).decode()


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hex."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


# -- checking --------------------------------------------------------------------------------------


def verify(path: Path, keys: Keys | None = None) -> VerifiedManifest:
    """Check a manifest, and its file if that lies beside it.

    With the project's keys it also says whether this project signed it. Raises `UsageError` for a
    file that is no manifest, `Refusal` (`manifest`) if the signature, the signer or the file's hash
    is not right.
    """
    content = _read(path)
    if not _signature_holds(content):
        raise Refusal(
            "manifest", "the manifest was changed: its signature does not hold", file=path
        )
    trusted = None if keys is None else content["public_key"] == public_key(keys)
    if trusted is False:
        raise Refusal("manifest", "the manifest is signed with another project's key", file=path)
    file = path.parent / str(content["file"])
    matches = file_hash(file) == content.get("file_sha256") if file.is_file() else None
    if matches is False:
        raise Refusal("manifest", "the file is not the one the manifest was made for", file=file)
    return VerifiedManifest(content, trusted, matches)


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise UsageError("there is no such file", file=path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or not content.keys() >= NEEDED:
        raise UsageError("this is not a manifest of an export", file=path)
    return content


def _signature_holds(content: Mapping[str, Any]) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        raw_key = base64.b64decode(str(content["public_key"]), validate=True)
        signature = base64.b64decode(str(content["signature"]), validate=True)
        Ed25519PublicKey.from_public_bytes(raw_key).verify(signature, canonical(content))
    except (InvalidSignature, ValueError):
        return False
    return True
