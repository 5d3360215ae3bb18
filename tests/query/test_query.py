"""Answers of the SQL door: noise and thresholds (P7, P8, P10), what they cost, what is told, what
is kept (P6).
"""

# ruff: noqa: E501  (a statement of SQL stands on one line)

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from asking import KEY, NANO, NOW, SOURCES, ask, by_ward, open_clinic, policy
from segmenter.engine import DuckDBEngine, Tables
from segmenter.model import Clocks, Cost, Eligible, ProcessingRequest, Snapshot, Spend
from segmenter.private.keys import Keys
from segmenter.project.declared import FactSource, PatientSource, Read, Sources
from segmenter.project.family import Setting
from segmenter.project.policy import Dimension, FactTerms
from segmenter.query import ask as query
from segmenter.query.quantile import Exponential

RESTAURANT = Path(__file__).parents[2] / "../shared/data/restaurant"


def silent(mechanism, many):
    return np.zeros(many, dtype=np.int64)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    with DuckDBEngine(tmp_path_factory.mktemp("spill"), None) as engine:
        yield open_clinic(engine)


# -- published numbers -----------------------------------------------------------------------------


def test_noise_comes_first_and_thresholds_look_at_it(clinic):
    sql = "select sex, count(*) n from patient group by sex"
    shown = clinic.show(
        sql, 1.0, source=lambda mechanism, many: np.full(many, -200, dtype=np.int64)
    )
    assert all(row[1] is None for row in shown.rows)
    assert shown.withheld_cells == len(shown.rows) == 3
    lifted = clinic.show(sql, 1.0, source=lambda mechanism, many: np.full(many, 50, dtype=np.int64))
    assert dict(lifted.rows)["unknown"] == 50


def test_the_margin_keeps_small_groups_hidden(clinic):
    """P8: the smallest count that may show is the threshold plus what noise passes with probability
    1 %.
    """
    sql = "select sex, count(*) from patient group by sex"
    for epsilon, margin in ((1.0, 4), (0.1, 39)):
        limit = 3 + margin
        at = clinic.show(sql, epsilon, source=lambda m, many, limit=limit: np.array([0, 0, limit]))
        below = clinic.show(
            sql, epsilon, source=lambda m, many, limit=limit: np.array([0, 0, limit - 1])
        )
        assert dict(at.rows)["unknown"] == limit
        assert dict(below.rows)["unknown"] is None


def test_a_withheld_group_shows_nothing_of_any_column(clinic):
    shown = clinic.show(
        "select ward, long, sum(nights), avg(cost), median(nights), count(*) from stay group by all",
        4.0,
    )
    hidden = [n for n, row in enumerate(shown.rows) if row[2] is None]
    assert hidden
    for n in hidden:
        assert shown.rows[n][2:] == (None,) * 4
        assert shown.intervals[n] == (None,) * 4


def test_having_order_and_limit_are_over_noised_numbers(clinic):
    raise_last = {"source": lambda mechanism, many: np.arange(many) * 100}
    shown = clinic.show(
        "select age_band, count(*) n from patient group by age_band having n >= 200 order by n desc limit 2",
        1.0,
        **raise_last,
    )
    assert [row[0] for row in shown.rows] == ["unknown", "65+"]
    assert len(shown.intervals) == 2
    part = clinic.show(
        "select count(*), age_band from patient group by age_band order by age_band desc limit 2 offset 1",
        1.0,
        **raise_last,
    )
    assert [row[1] for row in part.rows] == ["65+", "18-64"]
    assert part.columns == ("count(*)", "age_band")


def test_intervals_hold_the_exact_number_about_95_times_in_100(clinic):
    sql = "select age_band, count(*) c, sum(nights) s, avg(nights) a, median(nights) m from patient join stay using (patient_id) group by age_band"
    exact = clinic.exact(sql)
    names = {m.name: n for n, m in enumerate(exact.question.measures)}
    many = exact.values[names["mean"]]
    truth = {
        "rows": exact.totals[names["rows"]],
        "sum": exact.totals[names["sum"]],
        "mean": many @ np.arange(11) / many.sum(axis=1),
        "quantile": [np.median(np.repeat(np.arange(11), row)) for row in many],
    }
    held, shown = Counter(), Counter()
    for _ in range(60):
        _, answer = clinic.answer(sql, 3.0)
        for name, at in names.items():
            for group, ends in enumerate(answer.measures[at].intervals):
                if ends is not None:
                    held[name] += ends[0] <= truth[name][group] <= ends[1]
                    shown[name] += 1
    assert all(shown[name] > 200 for name in names)
    assert all(held[name] >= 0.85 * shown[name] for name in names), (
        "at 95 %, less than 85 % is one chance in 10^8"
    )


