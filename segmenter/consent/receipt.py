"""Consent receipts: what a patient agreed to, in the fields of ISO/IEC TS 27560:2023.

The fields, and which of them are mandatory, are those that the W3C's Data Privacy Vocabularies
group lists in "Consent Records and Receipts as per ISO/IEC TS 27560:2023 using DPV"
(https://w3id.org/dpv/guides/consent-27560, table of terms); `MANDATORY` also holds what that table
says the GDPR asks for. A receipt holds its own metadata and a copy of the record.

A receipt is made from the events and decisions of `explain` and from the exports that the patient
was in; it holds nothing else. What the policy does not say is given as `not stated`, never left
out: a reader must see that it was not said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.consent.history import GRANT, ShownEvent
from segmenter.consent.scope_tables import FIELDS
from segmenter.model import Framed, stamp
from segmenter.project.policy import HEALTH
from segmenter.render.receipt import AUTHORITIES, STATES, TEXTS, UNSAID, receipt_lines

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl

    from segmenter.consent.explain import Explanation
    from segmenter.project.policy import Policy, Purpose

SCHEMA = "ISO/IEC TS 27560:2023"
# Ids of parties; a destination's is its name.
CONTROLLER = "controller"
PRINCIPAL = "principal"
AUTHORITY = "authority"
MANDATORY: Mapping[str, tuple[str, ...]] = {
    "receipt": ("schema_version", "receipt_id"),
    "header": ("schema_version", "record_id", "pii_principal_id"),
    "pii_processing": (
        "privacy_notice",
        "language",
        "purpose",
        "lawful_basis",
        "pii_information",
        "pii_controllers",
        "collection_method",
        "processing_method",
        "storage_locations",
        "retention_period",
        "processing_locations",
        "geographic_restrictions",
        "jurisdiction",
        "recipient_third_parties",
        "withdrawal_method",
        "privacy_rights",
        "authority_party",
    ),
    "pii_information": ("pii_type", "pii_optional", "special_pii_category"),
    "party_identification": (
        "party_id",
        "party_type",
        "party_name",
        "party_address",
        "party_contact",
        "party_role",
    ),
    "event": ("event_time", "validity_duration", "entity_id", "event_type", "event_state"),
}


@dataclass(frozen=True, slots=True)
class ReceiptNames:
    """`receipt_id` names one receipt; `record_id` what is recorded of the patient, and stays."""

    receipt_id: str
    record_id: str


@dataclass(frozen=True, slots=True)
class Receipt(Framed):
    """A consent receipt of one patient. `document` is JSON-shaped."""

    document: Mapping[str, Any] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The document: `receipt`, `header`, `pii_processing`, `party_identification`, `event`."""
        return dict(self.document)

    def to_polars(self) -> pl.DataFrame:
        """One row a purpose and category: purpose, category, consented."""
        import polars as pl

        rows = []
        for processing in self.document["pii_processing"]:
            for information in processing["pii_information"]:
                row = (processing["purpose"], information["pii_type"], information["consented"])
                rows.append(row)
        schema = {"purpose": pl.String, "category": pl.String, "consented": pl.Boolean}
        return pl.DataFrame(rows, schema=schema, orient="row")

    def lines(self, language: str = "en") -> list[str]:
        """The receipt in words, for a person: English, or French (`fr`)."""
        return receipt_lines(self.document, language)


def make_receipt(
    explanation: Explanation,
    policy: Policy,
    made_at: datetime,
    names: ReceiptNames,
    *,
    exports: Sequence[Mapping[str, Any]] = (),
    language: str = "en",
) -> Receipt:
    """The receipt of a patient, from the explanation of every use and the exports they were in."""
    events = sorted(explanation.events.values(), key=_when_it_was_said)
    document = {
        "receipt": {
            "schema_version": SCHEMA,
            "receipt_id": names.receipt_id,
            "issued_at": stamp(made_at),
            "language": language,
        },
        "header": {
            "schema_version": SCHEMA,
            "record_id": names.record_id,
            "pii_principal_id": explanation.patient_id,
            "as_of": stamp(explanation.clocks.as_of),
            "known_at": stamp(explanation.clocks.known_at),
        },
        "pii_processing": [
            _processing(explanation, policy, purpose, exports, language)
            for purpose in policy.purposes.values()
        ],
        "party_identification": list(_parties(explanation.patient_id, policy, exports)),
        "event": [_event(event, policy) for event in events],
    }
    return Receipt(document)


def _when_it_was_said(event: ShownEvent) -> tuple[str, str]:
    effective_at = str(event.fields.get("effective_at", ""))
    recorded_at = str(event.fields.get("recorded_at", ""))
    return effective_at, recorded_at


# -- what is processed, and by whom ----------------------------------------------------------------


