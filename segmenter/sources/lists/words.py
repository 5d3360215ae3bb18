"""What people and programs write for yes, for no and for a status, in English and French.

Every word is lower-case, with and without its accents: a relation compares them as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

YES = ("true", "yes", "y", "1", "1.0", "on", "t", "x", "oui", "o", "vrai")
NO = (
    "", "false", "no", "n", "0", "0.0", "off", "f", "null", "none", "nil", "nan", "n/a", "na", "-",
    "non", "faux", "aucun", "aucune", "never", "jamais",
)  # fmt: skip

SUBSCRIBED = (
    "subscribed", "subscribe", "subscriber", "active", "enabled", "confirmed", "opted in",
    "opted-in", "opted_in", "opt-in", "opt in", "opt_in", "optin", "allowed", "given", "consented",
    "abonné", "abonne", "abonnée", "abonnee", "inscrit", "inscrite", "actif", "active", "confirmé",
    "confirme", "confirmée", "confirmee", "consentement donné", "consentement donne",
    "pending", "unconfirmed", "en attente", "not subscribed", "never subscribed",
    "never_subscribed", "non abonné", "non abonne",
)  # fmt: skip
UNSUBSCRIBED = (
    "unsubscribed", "unsubscribe", "unsub", "opted out", "opted-out", "opted_out", "opt-out",
    "opt out", "opt_out", "optout", "stop", "stopped", "withdrawn", "revoked",
    "désabonné", "desabonne", "désabonnée", "desabonnee", "désinscrit", "desinscrit",
    "désinscrite", "desinscrite", "refusé", "refuse", "refusée", "refusee", "refus", "retiré",
    "retire", "opposition", "opposé", "oppose", "opposée", "opposee",
)  # fmt: skip
COMPLAINED = (
    "complained", "complaint", "spam", "spam complaint", "spam report", "reported spam",
    "marked as spam", "abuse", "plainte",
)  # fmt: skip
BOUNCED = (
    "bounced", "bounce", "hard bounce", "hard_bounce", "hardbounce", "hard bounced", "cleaned",
    "undeliverable", "unreachable", "rejeté", "rejete", "erreur définitive", "erreur definitive",
)  # fmt: skip
SOFT = ("soft bounce", "soft_bounce", "softbounce", "soft bounced", "deferred", "blocked by isp")
INVALID = ("invalid", "invalide", "bad address", "adresse invalide")
BLOCKED = (
    "blocked", "blocklisted", "blacklisted", "suppressed", "excluded", "disabled", "held",
    "do not contact", "do_not_contact", "do not email", "dnc", "do not disturb",
    "bloqué", "bloque", "bloquée", "bloquee", "exclu", "exclue", "liste noire", "supprimé",
    "supprime", "ne pas contacter",
)  # fmt: skip

Words = Mapping[str, str]  # a word -> the reason of an entry, or "" if it says nothing


def all_mean(reason: str, words: Iterable[str]) -> dict[str, str]:
    """Each of these words with one meaning.

    >>> all_mean("invalid", ["bad", "wrong"])
    {'bad': 'invalid', 'wrong': 'invalid'}
    """
    return dict.fromkeys(words, reason)


STANDS: Words = {
    **all_mean("", SUBSCRIBED),
    **all_mean("unsubscribed", UNSUBSCRIBED),
    **all_mean("complained", COMPLAINED),
    **all_mean("hard_bounce", BOUNCED),
    **all_mean("soft_bounce", SOFT),
    **all_mean("invalid", INVALID),
    **all_mean("do_not_contact", BLOCKED),
}


def flags(reason: str) -> dict[str, str]:
    """The words of a flag that means `reason` if it is yes."""
    return {**all_mean("", NO), **all_mean(reason, YES)}
