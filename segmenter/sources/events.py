"""The consent sources -> `consent`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.sources import fhir_files, files
from segmenter.sources.fhir import Terms
from segmenter.sources.readers import readers, require
from segmenter.sources.work import Work, content, instant

if TYPE_CHECKING:
    from segmenter.relations import Structure

FIELDS = (
    "event_id", "patient_id", "purpose", "channel", "topic", "category", "state", "effective_at", "recorded_at", "confirmed_at",
    "valid_until", "method", "expressed_by", "notice_version", "evidence", "source",
)  # fmt: skip
DATES = ("effective_at", "recorded_at", "confirmed_at", "valid_until")
REQUIRED = ("patient_id", "state")


def ingest_consent(work: Work) -> None:
    """Read, check and keep the consent events of all consent sources (C10, I1, I5, I6)."""
    stage = work.stage("consent", [], FIELDS, {})
    for declared in work.sources.consent:
        if declared.read.format == "fhir":
            terms = Terms(declared.purposes, declared.grants, work.now, work.policy.time_zone)
            fhir_files.load(files.find(work.root, declared.read, work.engine), stage, FIELDS, terms)
            continue
        found = readers(work.engine, work.root, declared.read)
        for reader in found:
            require("consent", reader, REQUIRED, declared.read.rename, declared.read.line)
        work.stage("consent", found, FIELDS, declared.read.rename, stage)
    stage.show("raw_consent")
    work.identify("raw_consent", "patient_id")
    first = {"first_event": 0}
    dates: Structure = {f"__{name}__": instant(name, "r") for name in DATES}
    work.keep("consent", "consent_kept", {**first, "time_zone": work.policy.time_zone}, dates)
    work.engine.make("consent_malformed", "consent_malformed", {**first, **declared_scopes(work)})
    work.settle(stage, "consent_quarantine", first, {"__content__": content(FIELDS, "r")})


def declared_scopes(work: Work) -> dict[str, object]:
    """What a scope field may hold: what the policy declares, `*`, or nothing."""
    policy = work.policy
    return {
        "purposes": ["*", "", *policy.purposes],
        "channels": ["*", "", *policy.channels],
        "topics": ["*", "", *policy.topics],
        "categories": ["*", "", *policy.categories],
    }
