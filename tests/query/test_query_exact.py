"""Exact numbers of a question, bounded per human before anything is added up (P9); every declared
group is there (P7).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from asking import NANO, SOURCES, Spy, ask, by_ward, humans, open_clinic, policy, stays
from segmenter.engine import DuckDBEngine, relations
from segmenter.project.policy import FactTerms
from segmenter.query import ask as query


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    with DuckDBEngine(tmp_path_factory.mktemp("spill"), None) as engine:
        yield open_clinic(engine)


# -- exact numbers ---------------------------------------------------------------------------------


def test_p7_every_group_of_the_declared_domain_is_there_and_only_the_eligible_count(clinic):
    tally = clinic.exact(
        "select sex, age_band, count(*) from patient where age_band <> '18-64' group by all"
    )
    labels = [tally.question.labels(g) for g in tally.question.groups]
    assert len(labels) == 3 * 3
    expected = Counter(
        (("F", "M", "unknown")[i % 3], ("<18", "18-64", "65+", "unknown")[i % 4])
        for i in range(400)
        if i % 3 != 2
    )
    assert [int(n) for n in tally.patients] == [expected[label] for label in labels]
    assert 0 in tally.patients


def test_p9_at_most_max_cells_a_patient_and_always_the_same_ones(clinic):
    sql = "select ward, count(distinct patient_id), count(*) from stay group by ward"
    tally, again = clinic.exact(sql), clinic.exact(sql)
    had = by_ward()
    assert tally.question.cells == 2
    assert int(tally.patients.sum()) == sum(min(2, len(wards)) for wards in had.values())
    assert tally.loss["asked"] == len(had)
    assert tally.loss["cut"] == sum(len(wards) > 2 for wards in had.values()) > 0
    assert (tally.patients == again.patients).all()
    other = clinic.count(tally.question, "another key")
    assert (tally.patients != other.patients).any()


@pytest.mark.parametrize("measures", ["avg(nights)", "median(nights)", "avg(nights), avg(cost)"])
def test_p9_the_one_row_of_a_patient_is_the_same_in_whichever_order_the_file_has_them(
    clinic, measures
):
    sql = f"select ward, {measures} from stay group by ward"
    rows = stays(400)
    lines = pl.Series("line", np.arange(rows.height))
    orders = [rows, rows.reverse(), rows.sample(fraction=1.0, shuffle=True, seed=3)]
    found = [clinic.having(fact_stay=one.with_columns(lines)).exact(sql) for one in orders]
    for tally in found[1:]:
        for number, values in found[0].values.items():
            assert (tally.values[number] == values).all()


def test_p9_the_one_row_of_a_patient_is_drawn_among_rows_and_by_the_key(clinic):
    rows = pl.DataFrame(
        {
            "patient": np.repeat(np.arange(400), 4),
            "line": np.arange(1600),
            "ward": "H",
            "nights": [1, 1, 1, 5] * 400,
            "cost": 0.0,
        }
    )
    asked = clinic.having(fact_stay=rows)
    tally = asked.exact("select ward, avg(nights) from stay group by ward")
    many = tally.values[0].sum(axis=0)
    people = int(many.sum())
    ones = int(many.max())
    assert 0.65 * people < ones < 0.85 * people  # three rows of four
    other = asked.count(tally.question, "another key")
    assert (other.values[0] != tally.values[0]).any()


def test_p9_sums_are_of_whole_numbers_clipped_per_patient_and_cell(clinic):
    tally = clinic.exact(
        "select age_band, sum(nights), sum(cost), count(*) from stay where ward in ('heart', "
        "'lung') group by age_band"
    )
    nights, cost, rows = Counter(), Counter(), Counter()
    for patient, wards in by_ward().items():
        mine = wards["heart"] + wards["lung"]
        if mine:
            nights[patient % 4] += min(10, max(0, sum(r["nights"] or 0 for r in mine)))
            cost[patient % 4] += min(100, max(-5, sum(round(r["cost"]) for r in mine)))
            rows[patient % 4] += min(3, len(mine))
    found = {(m.name, m.column): tally.totals[n] for n, m in enumerate(tally.question.measures)}
    assert found["sum", "nights"].tolist() == [nights[g] for g in tally.question.groups]
    assert found["rows", ""].tolist() == [rows[g] for g in tally.question.groups]
    assert found["sum", "cost"].tolist() == [cost[g] for g in tally.question.groups]


def test_p9_a_mean_and_a_quantile_take_one_value_a_patient_and_cell(clinic):
    tally = clinic.exact("select ward, avg(nights), median(nights) from stay group by ward")
    had = by_ward()
    most = Counter(
        ward
        for wards in had.values()
        for ward, rows in wards.items()
        if any(r["nights"] is not None for r in rows)
    )
    for group, label in enumerate(tally.question.groups):
        values = [v for m in tally.values.values() for v in [int(m[group].sum())]]
        assert values[0] == values[1] <= most[tally.question.labels(label)[0]]
    assert all(m.shape == (len(tally.question.groups), 11) for m in tally.values.values())
    assert all(int(m[:, 9:].sum()) == 0 for m in tally.values.values())


def test_a_row_of_nobody_eligible_changes_nothing(clinic, tmp_path):
    """Law 1: neither the choice of cells nor that of values hears of the rows of those who are not
    eligible.
    """
    sql = (
        "select ward, count(distinct patient_id), avg(nights), sum(cost), count(*) from stay group "
        "by ward"
    )
    before = clinic.exact(sql)
    with DuckDBEngine(tmp_path, None) as engine:
        there = open_clinic(engine)
        mine = stays(400).filter(pl.col("patient") % 3 != 2)
        moved = mine.with_columns(patient=pl.col("patient") + 1000, line=pl.col("line") * 3 + 11)
        others = stays(400, seed=8).filter(pl.col("patient") % 3 == 2)
        people = pl.DataFrame(
            {
                "patient": np.arange(1400),
                "patient_id": [f"p{i - 1000:05d}" if i >= 1000 else f"q{i}" for i in range(1400)],
            }
        )
        there = there.having(patient=people, fact_stay=pl.concat([moved, others]))
        eligible = replace(there.eligible, table=engine.load(_shifted(400)))
        after = replace(there, eligible=eligible).count(before.question)
    assert (before.patients == after.patients).all()
    assert all((before.totals[n] == after.totals[n]).all() for n in before.totals)
    assert all((before.values[n] == after.values[n]).all() for n in before.values)
    assert before.loss == after.loss


def _shifted(patients):
    ids = np.arange(patients)
    codes = {"dim_sex": ids % 3, "dim_age_band": ids % 4, "dim_visits": ids % 4}
    return (
        humans(ids, codes)
        .filter(pl.col("patient") % 3 != 2)
        .with_columns(patient=pl.col("patient") + 1000)
    )


def test_odd_numbers_and_texts_do_not_stop_a_question(clinic, tmp_path):
    with DuckDBEngine(tmp_path, None) as engine:
        there = open_clinic(engine, 6)
        odd = [math.nan, math.inf, -math.inf, 1e308, None, 4.6]
        frame = {
            "patient": [0, 1, 3, 4, 0, 1],
            "line": range(6),
            "ward": ["H"] * 6,
            "nights": odd,
            "cost": odd,
        }
        there = there.having(fact_stay=pl.DataFrame(frame, strict=False))
        sql = "select sum(nights), avg(cost), count(distinct patient_id) from stay"
        tally = there.count(ask(sql))
    assert int(tally.patients[0]) == 4
    assert [int(t[0]) for t in tally.totals.values() if int(t[0]) != 4] == [5]


def test_only_our_own_relations_reach_the_engine(clinic):
    """P15: what runs is composed of files in `sql/query`, whatever was asked."""

    spy = Spy(clinic.engine)
    canary = (
        "select ward as \"CANARY\", avg(nights) as n from stay /* CANARY */ where long = '<3' "
        "group by 1 having n > 731731 -- CANARY"
    )
    for sql in (
        canary,
        (
            "select sex, count(*) as CANARY from patient where age_band in ('<18') group by sex "
            "order by CANARY limit 731731"
        ),
    ):
        replace(clinic, engine=spy).count(ask(sql))
    assert {relations.paths()[name].parent.name for name in spy.ran} == {"query"}
    assert not any("CANARY" in text or "731731" in text for text in spy.texts)


def test_exact_numbers_have_no_repr(clinic):
    tally = clinic.exact("select sum(nights), count(distinct patient_id) from stay")
    assert not any(char.isdigit() for char in repr(tally))


def test_a_table_or_column_that_the_snapshot_lacks_is_told_before_anything_is_paid(clinic):
    sql = "select ward, sum(nights) from stay where long = '<3' group by ward"
    query.check(clinic.engine, ask(sql), clinic.tables)
    query.check(clinic.engine, ask("select count(*) from patient"), clinic.tables)
    lacking = policy(
        facts={"stay": FactTerms(2, {"nigths": (0, 10)}), "call": FactTerms(1, {"minutes": (0, 9)})}
    )
    for sql in ("select sum(nigths) from stay", "select sum(minutes) from call"):
        asked = query.ask(sql, lacking, SOURCES, "statistics")
        with pytest.raises(query.UsageError):
            query.check(clinic.engine, asked, clinic.tables)


@pytest.mark.parametrize(
    "sql",
    [
        (
            "select ward, long, count(*), sum(cost), avg(nights), median(cost), count(distinct "
            "patient_id) from stay group by all"
        ),
        (
            "select sex, sum(cost), count(*), median(nights) from stay where ward in ('heart', "
            "'other') group by sex"
        ),
    ],
)
def test_p9_one_human_moves_no_quantity_further_than_its_sensitivity(clinic, tmp_path, sql):
    question = ask(sql)
    shares = query.plan(question, NANO).shares
    with DuckDBEngine(tmp_path, None) as engine:
        there = open_clinic(engine, 60)
        rows = stays(60)
        heavy = pl.concat(
            [
                rows,
                *(
                    rows.with_columns(patient=pl.lit(0, dtype=pl.Int64), line=pl.col("line") + 1000)
                    for _ in range(3)
                ),
            ]
        )
        all_ = there.having(fact_stay=heavy).count(question)
        for gone in (0, 1, 3, 4):
            fewer = heavy.filter(pl.col("patient") != gone)
            without = there.having(fact_stay=fewer).count(question)
            for share in shares:
                assert _moved(all_, without, share) <= share.sensitivity


def _moved(one, other, share):
    """How far two tallies are apart in the norm that a share's noise covers."""
    if share.what in ("asked", "cut", "clipped", "lost"):
        return abs(one.loss[share.what] - other.loss[share.what])
    if share.what in ("patients", "threshold"):
        return np.abs(one.patients - other.patients).sum()
    if share.what in ("rows", "sum"):
        return np.abs(one.totals[share.measure] - other.totals[share.measure]).sum()
    low = one.question.measures[share.measure].low
    many, fewer = one.values[share.measure], other.values[share.measure]
    if share.what == "mean_sum":
        grid = np.arange(low, low + many.shape[1])
        return np.abs(many @ grid - fewer @ grid).sum()
    return np.abs(many - fewer).sum()