def test_what_the_bounds_drop_is_told_and_paid(clinic):
    shown = clinic.show("select ward, sum(nights) from stay group by ward", 2.0, source=silent)
    had = by_ward()
    assert shown.dropped["patients"]["share"] == pytest.approx(
        sum(len(w) > 2 for w in had.values()) / len(had), abs=1e-4
    )
    assert 0 < shown.dropped["rows"]["share"] < 1
    assert shown.dropped["epsilon"] > 0
    low, high = shown.dropped["patients"]["interval"]
    assert low <= shown.dropped["patients"]["share"] <= high
    assert any("P9" in note for note in shown.notes)
    whole = clinic.show("select sex, count(distinct patient_id) from stay group by sex", 2.0)
    assert whole.dropped["epsilon"] == 0
    assert clinic.show("select count(*) from patient", 2.0).dropped is None


def test_a_gate_that_was_asked_for_less_counts_nothing(clinic):
    request = ProcessingRequest("statistics", (), None, ("identity",), Clocks(NOW, NOW))
    narrow = replace(clinic.eligible, request=request)
    with pytest.raises(ValueError, match="something else"):
        replace(clinic, eligible=narrow).count(ask("select sum(nights) from stay"))


def test_an_answer_is_json_a_frame_and_html(clinic):
    shown = clinic.show('select sex, count(*) as "<b>" from patient group by sex', 1.0)
    told = json.loads(json.dumps(shown.to_dict()))
    assert {"columns", "rows", "intervals", "epsilon", "release"} <= set(told)
    assert told["epsilon"] == 1.0
    assert len(told["rows"]) == len(told["intervals"]) == 3
    assert all(isinstance(row[1], int) or row[1] is None for row in told["rows"])
    assert shown.to_polars().columns == ["sex", "<b>", "<b> low", "<b> high"]
    assert "<b>" not in shown._repr_html_()


# -- price -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from patient",
        "select sum(nights) from stay",
        "select ward, avg(nights), median(cost), count(*) from stay group by ward",
    ],
)
@pytest.mark.parametrize("epsilon", [300_000_000, 1_000_000_007, 50])
def test_the_shares_add_up_to_what_is_asked_of_the_ledger(sql, epsilon):
    price = query.plan(ask(sql), epsilon)
    assert sum(s.epsilon for s in price.shares) == price.cost.epsilon == epsilon
    assert min(s.epsilon for s in price.shares) > 0
    assert sum(s["epsilon"] for s in price.to_dict()["shares"]) == pytest.approx(epsilon / NANO)


def test_sensitivities_follow_from_the_bounds():
    price = query.plan(
        ask(
            "select ward, sum(cost), count(*), avg(nights), count(distinct patient_id) from stay group by ward"
        ),
        NANO,
    )
    assert {s.what: s.sensitivity for s in price.shares if s.measure is not None} == {
        "sum": 2 * 100,
        "rows": 2 * 3,
        "mean_sum": 2 * 10,
        "mean_count": 2,
        "patients": 2,
    }
    one_cell = query.plan(ask("select sex, sum(cost) from stay group by sex"), NANO)
    assert one_cell.share("sum", 0).sensitivity == 100
    assert query.plan(ask("select count(*) from patient"), NANO).cost == Cost(epsilon=NANO)


def test_a_spend_that_does_not_pay_publishes_nothing(clinic):
    question = ask("select count(*) from patient")
    tally = clinic.count(question)
    cheap = Spend("s", "statistics", "q", Cost(epsilon=NANO - 1), 1)
    with pytest.raises(ValueError, match="does not pay"):
        query.publish(tally, query.plan(question, NANO), cheap, policy().threshold)


def test_too_little_epsilon_is_a_usage_error():
    with pytest.raises(query.UsageError):
        query.plan(
            ask("select ward, avg(nights), median(cost), count(*) from stay group by ward"), 5
        )


# -- the store -------------------------------------------------------------------------------------


