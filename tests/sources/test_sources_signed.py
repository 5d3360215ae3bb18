"""Signatures of webhook bodies: whoever is not vouched for closes no address, and no opt-out is
lost for want of a signature.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from segmenter.engine import DuckDBEngine
from segmenter.errors import SourceError
from segmenter.sources import lists
from segmenter.sources.lists import signed

KEY = "a-signing-key"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with DuckDBEngine(tmp_path_factory.mktemp("spill"), None) as engine:
        yield engine


@pytest.fixture(scope="module")
def amazon(tmp_path_factory):
    """Amazon's private key, and the file of its certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.example")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(
        name,
        name,
        key.public_key(),
        x509.random_serial_number(),
        start,
        start + dt.timedelta(days=999),
    )
    path = tmp_path_factory.mktemp("sns") / "sns.pem"
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return key, path


def read(engine, tmp_path, document):
    path = tmp_path / "body"
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    listed = lists.read(engine, [lists.of_path(path)], "x")
    rows = engine.connection.execute(f"SELECT reason FROM {listed.table.name}").fetchall()
    reasons = [row[0] for row in rows]
    return reasons, [(one.line, one.rule) for one in listed.broken]


def mailgun(event, key=KEY, **more):
    signature = hmac.new(key.encode(), b"1529006854token", hashlib.sha256).hexdigest()
    inner = {
        "event": event,
        "recipient": "a@x.example",
        "severity": "permanent",
        "timestamp": 1529006854.3,
        "id": "1",
    }
    return {
        "event-data": inner,
        "signature": {"timestamp": "1529006854", "token": "token", "signature": signature},
        **more,
    }


def sns(key, kind, version="2", **changed):
    part = {"Bounce": "bounce", "Complaint": "complaint"}[kind]
    people = {"Bounce": "bouncedRecipients", "Complaint": "complainedRecipients"}[kind]
    event = {
        "notificationType": kind,
        part: {people: [{"emailAddress": "a@x.example"}], "bounceType": "Permanent"},
        "mail": {},
    }
    envelope = {
        "Type": "Notification", "MessageId": "m", "TopicArn": "arn:x", "Subject": "s",
        "Message": json.dumps(event),
        "Timestamp": "2026-01-01T00:00:00.000Z", "SignatureVersion": version,
    }  # fmt: skip
    text = "".join(
        f"{name}\n{envelope[name]}\n"
        for name in ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    )
    digest = hashes.SHA1() if version == "1" else hashes.SHA256()
    envelope["Signature"] = base64.b64encode(
        key.sign(text.encode(), padding.PKCS1v15(), digest)
    ).decode()
    return {**envelope, **changed}


def test_mailgun_signs_its_events(engine, tmp_path, monkeypatch):
    monkeypatch.setenv(signed.MAILGUN, KEY)
    assert read(engine, tmp_path, mailgun("failed")) == (["hard_bounce"], [])
    assert read(engine, tmp_path, mailgun("failed", "another")) == ([], [(1, "signature")])
    assert read(engine, tmp_path, mailgun("failed", signature={})) == ([], [(1, "signature")])
    assert read(engine, tmp_path, mailgun("delivered", "another")) == ([], [])


@pytest.mark.parametrize("event", ["complained", "unsubscribed"])
def test_what_a_person_said_counts_though_nobody_vouches_for_it(
    engine, tmp_path, monkeypatch, event
):
    monkeypatch.setenv(signed.MAILGUN, KEY)
    assert read(engine, tmp_path, mailgun(event, "another")) == ([event], [(1, "signature")])


def test_mailgun_s_older_form_posts(engine, tmp_path, monkeypatch):
    monkeypatch.setenv(signed.MAILGUN, KEY)
    right = hmac.new(KEY.encode(), b"12token", hashlib.sha256).hexdigest()

    def form(proof):
        fields = {
            "event": "bounced",
            "recipient": "a@x.example",
            "code": 550,
            "timestamp": 12,
            "token": "token",
            "signature": proof,
        }
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        return "".join([*parts, "--b--\r\n"]).encode()

    assert read(engine, tmp_path, form(right)) == (["hard_bounce"], [])
    assert read(engine, tmp_path, form("0" * 64)) == ([], [(1, "signature")])


@pytest.mark.parametrize("version", ["1", "2"])
def test_amazon_signs_its_envelopes(engine, tmp_path, monkeypatch, amazon, version):
    key, path = amazon
    monkeypatch.setenv(signed.SNS, str(path))
    assert read(engine, tmp_path, sns(key, "Bounce", version)) == (["hard_bounce"], [])
    assert read(engine, tmp_path, sns(key, "Bounce", version, Subject="t")) == (
        [],
        [(1, "signature")],
    )
    assert read(engine, tmp_path, sns(key, "Bounce", version, Signature="AAAA")) == (
        [],
        [(1, "signature")],
    )
    assert read(engine, tmp_path, sns(key, "Bounce", version, SignatureVersion="3")) == (
        [],
        [(1, "signature")],
    )
    assert read(engine, tmp_path, sns(key, "Complaint", version, Timestamp="t")) == (
        ["complained"],
        [(1, "signature")],
    )


def test_a_bare_event_of_amazon_is_not_signed_and_a_list_of_the_account_need_not_be(
    engine, tmp_path, monkeypatch, amazon
):
    key, path = amazon
    monkeypatch.setenv(signed.SNS, str(path))
    assert read(engine, tmp_path, json.loads(sns(key, "Bounce")["Message"])) == (
        [],
        [(1, "signature")],
    )
    assert read(engine, tmp_path, {"emailAddress": "a@x.example", "reason": "BOUNCE"}) == (
        ["hard_bounce"],
        [],
    )


def test_without_a_key_nothing_is_asked(engine, tmp_path, monkeypatch):
    monkeypatch.delenv(signed.MAILGUN, raising=False)
    assert read(engine, tmp_path, mailgun("failed", "another")) == (["hard_bounce"], [])


def test_a_certificate_that_cannot_be_read_stops_the_import(engine, tmp_path, monkeypatch):
    monkeypatch.setenv(signed.SNS, str(tmp_path / "none.pem"))
    with pytest.raises(SourceError, match="certificate"):
        read(engine, tmp_path, mailgun("failed"))


def test_what_says_nothing_is_counted_once_whatever_the_others_say(engine, tmp_path, monkeypatch):
    monkeypatch.setenv(signed.MAILGUN, KEY)
    bodies = [
        mailgun("complained", "another"),
        mailgun("delivered"),
        mailgun("failed", "another"),
        mailgun("opened"),
    ]
    path = tmp_path / "body"
    path.write_text("\n".join(json.dumps(one) for one in bodies))
    listed = lists.read(engine, [lists.of_path(path)], "x")
    assert (listed.read, lists.silent(engine, listed)) == (4, 2)
