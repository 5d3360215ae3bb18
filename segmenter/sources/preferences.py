"""The preference source -> `preference`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.sources.column_names import first_seen, require, require_declared, require_no_optout
from segmenter.sources.events import declared_scopes
from segmenter.sources.readers import readers
from segmenter.sources.words import NO, YES
from segmenter.sqlexpr.columns import instant, instant_later

if TYPE_CHECKING:
    from collections.abc import Container

    from sqlglot import exp

    from segmenter.sources.load import Load
    from segmenter.sources.readers import Reader
    from segmenter.sources.stage import Stage

FIELDS = (
    "patient_id",
    "channel",
    "topic",
    "allowed",
    "max_contacts",
    "per_days",
    "language",
    "updated_at",
)


def ingest_preferences(load: Load) -> None:
    """Read, check and keep the preferences.

    A broken line whose patient can be told says no to everything, for good. A column `allowed` or
    `updated_at` that no file has says nothing; an empty cell of one that is there is unreadable.
    """
    declared = load.sources.preference
    found: list[Reader] = []
    rename = {}
    if declared is not None:
        found = readers(load.engine, load.root, declared)
        rename = dict(declared.rename)
        for reader in found:
            require("preference", reader, ["patient_id"], rename, declared.line)
        require_declared("preference", found, declared)
        used = {rename.get(name, name) for name in FIELDS}
        require_no_optout("preference", found, declared, used)
    stage = load.stage("preference", found, FIELDS, rename)
    seen = first_seen(found)
    with load.engine.scope():
        _keep(load, stage, {name for name in FIELDS if rename.get(name, name) in seen})


def _keep(load: Load, stage: Stage, there: Container[str]) -> None:
    """Write the preferences. `there` are those of our columns that a file has."""
    engine = load.engine
    rows = stage.shown(ids=["patient_id"])
    load.identify(rows, "patient_id")
    scopes = declared_scopes(load)
    values = {
        "channels": scopes["channels"],
        "topics": scopes["topics"],
        "yes": list(YES),
        "no": list(NO),
        "time_zone": load.policy.time_zone,
    }
    structure = {
        "__updated_at__": instant("updated_at"),
        "__updated_later__": instant_later("updated_at"),
        "__updated_given__": _truth("updated_at" in there),
        "__allowed_given__": _truth("allowed" in there),
    }
    given = {"raw_preference": rows}
    judged = engine.make("preference_read", reads=given, values=values, structure=structure)
    reads = load.tables | {"preference_read": judged}
    table = load.keep("preference", "preference_kept", reads=reads)
    if stage.remains:
        broken = load.tables | {"broken_line": stage.broken_lines(["patient_id"])}
        engine.add(table, "preference_broken", reads=broken)
    load.settle(stage, "preference_quarantine", reads=reads)


def _truth(value: bool) -> exp.Expr:  # noqa: FBT001  it is the value
    from sqlglot import exp

    return exp.true() if value else exp.false()
