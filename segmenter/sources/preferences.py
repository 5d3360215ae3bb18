"""The preference source -> `preference`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.sources.events import declared_scopes
from segmenter.sources.readers import declared_columns, readers, require
from segmenter.sqlexpr.columns import instant

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.sources.readers import Reader
    from segmenter.sources.work import Work

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


def ingest_preferences(work: Work) -> None:
    """Read, check and keep the preferences.

    A broken line whose patient can be told says no to everything, for good. A column `allowed` or
    `updated_at` that no file has says nothing; an empty cell of one that is there is unreadable.
    """
    from sqlglot import exp

    declared = work.sources.preference
    found: list[Reader] = [] if declared is None else readers(work.engine, work.root, declared)
    rename = {} if declared is None else declared.rename
    for reader in found:
        require(
            "preference",
            reader,
            ["patient_id"],
            rename,
            None if declared is None else declared.line,
        )
    if declared is not None:
        declared_columns("preference", found, declared)
    stage = work.stage("preference", found, FIELDS, rename)
    stage.show("raw_preference")
    work.identify("raw_preference", "patient_id")

    def given(name: str) -> exp.Expr:
        there = any(rename.get(name, name) in reader.header for reader in found)
        return exp.true() if there else exp.false()

    scopes = {
        name: values
        for name, values in declared_scopes(work).items()
        if name in ("channels", "topics")
    }
    structure = {
        "__updated_at__": instant("updated_at"),
        "__updated_given__": given("updated_at"),
        "__allowed_given__": given("allowed"),
    }
    work.engine.make(
        "preference_read",
        "preference_read",
        {**scopes, "time_zone": work.policy.time_zone},
        structure,
    )
    work.keep("preference", "preference_kept")
    if stage.tell_broken():
        work.engine.add(work.table("preference"), "preference_broken")
    work.settle(stage, "preference_quarantine")
