"""Consent receipts: what a patient has agreed to, in the fields of ISO/IEC TS 27560 (consent record information structure).

A receipt is derived from the events and decisions of `why`; it holds nothing that is not theirs. What the policy does not say is given as
`not stated`, never left out: a reader must see that it was not said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.model import Framed, stamp
from segmenter.policy import HEALTH

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from segmenter.consent.why import Answer
    from segmenter.policy import Policy, Purpose

SCHEMA = "ISO/IEC TS 27560:2023"
UNSAID = "not stated"
GIVEN = ("given", "renewed")
STATES = {"given": "consent given", "renewed": "consent renewed", "refused": "consent refused", "requested": "consent requested"}
FRENCH = {
    "consent given": "consentement donné", "consent renewed": "consentement renouvelé", "consent refused": "consentement refusé",
    "consent requested": "consentement demandé", "consent withdrawn": "consentement retiré", "consent objected": "opposition",
    "consent expired": "consentement expiré", "consent revoked": "consentement révoqué", "consent deferred": "consentement différé",
}  # fmt: skip
RIGHTS = ("access", "rectification", "erasure", "restriction", "portability", "objection", "withdrawal of consent")
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Consent receipt {id} ({schema})", "for": "For: {patient}, as of {at}", "yes": "yes", "no": "no", "unsaid": UNSAID,
        "purpose": "{title} - {held}; notices {notices}",
    },
    "fr": {
        "title": "Reçu de consentement {id} ({schema})", "for": "Pour : {patient}, à la date du {at}", "yes": "oui", "no": "non",
        "unsaid": "non indiquées", "purpose": "{title} - {held} ; notices {notices}",
    },
}  # fmt: skip
MANDATORY: Mapping[str, tuple[str, ...]] = {
    "header": ("schema_version", "record_id", "pii_principal_id"),
    "pii_processing": (
        "privacy_notice", "purpose", "lawful_basis", "pii_information", "pii_controllers", "collection_method", "processing_methods",
        "storage_locations", "retention_period", "processing_locations", "jurisdiction", "recipient_third_parties", "withdrawal_method",
        "privacy_rights",
    ),
    "party_identification": ("party_id", "party_name", "party_role", "party_contact"),
    "event": ("event_time", "validity_duration", "entity_id", "event_type", "event_state"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Receipt(Framed):
    """A consent receipt of one patient. `document` is JSON-shaped."""

    document: Mapping[str, Any] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The receipt's document: `header`, `pii_processing`, `party_identification`, `event`."""
        return dict(self.document)

    def to_polars(self) -> pl.DataFrame:
        """One row a purpose and category: purpose, category, consented."""
        import polars as pl

        rows = [(p["purpose"], i["pii_type"], i["consented"]) for p in self.document["pii_processing"] for i in p["pii_information"]]
        return pl.DataFrame(rows, schema={"purpose": pl.String, "category": pl.String, "consented": pl.Boolean}, orient="row")

    def lines(self, language: str = "en") -> list[str]:
        """The receipt in words, for a person: English, or French (`fr`)."""
        header, words = self.document["header"], WORDS.get(language, WORDS["en"])
        told = [
            words["title"].format(id=header["record_id"], schema=header["schema_version"]),
            words["for"].format(patient=header["pii_principal_id"], at=header["as_of"]),
        ]
        for part in self.document["pii_processing"]:
            held = ", ".join(f"{i['pii_type']}: {words['yes' if i['consented'] else 'no']}" for i in part["pii_information"])
            notices = ", ".join(part["privacy_notice"]) or words["unsaid"]
            told.append(words["purpose"].format(title=part["purpose_title"], held=held, notices=notices))
        for event in self.document["event"]:
            state = FRENCH.get(event["event_state"], event["event_state"]) if language == "fr" else event["event_state"]
            told.append(f"{event['event_time']} {state}: {event['scope']} ({event['collection_method']})")
        return told


def receipt(answer: Answer, policy: Policy, record_id: str, made_at: datetime, language: str = "en") -> Receipt:
    """The receipt of a patient from their `why` answer to every question. `record_id` names the receipt; the caller keeps it unique."""
    events = sorted(answer.events.values(), key=lambda e: (str(e.get("effective_at", "")), str(e.get("recorded_at", ""))))
    header = {
        "schema_version": SCHEMA,
        "record_id": record_id,
        "pii_principal_id": answer.patient_id,
        "as_of": stamp(answer.clocks.as_of),
        "known_at": stamp(answer.clocks.known_at),
        "made_at": stamp(made_at),
    }
    document = {
        "header": header,
        "pii_processing": [_processing(answer, policy, purpose, language) for purpose in policy.purposes.values()],
        "party_identification": list(_parties(answer, policy)),
        "event": [_event(event, policy) for event in events],
    }
    return Receipt(document)


def _processing(answer: Answer, policy: Policy, purpose: Purpose, language: str) -> dict[str, Any]:
    own = [e for e in answer.events.values() if e.get("purpose") == purpose.name and e.get("state") in GIVEN]
    allowed = {c for d in answer.decisions if d.allowed and d.question.purpose == purpose.name for c in d.question.categories}
    information = [
        {"pii_type": name, "sensitive_pii_category": policy.sensitivity(name) >= HEALTH, "consented": name in allowed}
        for name in purpose.categories
    ]
    return {
        "purpose": purpose.name,
        "purpose_title": purpose.title.get(language) or purpose.title.get("en") or purpose.name,
        "lawful_basis": "consent (GDPR 6(1)(a); for health data 9(2)(a))",
        "privacy_notice": sorted({str(e["notice_version"]) for e in own if e.get("notice_version")}),
        "language": language,
        "pii_information": information,
        "pii_controllers": [_name(policy)],
        "collection_method": sorted({str(e["method"]) for e in own if e.get("method")}),
        "processing_methods": ["selection of recipients", "noised statistics"],
        "storage_locations": [str(policy.hosting.get("location", UNSAID))],
        "retention_period": f"{purpose.max_age_days} days after the consent takes effect",
        "processing_locations": [str(policy.hosting.get("location", UNSAID))],
        "jurisdiction": policy.region,
        "recipient_third_parties": sorted({str(e["destination"]) for e in answer.exports if e.get("destination")}),
        "withdrawal_method": "at any time, by any channel, without a form or a reason",
        "privacy_rights": list(RIGHTS),
        "impact_assessment": sorted({d for d in (policy.categories[c].dpia for c in purpose.categories) if d}),
    }


def _parties(answer: Answer, policy: Policy) -> Iterator[dict[str, str]]:
    contact = policy.organisation.get("contact", UNSAID)
    yield {"party_id": "controller", "party_name": _name(policy), "party_role": "PII controller", "party_contact": contact}
    yield {"party_id": "principal", "party_name": answer.patient_id, "party_role": "PII principal", "party_contact": UNSAID}


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
        "scope": "/".join(str(event.get(name, "") or "-") for name in ("purpose", "channel", "topic", "category")),
        "collection_method": event.get("method", UNSAID),
        "privacy_notice": event.get("notice_version", UNSAID),
        "expressed_by": event.get("expressed_by", UNSAID),
        "evidence": event.get("evidence", UNSAID),
        "source": event.get("source", UNSAID),
    }


def _name(policy: Policy) -> str:
    return str(policy.organisation.get("name", UNSAID))
