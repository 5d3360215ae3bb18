"""Codes of patients in declared dimensions (P7, P9)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from counting import policy
from segmenter.dimensions.profile import profile
from segmenter.engine import DuckDBEngine, Tables
from segmenter.project.policy import Dimension

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with DuckDBEngine(tmp_path_factory.mktemp("spill"), None) as made:
        yield made


@pytest.fixture
def tables():
    """The tables of the snapshot that a test loads."""
    return {}


def patients(engine, tables, *rows):
    columns = {
        "birth_date": pl.Date,
        "age": pl.Int32,
        "sex": pl.String,
        "payer_code": pl.String,
        "score": pl.String,
        "deceased": pl.Boolean,
    }
    data = [{"patient": n, **dict.fromkeys(columns), **row} for n, row in enumerate(rows, 1)]
    frame = pl.DataFrame(data, schema={"patient": pl.Int64, **columns})
    tables["patient"] = engine.load(frame)


def stays(engine, tables, *rows):
    schema = {"patient": pl.Int64, "days": pl.Int64}
    tables["fact_encounter"] = engine.load(pl.DataFrame(list(rows), schema=schema, orient="row"))


def labels(engine, tables, dimension, using=None, as_of=NOON):
    made = using or policy()
    found = profile(engine, Tables(tables), made, as_of)
    rows = engine.connection.execute(
        f'SELECT "dim_{dimension}" FROM {found.name} ORDER BY patient'
    ).fetchall()
    return [made.dimensions[dimension].labels[code] for (code,) in rows]


def test_values_outside_the_domain_are_unknown_or_other(engine, tables):
    patients(
        engine,
        tables,
        {"sex": "F", "payer_code": "MC"},
        {"sex": "f", "payer_code": "BC"},
        {"sex": "x", "payer_code": "?"},
        {"sex": None},
    )
    stays(engine, tables)
    assert labels(engine, tables, "sex") == ["F", "F", "unknown", "unknown"]
    assert labels(engine, tables, "payer") == ["public", "private", "other", "other"]


@pytest.mark.parametrize(
    ("age", "label"),
    [
        (0, "<18"),
        (17, "<18"),
        (18, "18-34"),
        (34, "18-34"),
        (35, "35-49"),
        (80, "80+"),
        (None, "unknown"),
    ],
)
def test_ages_fall_into_bands(engine, tables, age, label):
    patients(engine, tables, {"age": age})
    stays(engine, tables)
    assert labels(engine, tables, "age_band") == [label]


def test_ages_are_those_of_the_local_day(engine, tables):
    patients(engine, tables, {"birth_date": date(2008, 6, 2)})
    stays(engine, tables)
    assert labels(engine, tables, "age_band", as_of=datetime(2026, 6, 1, 21, 59, tzinfo=UTC)) == [
        "<18"
    ]
    assert labels(engine, tables, "age_band", as_of=datetime(2026, 6, 1, 22, 0, tzinfo=UTC)) == [
        "18-34"
    ]  # midnight in Paris


def test_p9_facts_are_reduced_per_patient(engine, tables):
    patients(engine, tables, {}, {}, {}, {})
    stays(engine, tables, (1, 3), (1, 9), (2, None), (4, 0), (4, 2), (4, 5), (4, 1))
    assert labels(engine, tables, "visits") == ["2-3", "1", "0", "4+"]
    assert labels(engine, tables, "last_stay") == ["8+", "unknown", "unknown", "4-7"]


def test_numbers_in_text_columns(engine, tables):
    score = Dimension("score", "identity", "patient", "score", bands=(0, 10))
    patients(
        engine,
        tables,
        *(
            {"score": s}
            for s in ("-3", "0", "9.9", "10", "nan", "inf", "-inf", "x", "", None, "1e400")
        ),
    )
    expected = [
        "<0",
        "0-9",
        "0-9",
        "10+",
        "unknown",
        "unknown",
        "unknown",
        "unknown",
        "unknown",
        "unknown",
        "unknown",
    ]
    assert labels(engine, tables, "score", policy(dimensions={"score": score})) == expected


def test_awkward_names_are_only_names(engine, tables):
    odd = Dimension(
        'a"b; DROP TABLE patient', "identity", "patient", "sex", values={"it's": ("F'",)}
    )
    patients(engine, tables, {"sex": "F'"}, {"sex": "F"})
    made = profile(engine, Tables(tables), policy(dimensions={odd.name: odd}), NOON)
    found = engine.connection.execute(
        f"SELECT * EXCLUDE (patient) FROM {made.name} ORDER BY patient"
    ).fetchall()
    assert found == [(0,), (1,)]


@pytest.mark.parametrize(("measure", "label"), [("sum", "4-7"), ("min", "1-3"), ("max", "4-7")])
def test_other_measures(engine, tables, measure, label):
    days = Dimension("days", "care", "encounter", "days", measure=measure, bands=(1, 4, 8))
    patients(engine, tables, {})
    stays(engine, tables, (1, 2), (1, 5))
    assert labels(engine, tables, "days", policy(dimensions={"days": days})) == [label]
