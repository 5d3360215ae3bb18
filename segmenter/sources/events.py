"""The consent sources -> `consent`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.sources import fhir_files
from segmenter.sources.fhir import Terms
from segmenter.sources.readers import require
from segmenter.sqlexpr.columns import content, instant

if TYPE_CHECKING:
    from segmenter.engine.relations import Structure
    from segmenter.sources.work import Work

FIELDS = (
    "event_id", "patient_id", "purpose", "channel", "topic", "category", "state", "effective_at", "recorded_at", "confirmed_at",
    "valid_until", "method", "expressed_by", "notice_version", "evidence", "source",
)  # fmt: skip
DATES = ("effective_at", "recorded_at", "confirmed_at", "valid_until")
REQUIRED = ("patient_id", "state")


def ingest_consent(work: Work) -> None:
    """Read, check and keep the consent events of all consent sources (C10, I1, I5, I6).

    A broken line cannot be trusted with anything it grants; what it may deny is kept by
    `deny_broken`.
    """
    if work.same("consent"):
        return
    stage = work.stage("consent", [], FIELDS, {})
    for part, declared in enumerate(work.sources.consent):
        if declared.read.format == "fhir":
            if work.added("consent"):
                continue
            terms = Terms(declared.purposes, declared.grants, work.now, work.policy.time_zone)
            fhir_files.load(work.plan["consent"].parts[part].files, stage, FIELDS, terms)
            continue
        found = work.readers("consent", part)
        for reader in found:
            require("consent", reader, REQUIRED, declared.read.rename, declared.read.line)
        work.stage("consent", found, FIELDS, declared.read.rename, stage)
    stage.show("raw_consent")
    work.identify("raw_consent", "patient_id")
    first = {"first_event": work.engine.rows("event_next")[0][0] if work.added("consent") else 0}
    dates: Structure = {f"__{name}__": instant(name, "r") for name in DATES}
    values = {**first, "time_zone": work.policy.time_zone}
    before = work.engine.count(work.table("consent")) if work.added("consent") else 0
    if work.added("consent"):
        work.engine.add(work.table("consent"), "consent_kept", values, dates)
    else:
        work.keep("consent", "consent_kept", values, dates)
    work.engine.make("consent_malformed", "consent_malformed", {**first, **declared_scopes(work)})
    kept = work.engine.count(work.table("consent")) - before
    clean = kept == stage.whole() and not work.engine.count("consent_malformed")
    work.torn = (stage, first["first_event"] + stage.whole())
    if work.added("consent"):
        work.engine.add(work.table("touched"), "consent_touched", first)
    work.settle(
        stage, None if clean else "consent_quarantine", first, {"__content__": content(FIELDS, "r")}
    )


def deny_broken(work: Work) -> None:
    """Deny what broken lines of consent may deny, once every source has told its ids: no date lifts it but the repaired file (C10)."""
    if work.torn is None:
        return
    stage, first = work.torn
    if stage.tell_broken():
        work.engine.add(work.table("consent"), "consent_broken", {"first_broken": first})
        if work.added("consent"):
            work.engine.add(work.table("touched"), "consent_touched", {"first_event": first})


def declared_scopes(work: Work) -> dict[str, object]:
    """What a scope field may hold: what the policy declares, `*`, or nothing."""
    policy = work.policy
    return {
        "purposes": ["*", "", *policy.purposes],
        "channels": ["*", "", *policy.channels],
        "topics": ["*", "", *policy.topics],
        "categories": ["*", "", *policy.categories],
    }
