"""Each work as a person would write it in plain DuckDB SQL, on an encrypted file like ours.

No consent except in (b), no noise.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import duckdb

from benchmarks.stopwatch import Stopwatch
from benchmarks.world import AGES, job

KEY = "plain-benchmark-key"
BANDS = (
    "CASE WHEN age < 20 THEN 0 WHEN age < 30 THEN 1 WHEN age < 40 THEN 2 WHEN age < 50 THEN 3 "
    "WHEN age < 65 THEN 4 WHEN age < 80 THEN 5 ELSE 6 END"
)
VISITS = "CASE WHEN n IS NULL THEN 0 WHEN n < 2 THEN 1 WHEN n < 4 THEN 2 ELSE 3 END"
COUNT = "SELECT sex, age_band, payer, region, count(*) FROM patient{gate} GROUP BY ALL"
LATEST = """ SEMI JOIN (SELECT patient_id FROM consent WHERE purpose = 'outreach'
  GROUP BY patient_id
  HAVING arg_max(state, effective_at) = 'given') AS allowed USING (patient_id)"""
EVENTS = """
CREATE OR REPLACE TABLE {table} AS
SELECT * REPLACE (effective_at::TIMESTAMPTZ AS effective_at,
  recorded_at::TIMESTAMPTZ AS recorded_at) FROM '{data}/consent*.parquet'"""
BOUNDED = """
WITH kept AS (
  SELECT patient_id, ward, mode, sum(least(greatest(nights, 0), 14)) AS nights
  FROM stay GROUP BY patient_id, ward, mode
  QUALIFY row_number() OVER (PARTITION BY patient_id ORDER BY hash(patient_id, ward, mode)) <= 3
)
SELECT ward, mode, count(*) AS patients, sum(nights) AS nights FROM kept GROUP BY ALL"""


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """An engine with the plain encrypted file attached."""
    engine = duckdb.connect(
        config={"temp_directory": str(folder / "spill"), "temp_file_encryption": True}
    )
    extension = (
        files("duckdb_extension_httpfs")
        / "extensions"
        / f"v{duckdb.__version__}"
        / "httpfs.duckdb_extension"
    )
    engine.execute(f"LOAD '{extension}'")
    engine.execute(f"ATTACH '{folder / 'plain.duckdb'}' AS plain (ENCRYPTION_KEY '{KEY}')")
    engine.execute("USE plain")
    return engine


def load(folder: Path) -> None:
    """Work (e): the same files into an encrypted file, with the types that the questions need."""
    (folder / "plain.duckdb").unlink(missing_ok=True)
    data = folder / "data"
    with connect(folder) as engine:
        engine.execute(
            "CREATE TABLE patient AS SELECT * REPLACE (age::SMALLINT AS age), "
            f"{BANDS.replace('age', 'age::SMALLINT')} AS age_band FROM '{data}/patients.parquet'"
        )
        engine.execute(
            "CREATE TABLE stay AS SELECT * REPLACE (nights::SMALLINT AS nights) FROM "
            f"'{data}/stays.parquet'"
        )
        engine.execute(EVENTS.format(table="consent", data=data))
        engine.execute(f"CREATE TABLE suppression AS FROM '{data}/suppression.csv'")


def run(work: str, folder: Path) -> Stopwatch:
    """Do one work; its time, connecting not counted."""
    if work == "e":
        with Stopwatch() as took:
            load(folder)
        return took
    with connect(folder) as engine, Stopwatch() as took:
        _WORKS[work](engine, folder)
    return took


def exact(work: str, folder: Path) -> dict[tuple[str, ...], int]:
    """The true count of each cell of works (a) and (b), by its labels."""
    with connect(folder) as engine:
        rows = engine.execute(COUNT.format(gate=LATEST if work == "b" else "")).fetchall()
    return {(sex, AGES[age], payer, region): count for sex, age, payer, region, count in rows}


def _count(engine: duckdb.DuckDBPyConnection, _folder: Path) -> None:
    engine.execute(COUNT.format(gate="")).fetchall()


def _latest(engine: duckdb.DuckDBPyConnection, _folder: Path) -> None:
    engine.execute(COUNT.format(gate=LATEST)).fetchall()


def _bounded(engine: duckdb.DuckDBPyConnection, _folder: Path) -> None:
    engine.execute(BOUNDED).fetchall()


def _job(engine: duckdb.DuckDBPyConnection, _folder: Path) -> None:
    counted = "SELECT patient_id, count(*) AS n FROM stay GROUP BY 1"
    visits = f"patient LEFT JOIN ({counted}) USING (patient_id)"
    for _, dimensions, _ in job():
        columns = ", ".join(VISITS if name == "visits" else name for name in dimensions)
        table = visits if "visits" in dimensions else "patient"
        engine.execute(f"SELECT {columns}, count(*) FROM {table} GROUP BY ALL").fetchall()


def _copy(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    wanted = "region IN ('r00', 'r01', 'r02', 'r03', 'r04', 'r05')"
    engine.execute(
        f"COPY (SELECT email, first_name FROM patient{LATEST} WHERE {wanted}) TO "
        f"'{folder / 'plain.csv'}' (HEADER)"
    )


def _events(engine: duckdb.DuckDBPyConnection, folder: Path) -> None:
    engine.execute(EVENTS.format(table="consent_again", data=folder / "data"))


_WORKS = {
    "s-full": _events,
    "a": _count,
    "b": _count,
    "b-latest": _latest,
    "c": _bounded,
    "d": _job,
    "g": _copy,
}
