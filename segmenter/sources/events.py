"""The consent sources -> `consent`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.errors import SourceError
from segmenter.sources import fhir_files
from segmenter.sources.column_names import require, require_no_optout
from segmenter.sources.fhir import Terms
from segmenter.sources.load import BrokenEvents
from segmenter.sqlexpr.columns import content, instant

if TYPE_CHECKING:
    from segmenter.engine.relations import Structure
    from segmenter.project.declared import ConsentSource
    from segmenter.sources.load import Load
    from segmenter.sources.stage import Stage

FIELDS = (
    "event_id",
    "patient_id",
    "purpose",
    "channel",
    "topic",
    "category",
    "state",
    "effective_at",
    "recorded_at",
    "confirmed_at",
    "valid_until",
    "method",
    "expressed_by",
    "notice_version",
    "evidence",
    "source",
)
DATES = ("effective_at", "recorded_at", "confirmed_at", "valid_until")
REQUIRED = ("patient_id", "state")


def ingest_consent(load: Load) -> None:
    """Read, check and keep the consent events of all consent sources (C10, I1, I5, I6).

    A broken line cannot be trusted with anything it grants; what it may deny is kept by
    `deny_broken`.
    """
    if load.keep_same("consent"):
        return
    stage = load.stage("consent", [], FIELDS, {})
    for part, declared in enumerate(load.sources.consent):
        _read(load, stage, part, declared)
    stage.show("raw_consent", ids=["patient_id"])
    load.identify("raw_consent", "patient_id")
    _keep(load, stage)


def _read(load: Load, stage: Stage, part: int, declared: ConsentSource) -> None:
    """Stage the rows of one consent source."""
    if declared.read.format == "fhir":
        if declared.read.encoding or declared.read.delimiter:
            message = "`encoding` and `delimiter` are for delimited text: FHIR is UTF-8 JSON"
            raise SourceError(message, line=declared.read.line)
        if not load.is_added("consent"):
            terms = Terms(
                declared.purposes,
                declared.grants,
                load.now,
                load.policy.time_zone,
                declared.r5 == "exceptions",
            )
            fhir_files.load(load.states["consent"].parts[part].files, stage, FIELDS, terms)
        return
    readers = load.readers("consent", part)
    for reader in readers:
        require("consent", reader, REQUIRED, declared.read.rename, declared.read.line)
    used = {declared.read.rename.get(name, name) for name in FIELDS}
    require_no_optout("consent", readers, declared.read, used)
    load.stage("consent", readers, FIELDS, declared.read.rename, stage)


def _keep(load: Load, stage: Stage) -> None:
    """Write the events, and the quarantine if any row is in it."""
    engine = load.engine
    table = load.table("consent")
    first = {"first_event": 0}
    before = 0
    values = {"time_zone": load.policy.time_zone}
    dates: Structure = {f"__{name}__": instant(name, "r") for name in DATES}
    if load.is_added("consent"):
        ((first["first_event"],),) = engine.rows("event_next")
        before = engine.count(table)
        engine.add(table, "consent_kept", {**first, **values}, dates)
        engine.add(load.table("touched"), "consent_touched", first)
    else:
        load.keep("consent", "consent_kept", {**first, **values}, dates)
    engine.make("consent_malformed", "consent_malformed", {**first, **declared_scopes(load)})
    load.broken_events = BrokenEvents(stage, first["first_event"] + stage.whole())
    kept = engine.count(table) - before
    if kept == stage.whole() and not engine.count("consent_malformed"):
        load.settle(stage)
        return
    told: Structure = {"__content__": content(FIELDS, "r")}
    load.settle(stage, "consent_quarantine", first, told)


def deny_broken(load: Load) -> None:
    """Deny what broken lines of consent may deny, once every source has told its ids.

    No date lifts such a denial, only the repaired file (C10).
    """
    broken = load.broken_events
    if broken is None or not broken.stage.tell_broken(["patient_id"]):
        return
    load.engine.add(load.table("consent"), "consent_broken", {"first_broken": broken.first})
    if load.is_added("consent"):
        first = {"first_event": broken.first}
        load.engine.add(load.table("touched"), "consent_touched", first)


def declared_scopes(load: Load) -> dict[str, object]:
    """What a scope field may hold: what the policy declares, `*`, or nothing."""
    policy = load.policy
    return {
        "purposes": ["*", "", *policy.purposes],
        "channels": ["*", "", *policy.channels],
        "topics": ["*", "", *policy.topics],
        "categories": ["*", "", *policy.categories],
    }
