"""A consent receipt in words, in English and French.

Comes in: a receipt's document (`consent.receipt`). Goes out: lines for a person to read, and the
texts that the document itself holds in its language.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

UNSAID = "not stated"

LAYOUT: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "title": "Consent receipt {receipt} ({schema})",
            "for": "For: {patient}, as of {at}, record {record}",
            "controller": "Responsible: {name}, {address}. Contact: {contact}",
            "yes": "yes",
            "no": "no",
            "unsaid": UNSAID,
            "purpose": "{title} - {held}; notices {notices}; kept: {kept}; "
            "passed on to: {recipients}",
            "answer": "{category}: {answer}",
            "event": "{time} {state}: {scope} ({method})",
            "withdrawal": "To withdraw: {how}",
            "rights": "Your rights: {rights}",
            "authority": "Complaints: {name}, {contact}",
        },
        "fr": {
            "title": "Reçu de consentement {receipt} ({schema})",
            "for": "Pour\u00a0: {patient}, situation au {at}, dossier {record}",
            "controller": "Responsable du traitement\u00a0: {name}, {address}. "
            "Contact\u00a0: {contact}",
            "yes": "oui",
            "no": "non",
            "unsaid": "non indiqué",
            "purpose": "{title} - {held}\u00a0; notices d'information\u00a0: {notices}\u00a0; "
            "durée de conservation\u00a0: {kept}\u00a0; destinataires\u00a0: {recipients}",
            "answer": "{category}\u00a0: {answer}",
            "event": "{time} {state}\u00a0: {scope} ({method})",
            "withdrawal": "Pour retirer votre consentement\u00a0: {how}",
            "rights": "Vos droits\u00a0: {rights}",
            "authority": "Réclamations\u00a0: {name}, {contact}",
        },
    }
)
TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "basis": "consent (GDPR 6(1)(a); for health data 9(2)(a))",
            "processing": "selection of recipients; noised statistics",
            "retention": "{days} days after the consent takes effect",
            "withdrawal": "at any time, by any channel, without a form or a reason",
            "rights": "access, rectification, erasure, restriction, portability, objection, "
            "withdrawal of consent",
            "restrictions": "none stated",
            "host": "a host certified for health data ({certificate})",
            "none": "nobody so far",
        },
        "fr": {
            "basis": "consentement (RGPD, art. 6.1.a\u00a0; pour les données de santé, art. 9.2.a)",
            "processing": "sélection des destinataires\u00a0; statistiques protégées par un bruit "
            "aléatoire",
            "retention": "{days} jours à compter de la prise d'effet du consentement",
            "withdrawal": "à tout moment, par tout moyen, sans formulaire ni motif",
            "rights": "accès, rectification, effacement, limitation, portabilité, opposition, "
            "retrait du consentement",
            "restrictions": "aucune indiquée",
            "host": "un hébergeur certifié pour les données de santé ({certificate})",
            "none": "aucun à ce jour",
        },
    }
)
STATES: Mapping[str, str] = MappingProxyType(
    {"given": "consent given", "renewed": "consent renewed"}
)  # others: consent <state>
FRENCH: Mapping[str, str] = MappingProxyType(
    {
        "consent given": "consentement donné",
        "consent renewed": "consentement renouvelé",
        "consent refused": "consentement refusé",
        "consent requested": "consentement demandé",
        "consent withdrawn": "consentement retiré",
        "consent objected": "opposition",
        "consent expired": "consentement expiré",
        "consent revoked": "consentement révoqué",
        "consent deferred": "consentement différé",
    }
)
AUTHORITIES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "FR": (
            "CNIL",
            "3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07",
            "https://www.cnil.fr/plaintes",
        )
    }
)  # by region: name, address, contact

Document = Mapping[str, Any]
Words = Mapping[str, str]


def receipt_lines(document: Document, language: str) -> list[str]:
    """A receipt's document in words: English, or French (`fr`)."""
    words = LAYOUT.get(language, LAYOUT["en"])
    processing = document["pii_processing"]
    lines = _opening(document, words)
    lines += [_purpose_line(part, words) for part in processing]
    lines += [_event_line(event, language) for event in document["event"]]
    if processing:
        lines.append(words["withdrawal"].format(how=processing[0]["withdrawal_method"]))
        lines.append(words["rights"].format(rights=processing[0]["privacy_rights"]))
    authority = _party(document, "authority")
    if authority is not None:
        told = {"name": authority["party_name"], "contact": authority["party_contact"]}
        lines.append(words["authority"].format(**told))
    return lines


def _opening(document: Document, words: Words) -> list[str]:
    """Which receipt this is, for whom, and who is responsible."""
    receipt, header = document["receipt"], document["header"]
    title = words["title"].format(receipt=receipt["receipt_id"], schema=header["schema_version"])
    patient, at = header["pii_principal_id"], header["as_of"]
    addressed = words["for"].format(patient=patient, at=at, record=header["record_id"])
    controller = _party(document, "controller") or {}
    told = {}
    for part in ("name", "address", "contact"):
        told[part] = _or_unsaid(controller.get(f"party_{part}", UNSAID), words)
    return [title, addressed, words["controller"].format(**told)]


def _party(document: Document, party_id: str) -> Document | None:
    for party in document["party_identification"]:
        if party["party_id"] == party_id:
            found: Document = party
            return found
    return None


def _purpose_line(part: Document, words: Words) -> str:
    held = []
    for information in part["pii_information"]:
        answer = words["yes"] if information["consented"] else words["no"]
        held.append(words["answer"].format(category=information["pii_type"], answer=answer))
    notices = [_or_unsaid(notice, words) for notice in part["privacy_notice"]]
    return words["purpose"].format(
        title=part["purpose_title"],
        held=", ".join(held),
        notices=", ".join(notices),
        kept=part["retention_period"],
        recipients=", ".join(part["recipient_third_parties"]),
    )


def _or_unsaid(value: str, words: Words) -> str:
    if value == UNSAID:
        return words["unsaid"]
    return value


def _event_line(event: Document, language: str) -> str:
    state = event["event_state"]
    if language == "fr":
        state = FRENCH.get(state, state)
    words = LAYOUT.get(language, LAYOUT["en"])
    return words["event"].format(
        time=event["event_time"],
        state=state,
        scope=event["scope"],
        method=event["collection_method"],
    )
