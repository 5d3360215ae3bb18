"""Delimited text in the encodings that companies have, told or declared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segmenter.errors import SourceError
from segmenter.project.declared import PatientSource, Read
from sourcing import Clinic, told

ROWS = "patient_id;first_name;ville\nm1;Zoé;Évry\nm2;Łuc’;Mâcon\n"


@pytest.fixture
def clinic(tmp_path):
    return Clinic(tmp_path).write()


def names(clinic, content: bytes, **reading):
    clinic.write(patients_csv=content)
    read = Read("data/patients.csv", **reading)
    clinic.sources = replace(clinic.sources, patient=PatientSource(read, "patient_id"))
    made = clinic.ingest()
    return [name for (name,) in clinic.rows(made, "patient", "first_name")], told(made)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_the_encoding_is_told_from_the_file(clinic, encoding):
    content = ROWS.replace("Łuc", "Luc").encode(encoding)
    assert names(clinic, content) == (["Luc’", "Zoé"], [])


def test_the_encoding_is_told_even_if_only_the_end_of_a_long_file_says_it(clinic):
    rows = "".join(f"{i};Anne;Lyon\n" for i in range(120_000))
    content = ("patient_id;first_name;ville\n" + rows + "x;Zoé;Lyon\n").encode("cp1252")
    found, quarantine = names(clinic, content)
    assert (len(found), found.count("Zoé"), quarantine) == (120_001, 1, [])


def test_a_byte_that_is_broken_in_a_utf8_file_is_told_and_the_rest_stays_right(clinic):
    content = ROWS.encode() + b"m3;No\xebl;Paris\n"
    found, quarantine = names(clinic, content)
    assert (sorted(found), quarantine) == (["Zoé", "Łuc’"], [("patient", 4, "I6")])


def test_what_is_declared_is_believed(clinic):
    content = ROWS.replace("Łuc’", "Luc").encode("latin-1")
    assert names(clinic, content, encoding="latin-1") == (["Luc", "Zoé"], [])
    assert names(clinic, content, encoding="utf-8")[1] == [
        ("patient", 2, "I6"),
        ("patient", 3, "I6"),
    ]
    wide = content.replace(b";", b"~")
    assert names(clinic, wide, encoding="latin-1", delimiter="~")[0] == ["Luc", "Zoé"]


def test_an_encoding_of_what_is_no_delimited_text_is_refused(clinic):
    clinic.write(p_jsonl='{"patient_id": "1"}')
    read = Read("data/p.jsonl", encoding="cp1252")
    clinic.sources = replace(clinic.sources, patient=PatientSource(read, "patient_id"))
    with pytest.raises(SourceError, match="for delimited text"):
        clinic.ingest()
