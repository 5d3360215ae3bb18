"""Consent receipts: what a patient has agreed to, in the fields of ISO/IEC TS 27560:2023 (consent record information structure).

The fields, and which of them are mandatory, are those that the W3C's Data Privacy Vocabularies
group lists in "Consent Records and Receipts as per ISO/IEC TS 27560:2023 using DPV"
(https://w3id.org/dpv/guides/consent-27560, table of terms); `MANDATORY` also holds what that table
says the GDPR asks for. A receipt holds its own metadata and a copy of the record.

A receipt is derived from the events and decisions of `why`; it holds nothing that is not theirs.
What the policy does not say is given as `not stated`, never left out: a reader must see that it was
not said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.consent.receipt_text import AUTHORITIES, FRENCH, LAYOUT, STATES, TEXTS, UNSAID
from segmenter.model import Framed, stamp
from segmenter.project.policy import HEALTH

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from segmenter.consent.explain import Answer
    from segmenter.project.policy import Policy, Purpose

SCHEMA = "ISO/IEC TS 27560:2023"
GIVEN = ("given", "renewed")
CONTROLLER, PRINCIPAL, AUTHORITY = (
    "controller",
    "principal",
    "authority",
)  # ids of parties; a destination's is its name
MANDATORY: Mapping[str, tuple[str, ...]] = {
    "receipt": ("schema_version", "receipt_id"),
    "header": ("schema_version", "record_id", "pii_principal_id"),
    "pii_processing": (
        "privacy_notice", "language", "purpose", "lawful_basis", "pii_information", "pii_controllers", "collection_method",
        "processing_method", "storage_locations", "retention_period", "processing_locations", "geographic_restrictions", "jurisdiction",
        "recipient_third_parties", "withdrawal_method", "privacy_rights", "authority_party",
    ),
    "pii_information": ("pii_type", "pii_optional", "special_pii_category"),
    "party_identification": ("party_id", "party_type", "party_name", "party_address", "party_contact", "party_role"),
    "event": ("event_time", "validity_duration", "entity_id", "event_type", "event_state"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receipt(Framed):
    """A consent receipt of one patient. `document` is JSON-shaped."""

    document: Mapping[str, Any] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The receipt's document: `receipt`, `header`, `pii_processing`, `party_identification`, `event`."""
        return dict(self.document)

    def to_polars(self) -> pl.DataFrame:
        """One row a purpose and category: purpose, category, consented."""
        import polars as pl

        rows = [
            (p["purpose"], i["pii_type"], i["consented"])
            for p in self.document["pii_processing"]
            for i in p["pii_information"]
        ]
        return pl.DataFrame(
            rows,
            schema={"purpose": pl.String, "category": pl.String, "consented": pl.Boolean},
            orient="row",
        )

    def lines(self, language: str = "en") -> list[str]:
        """The receipt in words, for a person: English, or French (`fr`)."""
        document, words = self.document, LAYOUT.get(language, LAYOUT["en"])
        parties = {party["party_id"]: party for party in document["party_identification"]}
        controller, processing = parties[CONTROLLER], document["pii_processing"]
        own = {
            "name": controller["party_name"],
            "address": controller["party_address"],
            "contact": controller["party_contact"],
        }
        header = document["header"]
        told = [
            words["title"].format(
                receipt=document["receipt"]["receipt_id"], schema=header["schema_version"]
            ),
            words["for"].format(
                patient=header["pii_principal_id"], at=header["as_of"], record=header["record_id"]
            ),
            words["controller"].format(
                **{k: words["unsaid"] if v == UNSAID else v for k, v in own.items()}
            ),
            *(_purpose_told(part, words) for part in processing),
            *(_event_told(event, language) for event in document["event"]),
        ]
        for part in processing[:1]:
            told += [
                words["withdrawal"].format(how=part["withdrawal_method"]),
                words["rights"].format(rights=part["privacy_rights"]),
            ]
        if AUTHORITY in parties:
            told.append(
                words["authority"].format(
                    name=parties[AUTHORITY]["party_name"],
                    contact=parties[AUTHORITY]["party_contact"],
                )
            )
        return told


def receipt(
    answer: Answer, policy: Policy, made_at: datetime, *, receipt_id: str, record_id: str, language: str = "en"
) -> Receipt:  # fmt: skip
    """The receipt of a patient from their `why` answer to every question.

    `receipt_id` names this receipt, and is unique; `record_id` names what is recorded of the
    patient, and stays. The caller makes both.
    """
    events = sorted(
        answer.events.values(),
        key=lambda e: (str(e.get("effective_at", "")), str(e.get("recorded_at", ""))),
    )
    document = {
        "receipt": {
            "schema_version": SCHEMA,
            "receipt_id": receipt_id,
            "issued_at": stamp(made_at),
            "language": language,
        },
        "header": {
            "schema_version": SCHEMA,
            "record_id": record_id,
            "pii_principal_id": answer.patient_id,
            "as_of": stamp(answer.clocks.as_of),
            "known_at": stamp(answer.clocks.known_at),
        },
        "pii_processing": [
            _processing(answer, policy, purpose, language) for purpose in policy.purposes.values()
        ],
        "party_identification": list(_parties(answer, policy)),
        "event": [_event(event, policy) for event in events],
    }
    return Receipt(document)


# -- what is processed, and by whom ----------------------------------------------------------------


