"""The draft of a notice to the supervisory authority after a leak (GDPR 33(3)).

It is made in English and French; the officer completes it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from segmenter.model import stamp
from segmenter.project.policy import HEALTH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from segmenter.project.policy import Policy
    from segmenter.registers.exports import RegisteredExport

CLOCK = timedelta(hours=72)

ENGLISH = """\
DRAFT - Notification of a personal data breach (GDPR art. 33(3)) - to be completed by the officer
Controller: {controller}
(a) Nature: unauthorised access to, or loss of, the file of an export made at {made} \
for destination {destination}, purpose {purpose}.
    Protection of the file: {protection}.
    Persons concerned: {people} patients. Records concerned: {people}.
    Data in the file: {columns}. Categories that being in the file tells of: {categories}.
(b) Contact: {contact}
(c) Likely consequences: [to be completed]{health}
(d) Measures: [to be completed, for example what the destination was asked to do]
Time: this draft was made at {now}; the authority is notified within 72 hours of becoming aware, \
at the latest {due} if that is now.
"""

# No-break spaces are written out: \u00a0 stands before a colon and inside « ».
FRENCH = """\
PROJET - Notification d'une violation de données à caractère personnel (RGPD, art. 33, § 3) \
- à compléter par le délégué à la protection des données
Responsable du traitement\u00a0: {controller}
a) Nature de la violation\u00a0: accès non autorisé à un fichier d'export, ou perte de ce fichier. \
Export du {made} pour le destinataire «\u00a0{destination}\u00a0», finalité «\u00a0{purpose}\u00a0».
   Protection du fichier\u00a0: {protection}.
   Personnes concernées\u00a0: {people} patients. Enregistrements concernés\u00a0: {people}.
   Données du fichier\u00a0: {columns}. Catégories de données que révèle la présence dans le \
fichier\u00a0: {categories}.
b) Point de contact\u00a0: {contact}
c) Conséquences probables\u00a0: [à compléter]{health}
d) Mesures prises ou envisagées\u00a0: [à compléter, par exemple ce qui a été demandé au \
destinataire]
Délai\u00a0: projet établi le {now}. L'autorité doit être informée dans les 72 heures qui suivent \
la découverte de la violation, donc au plus tard le {due} si elle vient d'être découverte.
"""


def notice(
    policy: Policy, export: RegisteredExport, people: int, now: datetime
) -> Mapping[str, str]:
    """The draft by language (`en`, `fr`).

    It names the exact number of persons, so it is for the officer alone.
    """
    common = {
        "controller": str(policy.organisation.get("name", "")),
        "contact": str(policy.organisation.get("contact", "")),
        "made": stamp(export.at),
        "destination": export.destination,
        "purpose": export.purpose,
        "people": people,
        "columns": ", ".join(export.columns),
        "categories": ", ".join(export.categories),
        "now": stamp(now),
        "due": stamp(now + CLOCK),
    }
    is_encrypted = export.recipient is not None
    tells_health = any(
        policy.sensitivity(category) >= HEALTH
        for category in export.categories
        if category in policy.categories
    )
    english = {
        "protection": "encrypted to the destination (age)" if is_encrypted else "none",
        "health": " - data concerning health" if tells_health else "",
    }
    french = {
        "protection": "chiffré pour le destinataire (age)" if is_encrypted else "aucune",
        "health": " - données de santé" if tells_health else "",
    }
    return {"en": ENGLISH.format(**common, **english), "fr": FRENCH.format(**common, **french)}
