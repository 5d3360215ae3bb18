"""The reasons against a use: their rules, their order (C15), and the sentence for each."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """Why not: the rule's id and the reason's name."""

    rule: str
    name: str


DECEASED = Reason("C12", "deceased")
ERASED = Reason("C12", "erased")
LINK_TOO_WIDE = Reason("C13", "link_too_wide")
AGE_UNKNOWN = Reason("C11", "age_unknown")
MINOR = Reason("C11", "minor")
QUARANTINED = Reason("C10", "quarantined")
WITHDRAWN = Reason("C7", "withdrawn")
REFUSED = Reason("C7", "refused")
OBJECTED = Reason("C7", "objected")
UNCONFIRMED = Reason("C4", "unconfirmed")
EXPIRED = Reason("C3", "expired")
UNPROVEN = Reason("C2", "unproven")
STALE_NOTICE = Reason("C2", "stale_notice")
NOT_EXPLICIT = Reason("C5", "not_explicit")
NO_CONSENT = Reason("C1", "no_consent")

# C15's order. It does not place `link_too_wide`: a group that is too wide is refused whole, like
# the dead and the erased, so it follows them.
ORDER = (
    DECEASED,
    ERASED,
    LINK_TOO_WIDE,
    AGE_UNKNOWN,
    MINOR,
    QUARANTINED,
    WITHDRAWN,
    REFUSED,
    OBJECTED,
    UNCONFIRMED,
    EXPIRED,
    UNPROVEN,
    STALE_NOTICE,
    NOT_EXPLICIT,
    NO_CONSENT,
)

SENTENCES = MappingProxyType(
    {
        "allowed": {"en": "Allowed.", "fr": "Autorisé."},
        "deceased": {
            "en": "The person is recorded as deceased.",
            "fr": "La personne est enregistrée comme décédée.",
        },
        "erased": {
            "en": "The person was erased at their request.",
            "fr": "La personne a été effacée à sa demande.",
        },
        "link_too_wide": {
            "en": "Too many patient ids are linked as one person; none of them is used until the "
            "links are corrected.",
            "fr": "Trop d'identifiants de patient sont rattachés à une même personne\u00a0; aucun "
            "n'est utilisé tant que ces liens ne sont pas corrigés.",
        },
        "age_unknown": {
            "en": "The person's age is not known.",
            "fr": "L'âge de la personne n'est pas connu.",
        },
        "minor": {
            "en": "The person is below the age at which their own consent is enough.",
            "fr": "La personne n'a pas l'âge auquel son seul consentement suffit.",
        },
        "quarantined": {
            "en": (
                "A record that could not be read for certain may be a refusal, so it counts as one."
            ),
            "fr": (
                "Un enregistrement qui n'a pu être lu avec certitude est peut-être un refus\u00a0;"
                " il est traité comme tel."
            ),
        },
        "withdrawn": {"en": "Consent was withdrawn.", "fr": "Le consentement a été retiré."},
        "refused": {"en": "Consent was refused.", "fr": "Le consentement a été refusé."},
        "objected": {
            "en": "The person objected.",
            "fr": "La personne a exercé son droit d'opposition.",
        },
        "unconfirmed": {
            "en": (
                "Consent was given but not confirmed by the second step that the channel requires."
            ),
            "fr": (
                "Le consentement a été donné, mais sans la seconde confirmation que ce canal exige."
            ),
        },
        "expired": {
            "en": "Consent was given but has lapsed.",
            "fr": "Le consentement a été donné, mais il a expiré.",
        },
        "unproven": {
            "en": "Consent is recorded without proof: no evidence, or not expressed by a person.",
            "fr": (
                "Le consentement est enregistré sans preuve\u00a0: aucune pièce justificative, ou"
                " il n'émane pas d'une personne."
            ),
        },
        "stale_notice": {
            "en": "Consent was given under a privacy notice that is too old or unknown.",
            "fr": (
                "Le consentement a été donné sur la base d'une notice d'information trop"
                " ancienne ou inconnue."
            ),
        },
        "not_explicit": {
            "en": "Consent does not name this sensitive category of data.",
            "fr": "Le consentement ne vise pas expressément cette catégorie de données sensibles.",
        },
        "no_consent": {
            "en": "No consent covers this use.",
            "fr": "Aucun consentement ne couvre cette utilisation.",
        },
    }
)


def sentence(name: str, language: str) -> str:
    """A reason in words; English where the language is not known.

    >>> sentence("withdrawn", "fr")
    'Le consentement a été retiré.'
    """
    words = SENTENCES[name]
    return words.get(language, words["en"])
