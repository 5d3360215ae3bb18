"""Work (i): every patient a member, against five times as many suppression entries.

A tenth of the members is among them.

Rows are what a destination gets by default: address, patient_id, first name, language.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks import plain, world
from benchmarks.stopwatch import Stopwatch

ENTRIES = 5  # a patient
LIST = """SELECT 'P' || (i * 10) || '@Example.ORG' AS email, 'unsubscribed' AS reason,
  '2026-01-01T00:00:00Z' AS since
FROM range({patients} * {entries}) AS numbers(i)"""
CONSENT = """SELECT * REPLACE ('given' AS state) FROM ({events}) WHERE purpose = 'outreach'"""


def make(folder: Path, patients: int) -> None:
    """Write the project into an empty folder: everyone consents once.

    The rows that are to be exported are the plain side's table.
    """
    world.make(folder, patients, events=1)
    with duckdb.connect() as engine:
        today = str(engine.sql("SELECT current_date").fetchall()[0][0])
        for text, name, form in (
            (CONSENT, "consent.parquet", "FORMAT parquet"),
            (LIST, "suppression.csv", "FORMAT csv, HEADER"),
        ):
            filled = text.replace("{events}", world.CONSENT).format(
                patients=patients, entries=ENTRIES, events=1, today=today
            )
            engine.execute(f"COPY ({filled}) TO '{folder / 'data' / name}' ({form})")
    policy = (folder / "policy.yml").read_text(encoding="utf-8")
    (folder / "policy.yml").write_text(
        policy.replace(" columns: [email, first_name],", ""), encoding="utf-8"
    )
    world.segment(folder, "crowd", "outreach", "region <> 'unknown'", "t2")
    plain.load(folder)
    with plain.connect(folder) as engine:
        engine.execute(
            "CREATE TABLE mailed AS SELECT email, patient_id, first_name, NULL::VARCHAR AS "
            "language FROM patient AS p ANTI JOIN suppression AS s ON lower(s.email) = p.email"
        )


def copy(folder: Path) -> Stopwatch:
    """The plain side: the same rows, already decided, to a file."""
    with plain.connect(folder) as engine, Stopwatch() as took:
        engine.execute(f"COPY mailed TO '{folder / 'plain.csv'}' (HEADER)")
    return took
