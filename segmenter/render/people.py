"""The answers about consent, files that left, and single persons; and the small ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from segmenter.render.parts import Document, between, is_rows, listed, plain, table, text

if TYPE_CHECKING:
    from rich.console import Console

HASHES = ("policy", "hash")
SHORT = 12  # characters of a hash
SCOPE = ("purpose", "channel", "topic", "category")
EVENT = (
    "effective_at",
    "recorded_at",
    "confirmed_at",
    "valid_until",
    "method",
    "notice_version",
    "evidence",
    "source",
)
EMPTY = {
    "recalls": "Nobody has to be taken back.",
    "suppression": "The suppression list is empty.",
    "quarantine": "No row was set aside.",
    "proposals": "Nothing stands out in what was published.",
}
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "lapses": "{purpose}: when consents lapse, in days from {as_of}",
        "notices": "{purpose}: who must be asked again before {before} (notices in force: {in_force})",
        "to": "to",
        "spent": "spent: {spent}",
        "exact": "exact, for the officer only",
        "refused": "refused",
        "patients": "patients",
        "lapse": "days",
        "notice": "notice",
        "ask": "to be asked",
        "before": "before",
        "later": "later",
        "events": "events",
        "held": "Held of",
        "exports": "exports",
        "suppression": "suppression list",
        "quarantine": "lines set aside",
    },
    "fr": {
        "lapses": "{purpose}\u00a0: expiration des consentements, en jours à compter du {as_of}",
        "notices": "{purpose}\u00a0: personnes à solliciter de nouveau avant le {before} "
        "(notices en vigueur\u00a0: {in_force})",
        "to": "à",
        "spent": "budget dépensé\u00a0: {spent}",
        "exact": "nombres exacts, réservés au délégué",
        "refused": "refusé",
        "patients": "patients",
        "lapse": "jours",
        "notice": "notice",
        "ask": "à solliciter",
        "before": "avant",
        "later": "plus tard",
        "events": "événements",
        "held": "Données détenues sur",
        "exports": "exports",
        "suppression": "liste d'opposition",
        "quarantine": "lignes écartées",
    },
}

HEADS: Mapping[str, Mapping[str, str]] = {
    "fr": {
        "as_of": "situation au",
        "at": "date",
        "birth_date": "date de naissance",
        "categories": "catégories",
        "category": "catégorie",
        "channel": "canal",
        "columns": "colonnes",
        "confirmed_at": "confirmé le",
        "consent": "consentements",
        "deceased": "décès",
        "destination": "destinataire",
        "effective_at": "effet au",
        "event_id": "événement",
        "evidence": "preuve",
        "export": "export",
        "expressed_by": "exprimé par",
        "first_name": "prénom",
        "kind": "nature",
        "language": "langue",
        "last_name": "nom",
        "line": "ligne",
        "link": "liens",
        "method": "moyen",
        "notice_version": "version de la notice",
        "origin": "fichier",
        "patient_id": "identifiant du patient",
        "phone": "téléphone",
        "postal": "adresse postale",
        "preference": "préférences",
        "purpose": "finalité",
        "reason": "motif",
        "recorded_at": "enregistré le",
        "rule": "règle",
        "scope": "portée",
        "since": "depuis",
        "source": "source",
        "state": "état",
        "topic": "thème",
        "until": "jusqu'au",
        "valid_until": "valable jusqu'au",
    }
}  # the words over the columns of a table, if they are not the keys themselves


def _one_list(document: Document, console: Console, _language: str) -> None:
    """A document of one list: its table, or that it is empty."""
    for key, value in document.items():
        if value or key not in EMPTY:
            plain({key: value}, console)
        else:
            console.print(EMPTY[key])


def _recall(document: Document, console: Console, language: str) -> None:
    rows = [
        {key: value for key, value in one.items() if key != "file"}
        for one in document.get("recalls") or ()
    ]
    _one_list({"recalls": rows}, console, language)
    for one in document.get("recalls") or ():
        console.print(f"{one['id']}: {text(one['file'])}", soft_wrap=True)


def _added(document: Document, console: Console, language: str) -> None:
    hidden = ("usable", "doubt")
    plain({key: value for key, value in document.items() if key not in hidden}, console, language)
    if document.get("doubt"):
        console.print(f"{text(document['doubt'])}.")
    if not document.get("usable", True):
        console.print(
            f"Nothing can be sent to this {text(document.get('kind'))}: "
            "if it is misspelt, add the right one too."
        )


def _trail(document: Document, console: Console, _language: str) -> None:
    plain(
        {
            key: [_shortened(one) for one in value] if is_rows(value) else value
            for key, value in document.items()
        },
        console,
    )


def _shortened(entry: Document) -> Document:
    """An entry with the beginnings of its hashes."""
    return {
        name: value[:SHORT] if name in HASHES and isinstance(value, str) else value
        for name, value in entry.items()
    }


def _ageing(title: str) -> Callable[[Document, Console, str], None]:
    """How consent ages: a table a purpose."""

    def show(document: Document, console: Console, language: str) -> None:
        words = WORDS.get(language, WORDS["en"])
        for purpose in document.get("purposes") or ():
            buckets = purpose.get("buckets") or ()
            keys = [
                key for key in (buckets[0] if buckets else ()) if key not in ("count", "interval")
            ]
            rows = [
                [
                    *(words.get(b[k], b[k]) for k in keys),
                    b["count"],
                    between(b["interval"], words["to"]),
                ]
                for b in buckets
            ]
            told = {name: text(value) for name, value in purpose.items() if name != "buckets"}
            table(
                console,
                words[title].format(**told),
                [*(words.get(k, k) for k in keys), words["patients"], "95 %"],
                rows,
            )
        listed(console, words["refused"], document.get("refused") or ())
        console.print(
            words["exact" if document.get("exact") else "spent"].format(
                spent=text(document.get("spent"))
            )
        )

    return show


def _discover(document: Document, console: Console, language: str) -> None:
    proposals = document.get("proposals") or ()
    rows = [
        [p["name"], p["where"], p["count"], between(p["interval"]), p["reason"]] for p in proposals
    ]
    table(console, "Proposals", ("name", "where", "patients", "95 %", "reason"), rows)
    if not proposals:
        _one_list({"proposals": ()}, console, language)
    for proposal in proposals:
        console.print(text(proposal["yaml"]), soft_wrap=True)
    console.print(f"spent: {text(document.get('spent'))}")


def _verify(document: Document, console: Console, _language: str) -> None:
    manifest = document.get("manifest") or {}
    shown = (
        "alias",
        "export",
        "purpose",
        "channel",
        "destination",
        "columns",
        "encrypted",
        "created_at",
        "expires_at",
    )
    plain({key: manifest.get(key) for key in shown}, console)
    plain({key: value for key, value in document.items() if key != "manifest"}, console)


def _exposed(document: Document, console: Console, language: str) -> None:
    plain(
        {key: value for key, value in document.items() if key not in ("members", "notice")}, console
    )
    console.print(f"members: {text(document.get('members'))}", soft_wrap=True)
    notice = document.get("notice") or {}
    console.print(text(notice.get(language) or notice.get("en")), soft_wrap=True)


def _test(document: Document, console: Console, _language: str) -> None:
    for one in document.get("checks") or ():
        console.print(f"{'passed' if one['passed'] else 'FAILED'}  {one['check']}")
        for found in one.get("found") or ():
            console.print(f"        {text(found)}", soft_wrap=True)


def _init(document: Document, console: Console, _language: str) -> None:
    console.print(f"A project was made in {text(document.get('project'))}:", soft_wrap=True)
    for file in document.get("files") or ():
        console.print(f"  {text(file)}", soft_wrap=True)
    console.print(f"Next: {text(document.get('next'))}", soft_wrap=True)


def _subject(document: Document, console: Console, language: str) -> None:
    """What is held of a person; the decisions follow as sentences."""
    words = WORDS.get(language, WORDS["en"])
    console.print(
        f"{words['held']} {text(document.get('patient_ids'))} ({text(document.get('taken_at'))})",
        soft_wrap=True,
    )
    heads = HEADS.get(language, {})
    for name, rows in (document.get("tables") or {}).items():
        listed(console, heads.get(name, name), rows, heads)
    for key in ("suppression", "exports", "quarantine"):
        listed(console, words[key], document.get(key) or (), heads)


def _why(document: Document, console: Console, language: str) -> None:
    """What was said, what also stands against contact, and who has the person in a file.

    The decisions follow as sentences.
    """
    words = WORDS.get(language, WORDS["en"])
    heads = HEADS.get(language, {})
    listed(console, words["events"], _events(_behind(document)), heads)
    for key in ("suppression", "exports"):
        listed(console, words[key], document.get(key) or (), heads)


def _behind(document: Document) -> list[Document]:
    """The events that the decisions name, each once, oldest first."""
    found = [
        e
        for d in document.get("decisions") or ()
        for told in ({"events": d["grants"]}, *d["reasons"])
        for e in told["events"]
    ]
    places = {(e["origin"], e["line"]): e for e in found}
    return sorted(places.values(), key=lambda e: str(e.get("effective_at", "")))


def _events(found: list[Document]) -> list[Document]:
    """Events as rows: what was said about what, and every field that one of them has."""
    kept = [key for key in EVENT if any(key in event for event in found)]
    return [
        {
            "event_id": event.get("event_id"),
            "state": event.get("state"),
            "scope": " / ".join(str(event.get(part, "*")) for part in SCOPE),
            **{key: event.get(key) for key in kept},
        }
        for event in found
    ]


FORMS: Mapping[str, Callable[[Document, Console, str], None]] = {
    "init": _init,
    "recall": _recall,
    "suppress add": _added,
    "trail": _trail,
    "quarantine": _one_list,
    "suppress": _one_list,
    "forecast": _ageing("lapses"),
    "notice": _ageing("notices"),
    "discover": _discover,
    "verify": _verify,
    "exposed": _exposed,
    "test": _test,
}
BEFORE: Mapping[str, Callable[[Document, Console, str], None]] = {
    "subject": _subject,
    "why": _why,
}  # its sentences
