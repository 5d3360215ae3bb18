"""Parquet files are read where they lie: the same rows as from CSV, and no file that is damaged or
changes meanwhile is believed.
"""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import polars as pl
import pytest
from test_sources import HEADER, PATIENTS, event

from segmenter.errors import SourceError
from segmenter.project.declared import ConsentSource, Read
from sourcing import Clinic, told

TEXT = (
    HEADER
    + event()
    + event("")
    + event(state="maybe")
    + event("9", effective_at="", evidence="doc")
)


@pytest.fixture
def clinic(tmp_path):
    made = Clinic(tmp_path).write(patients_csv=PATIENTS)
    made.sources = replace(made.sources, consent=(ConsentSource(Read("data/consent*")),))
    return made


def parquet(clinic, name="consent.parquet", text=TEXT):
    frame = pl.read_csv(io.StringIO(text), infer_schema=False)
    frame.write_parquet(clinic.root / "data" / name)


def kept(clinic, made):
    return clinic.rows(
        made, "consent", "patient", "state", "effective_at", "dates", "evidence", "origin", "line"
    )


def test_the_same_rows_as_from_text(clinic):
    parquet(clinic)
    made = clinic.ingest()
    assert told(made) == [
        ("consent", 2, "I1"),
        ("consent", 3, "C10"),
        ("consent", 4, "C10"),
        ("patient", 4, "I3"),
    ]
    assert made.tables["consent"].read == 4
    assert made.tables["consent"].kept == 1
    found = [
        (patient, state, dates, evidence, line)
        for patient, state, _, dates, evidence, _, line in kept(clinic, made)
    ]
    assert found == [(1, "given", 0, "", 1), (1, "maybe", 0, "", 3), (5, "given", 1, "doc", 4)]


def test_beside_text_files_every_row_has_its_own_number(clinic):
    clinic.write(consent_csv=TEXT)
    parquet(clinic, "consent_b.parquet")
    parquet(clinic, "consent_c.parquet")
    made = clinic.ingest()
    events = [number for (number,) in clinic.rows(made, "consent", "event")]
    assert len(set(events)) == len(events) == 9
    assert made.tables["consent"].read == 12
    assert {(origin, line) for *_, origin, line in kept(clinic, made)} == {
        (f"consent{name}", line + (name == ".csv"))
        for name in (".csv", "_b.parquet", "_c.parquet")
        for line in (1, 3, 4)
    }


def test_a_damaged_file_is_named_and_nothing_is_made(clinic):
    rows = "".join(event(str(n), evidence=f"document {n * n * 7919}") for n in range(5000))
    parquet(clinic, text=HEADER + rows)
    path = clinic.root / "data" / "consent.parquet"
    content = bytearray(path.read_bytes())
    content[100 : len(content) // 2] = b"\xff" * (len(content) // 2 - 100)
    path.write_bytes(content)
    with pytest.raises(SourceError, match="not a Parquet file"):
        clinic.ingest()


def test_a_file_that_changes_while_it_is_read_is_refused(clinic, monkeypatch):
    parquet(clinic)
    ingesting = sys.modules["segmenter.sources.ingest"]
    finding = ingesting._quarantined

    def changing(work):
        parquet(clinic, text=HEADER + event("1", "withdrawn"))
        return finding(work)

    monkeypatch.setattr(ingesting, "_quarantined", changing)
    with pytest.raises(SourceError, match="changed"):
        clinic.ingest()
