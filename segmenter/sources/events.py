"""The consent sources -> `consent`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.errors import SourceError
from segmenter.sources import fhir_files
from segmenter.sources.column_names import require, require_no_optout
from segmenter.sources.fhir import Terms
from segmenter.sources.load import BrokenEvents
from segmenter.sqlexpr.columns import content, instant, instant_later

if TYPE_CHECKING:
    from segmenter.engine import Tables
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


@dataclass(frozen=True, slots=True)
class _Written:
    """Events that were written: the number of the first, and how many."""

    first: int
    rows: int


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
    with load.engine.scope():
        rows = stage.shown(ids=["patient_id"])
        load.identify(rows, "patient_id")
        _keep(load, stage, load.tables | {"raw_consent": rows})


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


def _keep(load: Load, stage: Stage, reads: Tables) -> None:
    """Write the events, and the quarantine if any row is in it."""
    engine = load.engine
    written = _append(load, reads) if load.is_added("consent") else _write(load, reads)
    first = {"first_event": written.first}
    load.broken_events = BrokenEvents(stage, written.first + stage.whole())
    scopes = {**first, **declared_scopes(load)}
    malformed = engine.make("consent_malformed", reads=load.tables, values=scopes)
    if written.rows == stage.whole() and not engine.count(malformed):
        load.settle(stage)
        return
    load.settle(
        stage,
        "consent_quarantine",
        reads=reads | {"consent_malformed": malformed},
        values=first,
        structure={"__content__": content(FIELDS, "r")},
    )


def _append(load: Load, reads: Tables) -> _Written:
    """Append the events of new files to the table that is there."""
    engine, table = load.engine, load.tables["consent"]
    before = engine.count(table)
    ((first,),) = engine.rows("event_next", reads=load.tables)
    values = {"first_event": first, "time_zone": load.policy.time_zone}
    engine.add(table, "consent_kept", reads=reads, values=values, structure=_dates())
    engine.add(load.tables["touched"], "consent_touched", reads=load.tables, values=values)
    return _Written(first, engine.count(table) - before)


def _write(load: Load, reads: Tables) -> _Written:
    """Write the table anew."""
    values = {"first_event": 0, "time_zone": load.policy.time_zone}
    structure = _dates()
    table = load.keep("consent", "consent_kept", reads=reads, values=values, structure=structure)
    return _Written(0, load.engine.count(table))


def _dates() -> Structure:
    first = {f"__{name}__": instant(name, "r") for name in DATES}
    return {**first, **{f"__{name}_later__": instant_later(name, "r") for name in DATES}}


def deny_broken(load: Load) -> None:
    """Deny what broken lines of consent may deny, once every source has told its ids.

    No date lifts such a denial, only the repaired file (C10).
    """
    broken = load.broken_events
    if broken is None or not broken.stage.remains:
        return
    engine, consent = load.engine, load.tables["consent"]
    first = {"first_broken": broken.first, "first_event": broken.first}
    with engine.scope():
        reads = load.tables | {"broken_line": broken.stage.broken_lines(["patient_id"])}
        engine.add(consent, "consent_broken", reads=reads, values=first)
    if load.is_added("consent"):
        engine.add(load.tables["touched"], "consent_touched", reads=load.tables, values=first)


def declared_scopes(load: Load) -> dict[str, object]:
    """What a scope field may hold: what the policy declares, `*`, or nothing."""
    policy = load.policy
    return {
        "purposes": ["*", "", *policy.purposes],
        "channels": ["*", "", *policy.channels],
        "topics": ["*", "", *policy.topics],
        "categories": ["*", "", *policy.categories],
    }
