"""What counts of each patient (P9): which cells, clipped how, what is lost; facts reduced at ingest
give the very same numbers.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from asking import KEY, ask, open_clinic, policy, stays
from segmenter import sources
from segmenter.dimensions.reduced import DRAWS, Reduced, key_mark
from segmenter.engine import DuckDBEngine
from segmenter.errors import EngineError
from segmenter.identity.links import close_links
from segmenter.project.policy import Dimension, FactTerms
from segmenter.query import bound, tally
from segmenter.sources.reduction import shape
from sourcing import KEYS, NOW
from sourcing import Clinic as Folder

FIELD = 2**31 - 1
QUESTIONS = (
    "select ward, count(distinct patient_id), sum(nights), count(*) from stay group by ward",
    "select ward, long, sum(nights), sum(cost) from stay group by all",
    "select long, sex, count(*) from stay join patient using (patient_id) group by all",
    (
        "select sex, sum(cost) from patient join stay using (patient_id) where ward in ('heart', "
        "'skin') and age_band <> '65+' group by sex"
    ),
    "select ward, sum(nights) from stay where long <> '7+' group by ward",
    "select sum(nights), count(distinct patient_id) from stay",
    "select ward, count(*) from stay where sex = 'F' and long = '7+' group by ward",
)


def reduced_clinic(engine, declared=None, key=KEY):
    """A clinic with what an ingest makes: reduced facts, draws, and what it says of them."""
    there = open_clinic(engine)
    declared = declared or policy()
    reduced = Reduced.of(declared, "stay")
    relation = engine.make(
        "fact_reduced",
        reads={"fact": there.tables["fact_stay"]},
        structure=shape(declared, reduced),
    )
    said = {"reduced stay": reduced.text(), "draws": key_mark(key)}
    meta = pl.DataFrame({"key": list(said), "value": list(said.values())})
    made = {
        reduced.table: relation,
        DRAWS: engine.make(DRAWS, reads=there.tables, values={"key": key}),
        "meta": engine.load(meta),
    }
    return replace(there, tables=there.tables | made)


@pytest.fixture
def pair(tmp_path):
    """The same clinic twice: with facts as they are, and with reduced ones."""
    with DuckDBEngine(tmp_path / "a", None) as plain, DuckDBEngine(tmp_path / "b", None) as ready:
        yield open_clinic(plain), reduced_clinic(ready)


def same(one, other):
    assert (one.patients == other.patients).all()
    assert one.totals.keys() == other.totals.keys()
    assert one.values.keys() == other.values.keys()
    assert all((one.totals[n] == other.totals[n]).all() for n in one.totals)
    assert all((one.values[n] == other.values[n]).all() for n in one.values)
    assert one.loss == other.loss


def reads(monkeypatch):
    """The relations that parts of patients are read by."""
    seen = []

    def spied(make):
        def made(*given):
            source = make(*given)
            seen.append(source.relation)
            return source

        return made

    for name in ("_asked_facts", "_reduced_facts"):
        monkeypatch.setattr(tally, name, spied(getattr(tally, name)))
    return seen


@pytest.mark.parametrize("sql", QUESTIONS)
def test_p9_reduced_facts_give_the_very_same_numbers(pair, sql, monkeypatch):
    seen = reads(monkeypatch)
    plain, ready = pair
    same(plain.exact(sql), ready.exact(sql))
    assert seen == ["asked_part", "reduced_part"]


def test_one_drawn_value_a_cell_is_taken_from_the_facts_themselves(pair, monkeypatch):
    seen = reads(monkeypatch)
    plain, ready = pair
    sql = "select ward, avg(nights), median(nights), sum(cost) from stay group by ward"
    same(plain.exact(sql), ready.exact(sql))
    assert seen == ["asked_part", "asked_part"]


@pytest.mark.parametrize("rows", [1, 7, 100])
@pytest.mark.parametrize("sql", QUESTIONS[:3])
def test_parts_add_up(pair, monkeypatch, rows, sql):
    plain, ready = pair
    whole = plain.exact(sql)
    monkeypatch.setattr(tally, "PART", rows)
    same(whole, plain.exact(sql))
    same(whole, ready.exact(sql))


def test_a_dimension_declared_otherwise_since_is_read_from_the_facts(pair, monkeypatch):
    seen = reads(monkeypatch)
    plain, ready = pair
    moved = {
        **policy().dimensions,
        "ward": Dimension(
            "ward",
            "care",
            "stay",
            "ward",
            values={"heart": ("H", "S"), "lung": ("L",)},
            other="other",
        ),
    }
    for clinic in pair:
        clinic.policy = policy(dimensions=moved)
    same(plain.exact(QUESTIONS[0]), ready.exact(QUESTIONS[0]))
    assert seen == ["asked_part", "asked_part"]
    sql = "select long, sum(nights) from stay group by long"  # the other dimension is as it was
    same(plain.exact(sql), ready.exact(sql))
    assert seen[-1] == "reduced_part"


def test_other_bounds_need_no_ingest_and_a_new_column_reads_the_facts(pair, monkeypatch):
    seen = reads(monkeypatch)
    plain, ready = pair
    for clinic in pair:
        clinic.policy = policy(facts={"stay": FactTerms(1, {"nights": (2, 4), "line": (0, 9)})})
    same(
        plain.exact("select ward, sum(nights) from stay group by ward"),
        ready.exact("select ward, sum(nights) from stay group by ward"),
    )
    same(
        plain.exact("select ward, sum(line) from stay group by ward"),
        ready.exact("select ward, sum(line) from stay group by ward"),
    )
    assert seen == ["asked_part", "reduced_part", "asked_part", "asked_part"]


def test_draws_of_another_key_are_not_used(pair):
    plain, ready = pair
    one, other = (c.count(ask(QUESTIONS[0]), "another key") for c in (plain, ready))
    same(one, other)


# -- which cells, and what is lost -----------------------------------------------------------------


def first_cells(patient_id, cells, most):
    """The rule itself: the polynomial that the keyed hash seeds, cell by cell."""
    digest = hashlib.sha256(f"{KEY}|{patient_id}".encode()).hexdigest()
    square, slope, base = (int(digest[at : at + 15], 16) % FIELD for at in (0, 15, 30))
    return sorted(cells, key=lambda cell: (((square * cell + slope) * cell + base) % FIELD, cell))[
        :most
    ]


def test_p9_the_cells_that_count_are_the_first_of_the_keyed_polynomial(pair):
    assert [d.name for d in ask(QUESTIONS[1]).by] == ["ward", "long"]
    rows = defaultdict(set)
    wards = {"H": 0, "L": 1, "LL": 1, "S": 2}
    for row in stays(400).filter(pl.col("patient") % 3 != 2).iter_rows(named=True):
        long = 3 if row["nights"] is None else sum(row["nights"] >= low for low in (3, 7))
        rows[row["patient"]].add(wards.get(row["ward"], 3) * 4 + long)
    expected = np.zeros(20, dtype=np.int64)
    for patient, cells in rows.items():
        expected[first_cells(f"p{patient:05d}", cells, 2)] += 1
    for clinic in pair:
        found = clinic.exact(QUESTIONS[1])
        assert (expected[list(found.question.groups)] == found.patients).all()


def part(**columns):
    return pl.DataFrame(
        columns, schema_overrides=dict.fromkeys(("patient", "cell", "many"), pl.Int64)
    )


def draws(*patients):
    return pl.DataFrame(
        {
            "patient": list(patients),
            "square": [0] * len(patients),
            "slope": [1] * len(patients),
            "base": [5] * len(patients),
        }
    )


def test_p9_what_the_bounds_cost_is_told_by_patient():
    question = ask(
        "select ward, count(*) from stay group by ward",
        facts={"stay": FactTerms(1, {"rows": (0, 6)})},
    )
    found = bound.tally(
        question, part(patient=[3, 1, 1, 2], cell=[0, 0, 1, 2], many=[2, 6, 4, 9]), draws(2, 1)
    )
    assert found.loss == {
        "asked": 3,
        "cut": 1,
        "clipped": 1,
        "lost": 4 + 3,
    }  # patient 1 loses 4 of 10 rows, patient 2 three of nine
    assert found.patients.tolist()[:3] == [2, 0, 1]


def test_nobody_asked_about_is_zeros(pair):
    question = ask(QUESTIONS[0])
    empty = pl.DataFrame(
        schema={"patient": pl.Int64, "cell": pl.Int64, "many": pl.Int64, "sum_0": pl.Int64}
    )
    found = bound.tally(question, empty, None)
    assert not found.patients.any()
    assert set(found.loss.values()) == {0}


def test_a_cell_outside_the_domain_and_a_patient_without_a_draw_stop_the_question():
    question = ask(
        "select ward, count(*) from stay group by ward", facts={"stay": FactTerms(1, {})}
    )
    for cell in (-1, 99):
        with pytest.raises(EngineError, match="outside the declared domain"):
            bound.tally(question, part(patient=[1], cell=[cell], many=[1]), None)
    for known in (None, draws(), draws(1, 3), draws(9)):
        with pytest.raises(EngineError, match="no draw"):
            bound.tally(question, part(patient=[2, 2], cell=[0, 1], many=[1, 1]), known)


def test_rows_of_others_are_left_out_and_what_lies_outside_stops_the_question():
    question = ask(
        "select ward, count(*) from stay where long <> '7+' group by ward",
        facts={"stay": FactTerms(1, {})},
    )
    rows = part(patient=[2, 4, 4, 5, 9], cell=[0, 1, 1, 2, 0], many=[1] * 5).with_columns(
        matched=pl.Series([0, 0, 2, 1, 0])
    )
    people = pl.DataFrame({"patient": [5, 4], "cell": [0, 0], "matched": [0, 0]})
    found = bound.tally(question, rows, draws(4, 5), people)
    assert found.loss["asked"] == 2
    assert found.patients.tolist() == [0, 1, 1, 0, 0]
    assert not bound.tally(question, rows, None, people.clear()).patients.any()
    for far in (-2, 9, None):
        with pytest.raises(EngineError, match="outside the declared domain"):
            bound.tally(
                question,
                rows,
                draws(4, 5),
                people.with_columns(matched=pl.Series([far, 0], dtype=pl.Int64)),
            )


# -- ingest ----------------------------------------------------------------------------------------


EVENT = (
    "event_id", "patient_id", "purpose", "channel", "topic", "category", "state", "effective_at",
    "recorded_at", "confirmed_at",
    "valid_until", "method", "expressed_by", "notice_version", "evidence", "source",
)  # fmt: skip
WARD = Dimension("ward", "care", "encounter", "ward", values={"heart": ("H",), "lung": ("L",)})


def folder(tmp_path, **dimensions):
    clinic = Folder(tmp_path)
    object.__setattr__(
        clinic, "policy", _with(clinic.policy, {**clinic.policy.dimensions, **dimensions})
    )
    return clinic.write(
        patients_csv="patient_id,age\na,30\nb,40\n",
        encounters_csv="patient_id,ward,nights\na,H,2\nb,L,1\na,H,3\n",
    )


def _with(declared, dimensions):
    from dataclasses import replace

    return replace(
        declared, dimensions=dimensions, facts={"encounter": FactTerms(1, {"nights": (0, 9)})}
    )


def test_an_ingest_reduces_facts_and_follows_new_files_and_new_dimensions(tmp_path):
    clinic = folder(tmp_path, ward=WARD)
    made = clinic.ingest()
    assert [row[1:] for row in clinic.rows(made, "reduced_encounter")] == [(0, 2, 5), (1, 1, 1)]
    again = clinic.ingest(made)
    assert clinic.tables(again)["reduced_encounter"] == clinic.tables(made)["reduced_encounter"]
    clinic.write(encounters2_csv="patient_id,ward,nights\nb,X,4\nc,H,1\n")
    more = clinic.ingest(again)
    assert (
        clinic.tables(more)["reduced_encounter"]
        == clinic.tables(clinic.ingest())["reduced_encounter"]
    )
    assert len(clinic.rows(more, "reduced_encounter")) == 4
    clinic.policy = _with(
        clinic.policy,
        {
            **clinic.policy.dimensions,
            "ward": Dimension("ward", "care", "encounter", "ward", values={"any": ("H", "L")}),
        },
    )
    other = clinic.ingest(more)
    assert (
        clinic.tables(other)["reduced_encounter"]
        == clinic.tables(clinic.ingest())["reduced_encounter"]
    )
    assert {row[1] for row in clinic.rows(other, "reduced_encounter")} == {0, 1}
    assert clinic.tables(other)[DRAWS] == clinic.tables(made)[DRAWS]


def test_a_new_patient_has_a_draw_and_a_fact_no_longer_declared_leaves_nothing(tmp_path):
    from dataclasses import replace

    clinic = folder(tmp_path, ward=WARD)
    made = clinic.ingest()
    clinic.write(patients_csv="patient_id,age\na,30\nb,40\nc,50\n")
    clinic.sources = replace(clinic.sources, facts={})
    later = clinic.ingest(made)
    assert len(clinic.rows(later, DRAWS)) == 3
    assert not [name for name in clinic.tables(later) if "encounter" in name]


def test_progress_goes_from_nothing_to_what_is_left_to_decide(tmp_path):
    said = []
    clinic = folder(tmp_path, ward=WARD).write(
        consent_csv=f"{','.join(EVENT)}\n" + f"{',' * len(EVENT[1:])}\n" * 50
    )
    sources.ingest(clinic, clinic.home, KEYS, NOW, None, lambda *one: said.append(one), close_links)
    steps, done = zip(*said, strict=True)
    assert steps[0] == "patients"
    assert steps[-1] == "decisions"
    assert done[0] == 0.0
    assert list(done) == sorted(done)
    assert 0.5 < done[-1] < 1
