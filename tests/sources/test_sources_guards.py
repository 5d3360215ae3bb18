"""What stops a load: opt-out columns that nobody reads, files that change, files that are bombs."""

from __future__ import annotations

import gzip
import io
import sys
import zipfile
from dataclasses import replace

import pytest
from test_sources import sheet

from segmenter.errors import SourceError
from segmenter.project.declared import ConsentSource, PatientSource, Read
from sourcing import Clinic

EVENT = "patient_id,state,effective_at,recorded_at{}\nk1,given,2026-01-01,2026-01-01{}\n"


@pytest.fixture
def clinic(tmp_path):
    return Clinic(tmp_path).write(patients_csv="patient_id,age\nk1,30\n")


@pytest.mark.parametrize("name", ["Désinscrit", "optOut", "STOP_SMS", "email_bounced", "DNC"])
def test_an_optout_column_that_nobody_reads_stops_the_load(clinic, name):
    clinic.write(patients_csv=f"patient_id,age,{name}\nk1,30,1\n")
    with pytest.raises(SourceError, match="looks like an opt-out") as refused:
        clinic.ingest()
    assert name in str(refused.value.problems[0].hint)
    read = Read("data/patients.csv", ignored=(name,))
    clinic.sources = replace(clinic.sources, patient=PatientSource(read, "patient_id"))
    assert clinic.ingest().tables["patient"].kept == 1


def test_every_kind_of_source_is_looked_at(clinic):
    clinic.write(consent_csv=EVENT.format(",optout", ",1"))
    with pytest.raises(SourceError, match=r"source consent: .*optout"):
        clinic.ingest()
    read = Read("data/consent*.csv", ignored=("optout",))
    clinic.sources = replace(clinic.sources, consent=(ConsentSource(read),))
    clinic.write(preferences_csv="patient_id,allowed,refus_sms\nk1,no,1\n")
    with pytest.raises(SourceError, match=r"source preference: .*refus_sms"):
        clinic.ingest()
    clinic.write(preferences_csv="patient_id,allowed\nk1,no\n")
    clinic.write(encounters_csv="patient_id,nights,do_not_call\nk1,1,1\n")
    with pytest.raises(SourceError, match=r"source encounter: .*do_not_call"):
        clinic.ingest()
    clinic.write(encounters_csv="patient_id,nights,start,stop\nk1,1,2026-01-01,2026-01-02\n")
    assert clinic.ingest().tables["encounter"].kept == 1


@pytest.mark.parametrize("name", ["patients.csv", "consent.csv", "preferences.csv", "links.csv"])
def test_a_file_of_any_kind_that_changes_while_it_is_read_is_refused(clinic, monkeypatch, name):
    clinic.write(
        consent_csv=EVENT.format("", ""),
        preferences_csv="patient_id,allowed\nk1,no\n",
        links_csv="patient_id,same_as\nk1,k2\n",
    )
    ingesting = sys.modules["segmenter.sources.ingest"]
    finding = ingesting._quarantined
    path = clinic.root / "data" / name

    def changing(load):
        path.write_text(path.read_text() + "x\n")
        return finding(load)

    monkeypatch.setattr(ingesting, "_quarantined", changing)
    with pytest.raises(SourceError, match="changed while it was read"):
        clinic.ingest()


def test_a_damaged_gzip_is_refused_by_name(clinic):
    whole = gzip.compress(b"patient_id,age\n" + b"k1,30\n" * 100_000)
    read = PatientSource(Read("data/p.csv.gz"), "patient_id")
    clinic.sources = replace(clinic.sources, patient=read)
    path = clinic.root / "data" / "p.csv.gz"
    for broken in (whole[: len(whole) // 2], whole[:20], whole[:-8] + b"12345678", b"no gzip"):
        path.write_bytes(broken)
        with pytest.raises(SourceError) as refused:
            clinic.ingest()
        assert refused.value.problems[0].file == path


def test_a_cell_in_the_last_corner_of_a_sheet_is_refused(clinic):
    content = sheet([["patient_id", "age"], ["k1", 30]])
    read = PatientSource(Read("data/p.xlsx"), "patient_id")
    clinic.sources = replace(clinic.sources, patient=read)
    path = clinic.root / "data" / "p.xlsx"
    path.write_bytes(content)
    assert clinic.ingest().tables["patient"].kept == 1
    path.write_bytes(corner())
    with pytest.raises(SourceError, match="cells"):
        clinic.ingest()


def corner() -> bytes:
    """A workbook whose one cell is its last."""
    content = io.BytesIO(sheet([["patient_id"]]))
    made = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name.endswith("sheet1.xml"):
                text = text.replace(b"<row>", b'<row r="1048576">')
                text = text.replace(b"<c t=", b'<c r="XFD1048576" t=')
            new.writestr(name, text)
    return made.getvalue()
