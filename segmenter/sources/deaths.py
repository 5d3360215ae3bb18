"""The table of deaths -> `death`: whom it names is dead, in whichever table their other rows are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.sources.column_names import require, require_declared
from segmenter.sources.load import Orphans

if TYPE_CHECKING:
    from segmenter.sources.load import Load

FIELDS = ("patient_id", "died_at")
PART = 1  # of the patient source: it is read with the patient table


def ingest_deaths(load: Load) -> None:
    """Make the table `death` of the patients whom the source names; empty if none is declared."""
    declared = load.sources.death
    if declared is None:
        load.engine.create("death", {"patient": "BIGINT"})
        return
    readers = load.readers("patient", PART)
    rename = {**declared.read.rename, "patient_id": declared.patient}
    wanted = ["patient_id"]
    if declared.column is not None:
        rename["died_at"] = declared.column
        wanted.append("died_at")
    for reader in readers:
        require("death", reader, wanted, rename, declared.read.line)
    require_declared("death", readers, declared.read, declared.tags)
    stage = load.stage("death", readers, FIELDS, rename)
    stage.show("raw_death", ids=["patient_id"])
    load.identify("raw_death", "patient_id")
    load.engine.make("death", "death_told")
    ((rows, line),) = load.engine.rows("orphan_death")
    load.orphans["death"] = Orphans(rows, line)
    load.settle(stage, "death_quarantine")