def _processing(
    explanation: Explanation,
    policy: Policy,
    purpose: Purpose,
    exports: Sequence[Mapping[str, Any]],
    language: str,
) -> dict[str, Any]:
    words = TEXTS.get(language, TEXTS["en"])
    grants = [
        event.fields
        for event in explanation.events.values()
        if event.kind == GRANT and event.fields.get("purpose") == purpose.name
    ]
    places = _places(policy, words)
    assessments = {policy.categories[name].dpia for name in purpose.categories}
    served = [export for export in exports if export.get("purpose") == purpose.name]
    title = purpose.title.get(language) or purpose.title.get("en") or purpose.name
    return {
        "purpose": purpose.name,
        "purpose_title": title,
        "lawful_basis": words["basis"],
        "privacy_notice": _said(grants, "notice_version"),
        "language": language,
        "pii_information": list(_information(explanation, policy, purpose)),
        "pii_controllers": [CONTROLLER],
        "collection_method": _said(grants, "method"),
        "processing_method": words["processing"],
        "storage_locations": places,
        "retention_period": words["retention"].format(days=purpose.max_age_days),
        "processing_locations": places,
        "geographic_restrictions": words["restrictions"],
        "jurisdiction": policy.region,
        "recipient_third_parties": _recipients(served) or [words["none"]],
        "withdrawal_method": words["withdrawal"],
        "privacy_rights": words["rights"],
        "impact_assessment": sorted(name for name in assessments if name),
        "authority_party": AUTHORITY if policy.region in AUTHORITIES else UNSAID,
    }


def _said(grants: Iterable[Mapping[str, Any]], name: str) -> list[str]:
    """What grants say in one field, each once."""
    values = {str(grant[name]) for grant in grants if grant.get(name)}
    return sorted(values) or [UNSAID]


def _places(policy: Policy, words: Mapping[str, str]) -> list[str]:
    host = policy.hosting.get("hds")
    if not host:
        return [UNSAID]
    return [words["host"].format(certificate=host["certificate"])]


def _information(
    explanation: Explanation, policy: Policy, purpose: Purpose
) -> Iterator[dict[str, Any]]:
    """Each category of the purpose, and whether the patient agreed to it on some channel and topic.

    None of them is compulsory.
    """
    allowed: set[str] = set()
    for decision in explanation.decisions:
        if decision.allowed and decision.use.purpose == purpose.name:
            allowed.update(decision.use.categories)
    for name in purpose.categories:
        yield {
            "pii_type": name,
            "pii_optional": True,
            "special_pii_category": policy.sensitivity(name) >= HEALTH,
            "consented": name in allowed,
        }


def _recipients(exports: Iterable[Mapping[str, Any]]) -> list[str]:
    """The destinations of exports, each once."""
    names = {str(export["destination"]) for export in exports if export.get("destination")}
    return sorted(names)


def _parties(
    patient_id: str, policy: Policy, exports: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, str]]:
    own = policy.organisation
    name, address, contact = own.get("name"), own.get("address"), own.get("contact")
    yield _party(CONTROLLER, "PII controller", name, address, contact)
    yield _party(PRINCIPAL, "PII principal", patient_id)
    for recipient in _recipients(exports):
        yield _party(recipient, "third party", recipient)
    if policy.region in AUTHORITIES:
        yield _party(AUTHORITY, "supervisory authority", *AUTHORITIES[policy.region])


def _party(
    party_id: str,
    kind: str,
    name: str | None,
    address: str | None = None,
    contact: str | None = None,
) -> dict[str, str]:
    return {
        "party_id": party_id,
        "party_type": kind,
        "party_role": kind,
        "party_name": name or UNSAID,
        "party_address": address or UNSAID,
        "party_contact": contact or UNSAID,
    }


# -- what was said ---------------------------------------------------------------------------------


def _event(event: ShownEvent, policy: Policy) -> dict[str, Any]:
    fields = event.fields
    given = event.kind == GRANT
    state = str(fields.get("state", ""))
    return {
        "event_time": fields.get("effective_at", UNSAID),
        "recorded_time": fields.get("recorded_at", UNSAID),
        "validity_duration": _validity(event, policy),
        "entity_id": fields.get("patient_id", UNSAID),
        "event_type": "explicit consent" if given else "change of consent",
        "event_state": STATES.get(state, f"consent {state}" if state else UNSAID),
        "scope": _scope(fields),
        "collection_method": fields.get("method", UNSAID),
        "privacy_notice": fields.get("notice_version", UNSAID),
        "expressed_by": fields.get("expressed_by", UNSAID),
        "evidence": fields.get("evidence", UNSAID),
        "source": fields.get("source", UNSAID),
    }


def _validity(event: ShownEvent, policy: Policy) -> str:
    """How long a grant lasts: an ISO 8601 duration, and its own end if it has one."""
    if event.kind != GRANT:
        return UNSAID
    purpose = policy.purposes.get(str(event.fields.get("purpose", "")))
    duration = UNSAID if purpose is None else f"P{purpose.max_age_days}D"
    until = event.fields.get("valid_until")
    return f"{duration}, until {until}" if until else duration


def _scope(fields: Mapping[str, Any]) -> str:
    parts = []
    for name in FIELDS:
        value = fields.get(name) or "-"
        parts.append(str(value))
    return "/".join(parts)
