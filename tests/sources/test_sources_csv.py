"""Awkward and broken delimited files: no crash, nothing lost in silence, the fast way and the exact
way agree.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from segmenter.engine import DuckDBEngine
from segmenter.errors import SourceError
from segmenter.project.declared import PatientSource, Read
from segmenter.sources.csv import open_csv
from segmenter.sources.files import SourceFile, text_stream
from segmenter.sources.stage import Stage
from sourcing import Clinic

DATA = Path(__file__).parents[2] / "../shared/data"
ENDINGS = {".csv", ".gz", ".tsv", ".zst"}
FILES = sorted(
    p
    for d in ("csv_spectrum", "duckdb_csv")
    for p in (DATA / d).rglob("*")
    if p.is_file() and p.suffix in ENDINGS
)
REFUSALS = (
    "no header line that can be read",
    "is empty: a header line was expected",
    "cannot be read",
    "is damaged",
)
present = pytest.mark.skipif(not FILES, reason="the third-party files are not here")
# Space around quotes: the engine takes the quotes for quotes, the exact way for text.
OTHERWISE = {
    "newlines_crlf",
    "location_coordinates",
}  # the JSON beside these says something else than the file
SPACED = {"empty_space_start_value.csv"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with DuckDBEngine(tmp_path_factory.mktemp("spill"), None) as engine:
        yield engine


def read(engine, path):
    """The reader, the staged rows with their lines, and the stage."""
    reader = open_csv(engine, SourceFile(str(path), path.name, engine))
    stage = Stage.make(engine, "x", [f"n{i}" for i in range(len(reader.header))])
    reader.load(stage, range(len(reader.header)))
    rows = engine.connection.execute(
        "SELECT raw_line, * EXCLUDE (raw_row, raw_origin, raw_line)"
        f" FROM {stage.shown().name} ORDER BY raw_row"
    ).fetchall()
    return reader, [(row[0], list(row[1:])) for row in rows], stage


@present
@pytest.mark.parametrize("path", FILES, ids=lambda p: "-".join(p.parts[-3:]))
def test_a_third_party_file(engine, path):
    try:
        reader, rows, stage = read(engine, path)
    except SourceError as error:
        assert str(error).endswith(REFUSALS)  # noqa: PT017  a file is read or refused
        return
    exact = Stage.make(engine, "x", stage.names)
    found = [(line, list(row)) for line, row in reader.records(exact)]
    if path.name not in SPACED:
        assert found == rows
        assert [(b.line, b.rule) for b in exact.broken] == [(b.line, b.rule) for b in stage.broken]
    if path.suffix in {".csv", ".tsv"} and path.name not in SPACED:
        told = sum(1 + b.content.count("\n") for b in exact.broken)
        covered = (
            sum(1 + sum(value.count("\n") for value in row) for _, row in found)
            + told
            + reader.layout.skip
        )
        with text_stream(reader.file, reader.layout.newline) as stream:
            assert covered == sum(
                1 for n, line in enumerate(stream) if line.strip("\r\n") or n < reader.layout.skip
            )


@present
@pytest.mark.parametrize(
    "path", sorted((DATA / "csv_spectrum/csvs").glob("*.csv")), ids=lambda p: p.stem
)
def test_csv_spectrum_says_the_same(engine, path):
    reader, rows, stage = read(engine, path)
    if path.stem in OTHERWISE:
        return
    expected = json.loads(
        (path.parents[1] / "json" / f"{path.stem}.json").read_text(encoding="utf-8")
    )
    assert stage.broken == []
    assert [dict(zip(reader.header, row, strict=True)) for _, row in rows] == expected


@present
@pytest.mark.parametrize(
    "name",
    [
        "titanic.csv",
        "test_ignore_errors.csv",
        "weather.csv",
        "all_quotes.csv",
        "comments",
        "encodings",
    ],
)
def test_as_a_patient_source_it_is_read_or_refused(tmp_path, name):
    found = sorted((DATA / "duckdb_csv").rglob(f"{name}/*.csv")) or [DATA / "duckdb_csv" / name]
    for i, path in enumerate(found):
        clinic = Clinic(tmp_path / str(i)).write()
        for key in ("patient_id", "PassengerId", "name"):
            clinic.sources = replace(clinic.sources, patient=PatientSource(Read(str(path)), key))
            try:
                made = clinic.ingest()
            except SourceError as error:
                assert error.exit_status == 2  # noqa: PT017  read or refused
            else:
                assert (
                    made.tables["patient"].read
                    == made.tables["patient"].kept + made.tables["patient"].quarantined
                )


def test_one_bad_line_of_many_does_not_move_the_others(engine, tmp_path):
    path = tmp_path / "many.csv"
    lines = [f"{i},v{i}" for i in range(50_000)]
    lines[30_000] = "x"
    lines[40_000] = '40000,"two\nlines"'
    path.write_text("a,b\n" + "\n".join(lines) + "\n", encoding="utf-8")
    _, rows, stage = read(engine, path)
    assert [(b.line, b.rule) for b in stage.broken] == [(30_002, "I5")]
    assert len(rows) == 49_999
    assert all(line == int(row[0]) + 2 + (int(row[0]) > 40_000) for line, row in rows)


def test_a_clean_file_keeps_the_order_of_its_lines(engine, tmp_path):
    path = tmp_path / "clean.csv"
    path.write_text(
        "a,b\n" + "".join(f"{i},{'x' * (i % 50)}\n" for i in range(300_000)), encoding="utf-8"
    )
    _, rows, _ = read(engine, path)
    assert all(line == int(row[0]) + 2 for line, row in rows)


EXTRA = ["4,d,yes,", "4,d,,yes,", '4,d,"yes",""', "4,d,yes,,,"]


@pytest.mark.parametrize("extra", EXTRA)
@pytest.mark.parametrize("broken", ["", "5,x\n"], ids=["else clean", "beside a broken line"])
def test_a_field_too_many_is_told_even_if_it_is_empty(engine, tmp_path, extra, broken):
    path = tmp_path / "wide.csv"
    path.write_text(f"a,b,c\n1,x,\n2,y,\n{extra}\n3,z,\n{broken}", encoding="utf-8")
    _, rows, stage = read(engine, path)
    assert [row for _, row in rows] == [["1", "x", ""], ["2", "y", ""], ["3", "z", ""]]
    assert (stage.broken[0].line, stage.broken[0].rule) == (4, "I5")


def test_a_header_that_comes_again_is_told_and_no_row(engine, tmp_path):
    path = tmp_path / "twice.csv"
    path.write_text("a,b\n1,x\na,b\n2,y\n", encoding="utf-8")
    _, rows, stage = read(engine, path)
    assert rows == [(2, ["1", "x"]), (4, ["2", "y"])]
    assert [(b.line, b.rule, b.reason) for b in stage.broken] == [
        (3, "I5", "the header line again")
    ]
