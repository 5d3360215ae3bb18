"""The answers about consent, files that left, and single persons; and the small ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from segmenter.render.parts import (
    Document,
    between,
    is_rows,
    items,
    listed,
    plain,
    table,
    text,
    whole_line,
)

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
        "notices": (
            "{purpose}: who must be asked again before {before} (notices in force: {in_force})"
        ),
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
        "notices": (
            "{purpose}\u00a0: personnes à solliciter de nouveau avant le {before} "
            "(notices en vigueur\u00a0: {in_force})"
        ),
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
    recalls = items(document, "recalls")
    rows = [_without(one, "file") for one in recalls]
    _one_list({"recalls": rows}, console, language)
    for one in recalls:
        whole_line(console, f"{one['id']}: {text(one['file'])}")


def _without(document: Document, *keys: str) -> Document:
    left = dict(document)
    for key in keys:
        left.pop(key, None)
    return left


def _added(document: Document, console: Console, language: str) -> None:
    plain(_without(document, "usable", "doubt"), console, language)
    if document.get("doubt"):
        console.print(f"{text(document['doubt'])}.")
    if not document.get("usable", True):
        kind = text(document.get("kind"))
        advice = "if it is misspelt, add the right one too."
        console.print(f"Nothing can be sent to this {kind}: {advice}")


def _trail(document: Document, console: Console, _language: str) -> None:
    shown = {}
    for key, value in document.items():
        if is_rows(value):
            shown[key] = [_shortened(one) for one in value]
        else:
            shown[key] = value
    plain(shown, console)


def _shortened(entry: Document) -> Document:
    """An entry with the beginnings of its hashes."""
    shown = dict(entry)
    for name in HASHES:
        if isinstance(entry.get(name), str):
            shown[name] = entry[name][:SHORT]
    return shown


def _ageing(title: str) -> Callable[[Document, Console, str], None]:
    """How consent ages: a table a purpose."""

    def show(document: Document, console: Console, language: str) -> None:
        words = WORDS.get(language, WORDS["en"])
        for purpose in items(document, "purposes"):
            told = {name: text(value) for name, value in _without(purpose, "buckets").items()}
            _buckets(items(purpose, "buckets"), words[title].format(**told), words, console)
        listed(console, words["refused"], items(document, "refused"))
        if document.get("exact"):
            console.print(words["exact"])
        else:
            console.print(words["spent"].format(spent=text(document.get("spent"))))

    return show


def _buckets(
    buckets: Sequence[Document], title: str, words: Mapping[str, str], console: Console
) -> None:
    """The table of one purpose: how many patients are in each bucket."""
    first = buckets[0] if buckets else {}
    keys = list(_without(first, "count", "interval"))
    columns = [words.get(key, key) for key in keys]
    rows = []
    for bucket in buckets:
        labels = [words.get(bucket[key], bucket[key]) for key in keys]
        rows.append([*labels, bucket["count"], between(bucket["interval"], words["to"])])
    table(console, title, [*columns, words["patients"], "95 %"], rows)


def _discover(document: Document, console: Console, language: str) -> None:
    proposals = items(document, "proposals")
    rows = []
    for one in proposals:
        rows.append(
            [one["name"], one["where"], one["count"], between(one["interval"]), one["reason"]]
        )
    table(console, "Proposals", ("name", "where", "patients", "95 %", "reason"), rows)
    if not proposals:
        _one_list({"proposals": ()}, console, language)
    for proposal in proposals:
        whole_line(console, text(proposal["yaml"]))
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
    plain(_without(document, "manifest"), console)


def _exposed(document: Document, console: Console, language: str) -> None:
    plain(_without(document, "members", "notice"), console)
    whole_line(console, f"members: {text(document.get('members'))}")
    notice = document.get("notice") or {}
    said = notice.get(language) or notice.get("en")
    whole_line(console, text(said))


def _test(document: Document, console: Console, _language: str) -> None:
    for one in items(document, "checks"):
        verdict = "passed" if one["passed"] else "FAILED"
        console.print(f"{verdict}  {one['check']}")
        for found in items(one, "found"):
            whole_line(console, f"        {text(found)}")


def _init(document: Document, console: Console, _language: str) -> None:
    project = text(document.get("project"))
    following = text(document.get("next"))
    whole_line(console, f"A project was made in {project}:")
    for file in items(document, "files"):
        whole_line(console, f"  {text(file)}")
    whole_line(console, f"Next: {following}")


def _subject(document: Document, console: Console, language: str) -> None:
    """What is held of a person; the decisions follow as sentences."""
    words = WORDS.get(language, WORDS["en"])
    patient_ids = text(document.get("patient_ids"))
    taken_at = text(document.get("taken_at"))
    whole_line(console, f"{words['held']} {patient_ids} ({taken_at})")
    heads = HEADS.get(language, {})
    for name, rows in (document.get("tables") or {}).items():
        listed(console, heads.get(name, name), rows, heads)
    for key in ("suppression", "exports", "quarantine"):
        listed(console, words[key], items(document, key), heads)


def _why(document: Document, console: Console, language: str) -> None:
    """What was said, what also stands against contact, and who has the person in a file.

    The decisions follow as sentences.
    """
    words = WORDS.get(language, WORDS["en"])
    heads = HEADS.get(language, {})
    listed(console, words["events"], _events(_behind(document)), heads)
    for key in ("suppression", "exports"):
        listed(console, words[key], items(document, key), heads)


def _behind(document: Document) -> list[Document]:
    """The events that the decisions name, each once, oldest first."""
    found: list[Document] = []
    for decision in items(document, "decisions"):
        found.extend(decision["grants"])
        for reason in decision["reasons"]:
            found.extend(reason["events"])
    places = {(event["origin"], event["line"]): event for event in found}
    return sorted(places.values(), key=_since)


def _since(event: Document) -> str:
    return str(event.get("effective_at", ""))


def _events(found: list[Document]) -> list[Document]:
    """Events as rows: what was said about what, and every field that one of them has."""
    known: set[str] = set()
    for event in found:
        known.update(event)
    kept = [key for key in EVENT if key in known]
    rows: list[Document] = []
    for event in found:
        row = {key: event.get(key) for key in ("event_id", "state")}
        row["scope"] = " / ".join(str(event.get(part, "*")) for part in SCOPE)
        row.update((key, event.get(key)) for key in kept)
        rows.append(row)
    return rows


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
