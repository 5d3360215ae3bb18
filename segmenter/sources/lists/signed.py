"""Signatures of webhook bodies: Mailgun's and those of Amazon SNS.

The others sign nothing, or only headers that no file holds.

Keys come from the environment and never from YAML: SEGMENTER_MAILGUN_SIGNING_KEY is Mailgun's
webhook signing key, SEGMENTER_SNS_CERTIFICATE the path of Amazon's certificate (PEM, downloaded by
hand: nothing is fetched). Where one is set, every event of that sender has to be signed with it.
What a person said (unsubscribed, complained) counts all the same and is told of; a bounce that
nobody vouches for counts for nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.errors import SourceError
from segmenter.sources.lists.entry import Document, Entry, Fault, text
from segmenter.sources.lists.senders import mailgun, ses

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

MAILGUN = "SEGMENTER_MAILGUN_SIGNING_KEY"
SNS = "SEGMENTER_SNS_CERTIFICATE"
SPOKEN = ("unsubscribed", "complained")  # what a person said, not a machine
SIGNED = (
    "Message",
    "MessageId",
    "Subject",
    "Timestamp",
    "TopicArn",
    "Type",
)  # of a notification, in the order of their signature
UNVERIFIED = Fault("the event's signature is missing or does not hold", "signature")


@dataclass(frozen=True, slots=True)
class Signers:
    """Whose signatures are known. None: that sender's events are taken as they come."""

    mailgun: bytes | None = field(default=None, repr=False)
    sns: RSAPublicKey | None = None

    @classmethod
    def configured(cls) -> Signers:
        """What the environment names. `SourceError` for a certificate that cannot be read."""
        key = os.environ.get(MAILGUN)
        path = os.environ.get(SNS)
        return cls(
            mailgun=key.encode() if key else None,
            sns=_certificate(Path(path)) if path else None,
        )

    def vetted(
        self, sender: str | None, document: Document, found: Sequence[Entry | Fault]
    ) -> list[Entry | Fault]:
        """What of a document's entries counts.

        A fault is added if it says anything at all and its signature does not hold.
        """
        names_somebody = any(isinstance(one, Entry) for one in found)
        if not names_somebody or self._vouched(sender, document):
            return list(found)
        kept: list[Entry | Fault] = []
        for one in found:
            if isinstance(one, Fault) or one.reason in SPOKEN:
                kept.append(one)
        return [*kept, UNVERIFIED]

    def _vouched(self, sender: str | None, document: Document) -> bool:
        if (
            sender == mailgun.SENDER and self.mailgun is not None and "items" not in document
        ):  # a page of items was asked for by ourselves
            return _mailgun(document, self.mailgun)
        event = any(
            name in document for name in ("Message", "notificationType", "eventType")
        )  # and not a list of the account
        if sender == ses.SENDER and self.sns is not None and event:
            return _sns(document, self.sns)
        return True


def _mailgun(document: Document, key: bytes) -> bool:
    """HMAC-SHA256 over timestamp and token; in the older form posts they lie beside the event."""
    given: Any = document.get("signature")
    given = given if isinstance(given, dict) else document
    stamp, token, signature = (
        text(given.get(name)) for name in ("timestamp", "token", "signature")
    )
    expected = hmac.new(
        key, f"{stamp}{token}".encode(errors="surrogateescape"), hashlib.sha256
    ).hexdigest()
    return bool(stamp and token) and hmac.compare_digest(
        expected.encode(), signature.lower().encode(errors="surrogateescape")
    )


def _sns(document: Document, key: RSAPublicKey) -> bool:
    """RSA (PKCS 1 v1.5) over the envelope's fields: SHA-1 in version 1, SHA-256 in version 2."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    digests = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303  the sender's choice
    digest = digests.get(text(document.get("SignatureVersion")))
    if digest is None or not isinstance(document.get("Message"), str):
        return False
    told = "".join(
        f"{name}\n{text(document[name])}\n" for name in SIGNED if document.get(name) is not None
    )
    try:
        signature = base64.b64decode(text(document.get("Signature")), validate=True)
        key.verify(signature, told.encode(errors="surrogatepass"), padding.PKCS1v15(), digest)
    except (InvalidSignature, ValueError):
        return False
    return True


def _certificate(path: Path) -> RSAPublicKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey as Rsa
    from cryptography.x509 import load_pem_x509_certificate

    try:
        key = load_pem_x509_certificate(path.read_bytes()).public_key()
    except (OSError, ValueError):
        key = None
    if not isinstance(key, Rsa):
        raise SourceError(
            "the certificate of Amazon SNS cannot be read",
            file=path,
            hint=f"{SNS} is the path of a PEM file",
        )
    return key
