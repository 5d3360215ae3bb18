"""The rows that peers start from, as a frame: consent is already read by plain SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import plain

ROWS = "SELECT patient_id, sex, age_band, payer, region FROM patient{gate}"


def relation(work: str, folder: Path) -> tuple[Any, Any]:
    """The open engine and the relation of the rows of one work.

    The caller turns it into its own frame and closes the engine.
    """
    engine = plain.connect(folder)
    return engine, engine.sql(ROWS.format(gate=plain.LATEST if work == "b" else ""))
