"""The table of deaths: whom it names is dead, in whichever table their other rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.sources.column_names import require, require_declared
from segmenter.sources.load import Orphans

if TYPE_CHECKING:
    from segmenter.engine import Table
    from segmenter.project.declared import DeathSource
    from segmenter.sources.load import Load
    from segmenter.sources.stage import Stage

FIELDS = ("patient_id", "died_at")
PART = 1  # of the patient source: it is read with the patient table


def ingest_deaths(load: Load, patients: Table) -> Table:
    """The patients whom the source names; none if it is not declared.

    `patients` are the rows of the patient files.
    """
    declared = load.sources.death
    if declared is None:
        return load.engine.create({"patient": "BIGINT"})
    stage = _stage(load, declared)
    rows = stage.shown(ids=["patient_id"])
    load.identify(rows, "patient_id")
    reads = load.tables | {"raw_death": rows, "raw_patient": patients}
    dead = load.engine.make("death_told", reads=reads)
    ((many, line),) = load.engine.rows("orphan_death", reads=reads)
    load.orphans["death"] = Orphans(many, line)
    load.settle(stage, "death_quarantine", reads=reads)
    return dead


def _stage(load: Load, declared: DeathSource) -> Stage:
    """The rows of the files of deaths."""
    readers = load.readers("patient", PART)
    rename = {**declared.read.rename, "patient_id": declared.patient}
    wanted = ["patient_id"]
    if declared.column is not None:
        rename["died_at"] = declared.column
        wanted.append("died_at")
    for reader in readers:
        require("death", reader, wanted, rename, declared.read.line)
    require_declared("death", readers, declared.read, declared.tags)
    return load.stage("death", readers, FIELDS, rename)
