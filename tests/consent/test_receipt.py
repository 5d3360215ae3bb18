"""Consent receipts, in the fields of ISO/IEC TS 27560."""

from __future__ import annotations

import pytest

from segmenter.consent.explain import explain
from segmenter.consent.receipt import MANDATORY, ReceiptNames, make_receipt
from world.clinic import NOW, POLICY, clinic, event
from world.histories import TAKEN_AT
from world.settled import settled

NAMES = ReceiptNames("r-1", "c-1")


def receipt_of(data, **more):
    with settled(data) as place:
        explanation = explain(place.engine, place.policy, place.tables, "p", NOW)
    return make_receipt(explanation, POLICY, TAKEN_AT, NAMES, **more)


@pytest.fixture(scope="module")
def receipt():
    data = clinic(
        event(),
        event(category="identity"),
        event(state="withdrawn", effective_at="2026-05-02T10:00:00Z"),
    )
    exports = [{"destination": "mailer", "purpose": "prevention"}]
    return receipt_of(data, exports=exports)


def test_a_receipt_holds_every_mandatory_field(receipt):
    document = receipt.to_dict()
    informations = [part["pii_information"] for part in document["pii_processing"]]
    document["pii_information"] = [one for part in informations for one in part]
    for part, names in MANDATORY.items():
        entries = document[part] if isinstance(document[part], list) else [document[part]]
        for entry in entries:
            for name in names:
                assert entry[name] not in (None, "", []), (part, name)


def test_a_receipt_names_its_parties(receipt):
    parties = receipt.to_dict()["party_identification"]
    assert {party["party_id"]: party["party_type"] for party in parties} == {
        "controller": "PII controller",
        "principal": "PII principal",
        "mailer": "third party",
        "authority": "supervisory authority",
    }


def test_a_recipient_stands_under_the_purposes_that_it_served_alone(receipt):
    served = {
        part["purpose"]: part["recipient_third_parties"]
        for part in receipt.to_dict()["pii_processing"]
    }
    assert served["prevention"] == ["mailer"]
    assert served["offers"] == served["statistics"] == ["nobody so far"]


def test_a_receipt_says_what_was_agreed_to_and_what_was_said(receipt):
    document = receipt.to_dict()
    [prevention] = [p for p in document["pii_processing"] if p["purpose"] == "prevention"]
    agreed = {one["pii_type"]: one["consented"] for one in prevention["pii_information"]}
    assert agreed == {"identity": True, "contact": False, "care": False}
    states = [said["event_state"] for said in document["event"]]
    assert states == ["consent given", "consent given", "consent withdrawn"]
    types = [said["event_type"] for said in document["event"]]
    assert types == ["explicit consent", "explicit consent", "change of consent"]


def test_a_receipt_in_words(receipt):
    document = receipt.to_dict()
    at = document["header"]["as_of"]
    assert receipt.lines("en")[:2] == [
        "Consent receipt r-1 (ISO/IEC TS 27560:2023)",
        f"For: p, as of {at}, record c-1",
    ]
    assert receipt.lines("fr")[1] == f"Pour\u00a0: p, situation au {at}, dossier c-1"
    assert receipt.lines("fr")[2].startswith(
        "Responsable du traitement\u00a0: Clinic, non indiqué."
    )
    for language in ("en", "fr"):
        parts = len(document["pii_processing"]) + len(document["event"])
        assert len(receipt.lines(language)) == 3 + parts + 3
    assert "p" not in repr(receipt).replace("Receipt", "")


def test_a_receipt_speaks_one_language():
    english, french = (
        receipt_of(clinic(event()), language=language).to_dict()["pii_processing"][0]
        for language in ("en", "fr")
    )
    for name in (
        "lawful_basis",
        "processing_method",
        "retention_period",
        "withdrawal_method",
        "privacy_rights",
        "recipient_third_parties",
    ):
        assert english[name] != french[name]