def _processing(answer: Answer, policy: Policy, purpose: Purpose, language: str) -> dict[str, Any]:
    words = TEXTS.get(language, TEXTS["en"])
    own = [
        e
        for e in answer.events.values()
        if e.get("purpose") == purpose.name and e.get("state") in GIVEN
    ]
    where = (
        [words["host"].format(certificate=host["certificate"])]
        if (host := policy.hosting.get("hds"))
        else [UNSAID]
    )
    return {
        "purpose": purpose.name,
        "purpose_title": purpose.title.get(language) or purpose.title.get("en") or purpose.name,
        "lawful_basis": words["basis"],
        "privacy_notice": sorted({str(e["notice_version"]) for e in own if e.get("notice_version")})
        or [UNSAID],
        "language": language,
        "pii_information": list(_information(answer, policy, purpose)),
        "pii_controllers": [CONTROLLER],
        "collection_method": sorted({str(e["method"]) for e in own if e.get("method")}) or [UNSAID],
        "processing_method": words["processing"],
        "storage_locations": where,
        "retention_period": words["retention"].format(days=purpose.max_age_days),
        "processing_locations": where,
        "geographic_restrictions": words["restrictions"],
        "jurisdiction": policy.region,
        "recipient_third_parties": _recipients(answer) or [words["none"]],
        "withdrawal_method": words["withdrawal"],
        "privacy_rights": words["rights"],
        "impact_assessment": sorted(
            {d for d in (policy.categories[c].dpia for c in purpose.categories) if d}
        ),
        "authority_party": AUTHORITY if policy.region in AUTHORITIES else UNSAID,
    }


def _information(answer: Answer, policy: Policy, purpose: Purpose) -> Iterator[dict[str, Any]]:
    """Each category of the purpose, and whether the patient agreed to it on some channel and topic. None of them is compulsory."""
    allowed = {
        c
        for d in answer.decisions
        if d.allowed and d.question.purpose == purpose.name
        for c in d.question.categories
    }
    for name in purpose.categories:
        special = policy.sensitivity(name) >= HEALTH
        yield {
            "pii_type": name,
            "pii_optional": True,
            "special_pii_category": special,
            "consented": name in allowed,
        }


def _recipients(answer: Answer) -> list[str]:
    return sorted({str(e["destination"]) for e in answer.exports if e.get("destination")})


def _parties(answer: Answer, policy: Policy) -> Iterator[dict[str, str]]:
    own = policy.organisation
    yield _party(
        CONTROLLER, "PII controller", own.get("name"), own.get("address"), own.get("contact")
    )
    yield _party(PRINCIPAL, "PII principal", answer.patient_id)
    for name in _recipients(answer):
        yield _party(name, "third party", name)
    if policy.region in AUTHORITIES:
        yield _party(AUTHORITY, "supervisory authority", *AUTHORITIES[policy.region])


def _party(
    party_id: str,
    kind: str,
    name: str | None,
    address: str | None = None,
    contact: str | None = None,
) -> dict[str, str]:
    told = {"party_name": name, "party_address": address, "party_contact": contact}
    return {
        "party_id": party_id,
        "party_type": kind,
        "party_role": kind,
        **{key: value or UNSAID for key, value in told.items()},
    }


# -- what was said ---------------------------------------------------------------------------------


def _event(event: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    state = str(event.get("state", ""))
    purpose = policy.purposes.get(str(event.get("purpose", "")))
    lasting = f"P{purpose.max_age_days}D" if purpose is not None and state in GIVEN else UNSAID
    until = event.get("valid_until")
    return {
        "event_time": event.get("effective_at", UNSAID),
        "recorded_time": event.get("recorded_at", UNSAID),
        "validity_duration": f"{lasting}, until {until}" if until and state in GIVEN else lasting,
        "entity_id": event.get("patient_id", UNSAID),
        "event_type": "explicit consent" if state in GIVEN else "change of consent",
        "event_state": STATES.get(state, f"consent {state}" if state else UNSAID),
        "scope": "/".join(
            str(event.get(name, "") or "-") for name in ("purpose", "channel", "topic", "category")
        ),
        "collection_method": event.get("method", UNSAID),
        "privacy_notice": event.get("notice_version", UNSAID),
        "expressed_by": event.get("expressed_by", UNSAID),
        "evidence": event.get("evidence", UNSAID),
        "source": event.get("source", UNSAID),
    }


# -- in words --------------------------------------------------------------------------------------


def _purpose_told(part: Mapping[str, Any], words: Mapping[str, str]) -> str:
    held = ", ".join(
        f"{i['pii_type']}: {words['yes' if i['consented'] else 'no']}"
        for i in part["pii_information"]
    )
    notices = ", ".join(
        words["unsaid"] if notice == UNSAID else notice for notice in part["privacy_notice"]
    )
    recipients = ", ".join(part["recipient_third_parties"])
    return words["purpose"].format(
        title=part["purpose_title"],
        held=held,
        notices=notices,
        kept=part["retention_period"],
        recipients=recipients,
    )


def _event_told(event: Mapping[str, Any], language: str) -> str:
    state = (
        FRENCH.get(event["event_state"], event["event_state"])
        if language == "fr"
        else event["event_state"]
    )
    return f"{event['event_time']} {state}: {event['scope']} ({event['collection_method']})"
