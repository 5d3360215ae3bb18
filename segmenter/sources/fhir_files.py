"""Files of FHIR resources: single ones, Bundles, NDJSON -> rows of the consent staging table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from segmenter.sources import fhir
from segmenter.sources.fhir_dates import moment
from segmenter.sources.files import SourceFile, text_stream, unreadable
from segmenter.sources.jsonl import as_text, parse
from segmenter.sources.stage import Broken, Stage

if TYPE_CHECKING:
    from segmenter.sources.fhir import Consent, Terms


def load(files: Sequence[SourceFile], stage: Stage, names: Sequence[str], terms: Terms) -> None:
    """Append the consent events of all files to the stage.

    Versions of one resource id are looked at together, over all files.
    """
    numbers = [stage.begin(file, 0) for file in files]
    by_id: dict[str, list[Consent]] = {}
    for number, file in zip(numbers, files, strict=True):
        for consent in _consents(file, number, stage):
            key = str(consent.resource.get("id", "")) or f"{file.path}:{consent.line}"
            by_id.setdefault(key, []).append(consent)
    found = []
    for versions in by_id.values():
        made = fhir.rows(sorted(versions, key=lambda v: _age(v, terms)), terms)
        stage.extra += 0 if made else 1
        found += made
    for number in numbers:
        own = [(consent.line, row) for consent, row in found if consent.file == number]
        stage.add(
            number,
            [line for line, _ in own],
            [[as_text(row[name]) for name in names] for _, row in own],
            range(len(names)),
        )


def _age(consent: Consent, terms: Terms) -> tuple[int, float, str]:
    """Versions in order: by versionId if it is a number, else by lastUpdated."""
    version, updated = consent.meta("versionId"), moment(consent.meta("lastUpdated"), terms.zone)
    return (
        int(version) if version.isascii() and version.isdigit() else -1,
        updated.timestamp() if updated else -1e18,
        version,
    )


def _consents(file: SourceFile, number: int, stage: Stage) -> Iterator[Consent]:
    for line, resource in _resources(file, stage):
        kind = resource.get("resourceType")
        if kind == "Consent":
            yield fhir.Consent(resource, file.origin, line, number)
        elif kind == "Bundle":
            yield from _of_bundle(file, number, resource)
        else:
            stage.refuse(Broken(file.origin, line, "I5", "neither a Consent nor a Bundle", ""))


def _of_bundle(file: SourceFile, number: int, bundle: dict[str, Any]) -> Iterator[Consent]:
    entries = bundle.get("entry", [])
    patients = _patients_by_url(entries)
    for place, entry in enumerate(entries if isinstance(entries, list) else [], 1):
        inner = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(inner, dict) and inner.get("resourceType") == "Consent":
            yield fhir.Consent(_resolved(inner, patients), file.origin, place, number)
        elif isinstance(inner, dict) and inner.get("resourceType") == "Bundle":
            yield from _of_bundle(file, number, inner)


def _patients_by_url(entries: object) -> dict[str, str]:
    """The `fullUrl` of each Patient of a Bundle, and the reference that it stands for."""
    found: dict[str, str] = {}
    for entry in entries if isinstance(entries, list) else []:
        inner = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(inner, dict) and inner.get("resourceType") == "Patient" and inner.get("id"):
            found[str(entry.get("fullUrl", ""))] = f"Patient/{inner['id']}"
    return found


def _resolved(value: Any, patients: dict[str, str]) -> Any:
    """A part of a resource with its references resolved within the Bundle."""
    if isinstance(value, list):
        return [_resolved(one, patients) for one in value]
    if not isinstance(value, dict):
        return value
    resolved = {name: _resolved(one, patients) for name, one in value.items()}
    reference = resolved.get("reference")
    if isinstance(reference, str) and reference in patients:
        resolved["reference"] = patients[reference]
    return resolved


def _resources(file: SourceFile, stage: Stage) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file: one document, an array, or one a line."""
    with text_stream(file, "\n") as stream:
        text = stream.read()
    try:
        whole: Any = json.loads(text)
    except (ValueError, RecursionError):
        seen = False
        for line, one in enumerate(text.split("\n"), 1):
            if not one.strip():
                continue
            found = parse(file, line, one)
            if isinstance(found, Broken):
                stage.refuse(found)
            else:
                seen = True
                yield line, found
        if not seen and text.strip():
            raise unreadable(file, "is not JSON") from None
        return
    for place, item in enumerate(whole if isinstance(whole, list) else [whole], 1):
        if isinstance(item, dict):
            yield place, item
        else:
            stage.refuse(Broken(file.origin, place, "I5", "not a JSON object", ""))
