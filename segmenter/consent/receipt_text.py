"""What a receipt says in words, in English and French."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

UNSAID = "not stated"
LAYOUT: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "en": {
        "title": "Consent receipt {receipt} ({schema})", "for": "For: {patient}, as of {at}, record {record}",
        "controller": "Responsible: {name}, {address}. Contact: {contact}", "yes": "yes", "no": "no", "unsaid": UNSAID,
        "purpose": "{title} - {held}; notices {notices}; kept: {kept}; passed on to: {recipients}",
        "withdrawal": "To withdraw: {how}", "rights": "Your rights: {rights}", "authority": "Complaints: {name}, {contact}",
    },
    "fr": {
        "title": "Reçu de consentement {receipt} ({schema})", "for": "Pour : {patient}, à la date du {at}, dossier {record}",
        "controller": "Responsable : {name}, {address}. Contact : {contact}", "yes": "oui", "no": "non", "unsaid": "non indiqué",
        "purpose": "{title} - {held} ; notices {notices} ; conservation : {kept} ; destinataires : {recipients}",
        "withdrawal": "Pour retirer : {how}", "rights": "Vos droits : {rights}", "authority": "Réclamations : {name}, {contact}",
    },
})  # fmt: skip
TEXTS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "en": {
        "basis": "consent (GDPR 6(1)(a); for health data 9(2)(a))", "processing": "selection of recipients; noised statistics",
        "retention": "{days} days after the consent takes effect", "withdrawal": "at any time, by any channel, without a form or a reason",
        "rights": "access, rectification, erasure, restriction, portability, objection, withdrawal of consent",
        "restrictions": "none stated", "host": "a host certified for health data ({certificate})", "none": "nobody so far",
    },
    "fr": {
        "basis": "consentement (RGPD 6(1)(a) ; données de santé : 9(2)(a))",
        "processing": "choix des destinataires ; statistiques bruitées",
        "retention": "{days} jours après la prise d'effet du consentement",
        "withdrawal": "à tout moment, par tout canal, sans formulaire ni motif",
        "rights": "accès, rectification, effacement, limitation, portabilité, opposition, retrait du consentement",
        "restrictions": "aucune indiquée", "host": "un hébergeur certifié pour les données de santé ({certificate})",
        "none": "personne à ce jour",
    },
})  # fmt: skip
STATES: Mapping[str, str] = MappingProxyType(
    {"given": "consent given", "renewed": "consent renewed"}
)  # others: consent <state>
FRENCH: Mapping[str, str] = MappingProxyType({
    "consent given": "consentement donné", "consent renewed": "consentement renouvelé", "consent refused": "consentement refusé",
    "consent requested": "consentement demandé", "consent withdrawn": "consentement retiré", "consent objected": "opposition",
    "consent expired": "consentement expiré", "consent revoked": "consentement révoqué", "consent deferred": "consentement différé",
})  # fmt: skip
AUTHORITIES: Mapping[str, tuple[str, str, str]] = MappingProxyType({  # by region: name, address, contact
    "FR": ("CNIL", "3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07", "https://www.cnil.fr/plaintes"),
})  # fmt: skip