def test_p6_a_stored_answer_comes_back_for_any_wording_and_only_for_the_same_question(
    clinic, tmp_path
):
    keys = Keys(b"a key that only these tests have ever used")
    setting = Setting("s1", "policy", Clocks(NOW, NOW))
    question, answer = clinic.answer("select sex, count(*) n from patient group by sex", 0.5)
    query.keep(tmp_path, keys, query.name(question, setting), answer)
    again = ask(
        "select count(distinct patient) as many, sex from patient group by 2 order by many limit 1"
    )
    found = query.find(tmp_path, keys, query.name(again, setting), NANO // 4)
    assert found == answer
    assert query.present(again, found, stored=True).to_dict()["stored"] is True
    assert query.find(tmp_path, keys, query.name(again, setting), NANO) is None
    assert (
        query.find(tmp_path, keys, query.name(again, Setting("s2", "policy", Clocks(NOW, NOW))))
        is None
    )
    assert (
        query.find(
            tmp_path, Keys(b"some other key of at least thirty-two"), query.name(again, setting)
        )
        is None
    )
    other = query.name(ask("select count(*) from patient"), setting)
    (tmp_path / f"{query.name(question, setting)}.sealed").rename(tmp_path / f"{other}.sealed")
    assert query.find(tmp_path, keys, other) is None
    assert b"count" not in (tmp_path / f"{other}.sealed").read_bytes()


# -- the exponential mechanism ---------------------------------------------------------------------


def test_quantiles_are_drawn_from_the_exact_distribution():
    many = np.array([[4, 0, 3, 5, 1, 0, 2]])
    machine = Exponential(Fraction(1, 2), NANO, 2)
    weights = np.exp(-machine.gaps(many)[0] * float(machine.rate))
    expected = weights / weights.sum() * 20_000
    drawn = np.bincount(machine.draw(np.repeat(many, 20_000, axis=0)), minlength=7)
    assert (
        (drawn - expected) ** 2 / expected
    ).sum() < 60  # chi-squared, 6 degrees of freedom: 5 in 10^11


@pytest.mark.parametrize(
    "share", [Fraction(1, 2), Fraction(9, 10), Fraction(1, 4), Fraction(1, 1000)]
)
@pytest.mark.parametrize("shift", [0, 37, -37])
def test_one_human_moves_a_score_by_no_more_than_the_sensitivity(share, shift):
    rng = np.random.default_rng(3)
    machine = Exponential(share, NANO, 1)
    for _ in range(200):
        many = rng.integers(0, 4, (1, 9))
        more = many.copy()
        more[0, rng.integers(0, 9)] += 1
        assert (
            np.abs(machine.gaps(many, shift) - machine.gaps(more, shift)).max()
            <= machine.sensitivity
        )
        assert machine.gaps(many, shift).min() == 0


# -- third-party totals ----------------------------------------------------------------------------


@pytest.mark.skipif(
    not RESTAURANT.is_dir(), reason="the restaurant's data is not beside the checkout"
)
@pytest.mark.parametrize("most", [7, 3])
def test_restaurant_totals_lie_within_their_intervals(tmp_path, most):
    visits = pl.read_csv(RESTAURANT / "week_data.csv").rename(
        {"VisitorId": "id", "Money spent (euros)": "euros", "Day": "day"}
    )
    ids = visits["id"].unique().sort()
    visits = visits.join(
        pl.DataFrame({"id": ids, "patient": np.arange(len(ids))}), on="id"
    ).with_columns(line=pl.arange(pl.len()))
    day = Dimension(
        "day", "identity", "visit", "day", values={str(d): (str(d),) for d in range(1, 8)}
    )
    own = policy(
        dimensions={"day": day},
        facts={"visit": FactTerms(most, {"euros": (0, 50), "rows": (0, 1)})},
    )
    sources = Sources(
        PatientSource(Read("p"), "id"), {"visit": FactSource("visit", Read("v"), "VisitorId", {})}
    )
    sql = "select day, count(*) c, sum(euros) s, count(distinct VisitorId) v, avg(euros) a from visit group by day order by day"
    question = query.ask(sql, own, sources, "statistics")
    with DuckDBEngine(tmp_path, None) as engine:
        people = pl.DataFrame({"patient": np.arange(len(ids)), "patient_id": ids.cast(pl.String)})
        facts = visits.select("patient", "line", "day", "euros")
        tables = Tables({"patient": engine.load(people), "fact_visit": engine.load(facts)})
        everyone = engine.load(people.select("patient"))
        request = ProcessingRequest("statistics", (), None, question.categories, Clocks(NOW, NOW))
        eligible = Eligible(request, Snapshot("s", tmp_path, NOW, "UTC"), "h", everyone)
        tally = query.count(engine, question, tables, eligible, KEY)
    price = query.plan(question, 100_000 * NANO)
    shown = query.present(
        question,
        query.publish(tally, price, Spend("s", "statistics", "q", price.cost, 1), own.threshold),
    )
    rows = dict(zip([row[0] for row in shown.rows], shown.intervals, strict=True))
    assert rows["unknown"] == (None,) * 4
    for (number,), mine in visits.group_by("day"):
        count, total, visitors, mean = rows[str(number)]
        truth = {"count": len(mine), "sum": int(mine["euros"].clip(0, 50).sum())}
        if most == 7:
            assert count[0] <= truth["count"] <= count[1]
            assert visitors[0] <= truth["count"] <= visitors[1]
            assert total[0] <= truth["sum"] <= total[1]
            assert mean[0] <= truth["sum"] / truth["count"] <= mean[1]
        else:
            assert count[1] <= truth["count"]
            assert total[1] <= truth["sum"]
    kept = visits.group_by("id").len()["len"].clip(0, most).sum()
    assert sum(row[1] for row in shown.rows if row[1] is not None) == pytest.approx(kept, abs=7)
    assert SOURCES.facts.keys() == {"stay", "call", "visit"}
