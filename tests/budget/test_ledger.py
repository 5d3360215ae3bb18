"""The ledger: reserve then read, never over, never lost (P2 to P5, P13)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from ledgers import ledger, policy
from segmenter.budget.accounting import NANO, Charge, converted, gaussian, geometric, total_loss
from segmenter.budget.ledger import Ledger
from segmenter.budget.period import Period
from segmenter.errors import BudgetError
from segmenter.model import Cost
from segmenter.project.policy import Budget

CENT = NANO // 100


@pytest.fixture
def book(tmp_path, clock, url):
    made = ledger(tmp_path, clock, url)
    yield made
    made.journal.close()


def rule_of(book, purpose, cost):
    with pytest.raises(BudgetError) as error:
        book.spend("ana", purpose, "q", cost)
    return error.value.rule


def row(book, purpose):
    return next(b.to_dict() for b in book.balances() if b.purpose == purpose)


# -- periods ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "moment", "start", "end"),
    [
        ("day", "2026-12-31", "2026-12-31", "2027-01-01"),
        ("week", "2026-01-01", "2025-12-29", "2026-01-05"),
        ("month", "2026-12-15", "2026-12-01", "2027-01-01"),
        ("quarter", "2026-11-21", "2026-10-01", "2027-01-01"),
        ("quarter", "2026-03-31", "2026-01-01", "2026-04-01"),
        ("year", "2024-02-29", "2024-01-01", "2025-01-01"),
    ],
)
def test_p5_periods_are_calendar_ones(kind, moment, start, end):
    found = Period.of(
        kind, datetime.fromisoformat(moment).replace(tzinfo=UTC) + timedelta(hours=23, minutes=59)
    )
    assert (f"{found.start:%Y-%m-%d}", f"{found.end:%Y-%m-%d}") == (start, end)


def test_p5_periods_are_in_utc():
    late = datetime.fromisoformat("2026-04-01T01:00:00+02:00")
    assert f"{Period.of('quarter', late).start:%Y-%m-%d}" == "2026-01-01"


# -- spending --------------------------------------------------------------------------------------


def test_p5_a_spend_debits_its_purpose_and_the_total(book):
    spend = book.spend("ana", "a", "q1", geometric(NANO))
    assert spend.cost == geometric(NANO)
    assert row(book, "a")["epsilon"] == {"allowed": 3.0, "spent": 1.0, "remaining": 2.0}
    assert row(book, "total")["epsilon"] == {"allowed": 4.0, "spent": 1.0, "remaining": 3.0}
    assert row(book, "b")["epsilon"]["spent"] == 0.0


def test_p3_an_allowance_can_be_spent_to_the_last_unit_and_not_beyond(book):
    for _ in range(30):
        book.spend("ana", "a", "q", geometric(NANO // 10))
    assert row(book, "a")["epsilon"]["remaining"] == 0.0
    assert rule_of(book, "a", geometric(1)) == "P3"


def test_p5_the_total_refuses_what_a_purpose_would_allow(book):
    book.spend("ana", "a", "q", geometric(3 * NANO))
    assert rule_of(book, "b", geometric(2 * NANO)) == "P3"
    book.spend("ana", "b", "q", geometric(NANO))


@pytest.mark.parametrize("purpose", ["c", "total"])
def test_p5_a_purpose_without_a_budget_publishes_nothing(book, purpose):
    assert rule_of(book, purpose, geometric(1)) == "P5"


def test_p3_several_spends_are_all_or_nothing(book):
    charges = [
        Charge("a", "q1", geometric(2 * NANO)),
        Charge("b", "q2", geometric(NANO)),
        Charge("a", "q3", geometric(2 * NANO)),
    ]
    with pytest.raises(BudgetError):
        book.spend_all("ana", charges)
    assert book.entries() == []
    made = book.spend_all("ana", charges[:2])
    assert [s.question for s in made] == ["q1", "q2"]
    assert len({s.id for s in made}) == 2
    assert len(book.entries()) == 2


def test_p3_a_refusal_says_what_remains(book):
    book.spend("ana", "a", "q", geometric(NANO))
    with pytest.raises(
        BudgetError, match=r"asked epsilon 2\.5, remaining epsilon 2 of 3 until 2026-07-01"
    ):
        book.spend("ana", "a", "q", geometric(5 * NANO // 2))


def test_p5_a_new_period_is_a_new_allowance_without_carry_over(book, clock):
    book.spend("ana", "a", "q", geometric(NANO))
    clock.at = datetime(2026, 7, 1, tzinfo=UTC)
    assert row(book, "a")["epsilon"]["remaining"] == 3.0
    assert row(book, "total")["epsilon"]["remaining"] == 3.0
    book.spend("ana", "a", "q", geometric(3 * NANO))
    clock.at = datetime(2027, 1, 1, tzinfo=UTC)
    assert row(book, "total")["epsilon"]["spent"] == 0.0
    assert book.lifetime()["epsilon"] == 4.0


def test_p13_rho_is_converted_at_the_delta_left(book):
    book.spend("ana", "b", "q", gaussian(NANO // 100))
    book.spend("ana", "b", "q", geometric(NANO // 2))
    book.spend("ana", "b", "q", gaussian(NANO // 100))
    bound = (converted(2 * NANO // 100, 1_000) + NANO // 2) / NANO
    assert 0.9 * bound < row(book, "b")["epsilon"]["spent"] < bound
    assert row(book, "b")["rho"] == 0.02
    assert rule_of(book, "a", gaussian(1)) == "P3"  # no delta, no zCDP


def test_p10_tiny_questions_cost_what_they_cost_and_shut_nothing(book):
    """26 questions of 0.0058 in all once used up a year's allowance of numerical error."""
    for _ in range(26):
        book.spend("ana", "a", "q", geometric(223_000))
    assert row(book, "a")["epsilon"]["spent"] == 0.005798
    assert row(book, "a")["tail"] == {"allowed": 1e-9, "spent": 0.0}
    book.spend("ana", "a", "q", geometric(NANO))


def test_p10_an_old_ledger_keeps_the_tails_that_it_booked(book):
    book.spend("ana", "a", "q", Cost(epsilon=NANO // 10, tail=900_000_000))
    book.spend("ana", "a", "q", geometric(NANO // 10))
    assert row(book, "a")["tail"]["spent"] == 9e-10
    assert book.lifetime()["tail"] == 9e-10


@pytest.mark.parametrize("cost", [Cost(), Cost(epsilon=-1), Cost(epsilon=1, tail=-1)])
def test_a_spend_is_above_zero(book, cost):
    with pytest.raises(ValueError):
        book.spend("ana", "a", "q", cost)


def test_nothing_to_pay_is_no_entry(book):
    assert book.spend_all("ana", []) == ()
    assert book.journal.read() == []


def test_whether_it_would_be_afforded_reserves_nothing(book):
    assert book.would_afford([Charge("a", "q", geometric(NANO))]) is None
    assert book.would_afford([Charge("a", "q", geometric(4 * NANO))]).rule == "P3"
    assert book.entries() == []


def test_a_forecast_says_when_it_runs_out(book, clock):
    clock.at = datetime(2026, 4, 11, tzinfo=UTC)  # ten days into the quarter
    assert row(book, "a")["forecast"] is None
    book.spend("ana", "a", "q", geometric(NANO))
    assert row(book, "a")["forecast"] == "2026-05-01T00:00:00Z"
    clock.at = datetime(2026, 6, 20, tzinfo=UTC)
    assert row(book, "a")["forecast"] is None
    book.spend("ana", "a", "q", geometric(2 * NANO))
    assert row(book, "a")["forecast"] == "2026-06-20T00:00:00Z"


def test_the_ledger_says_who_paid_for_what(book):
    book.spend("ana", "a", "q1", geometric(NANO))
    [entry] = book.entries()
    assert (entry["actor"], entry["purpose"], entry["question"], entry["epsilon"], entry["at"]) == (
        "ana",
        "a",
        "q1",
        1.0,
        "2026-05-04T12:00:00Z",
    )


# -- recovery --------------------------------------------------------------------------------------


def test_p4_recovery_books_every_budget_of_the_period_as_spent(book, clock):
    book.spend("ana", "a", "q", geometric(NANO))
    book.recover("root")
    assert [b.remaining.epsilon for b in book.balances()] == [0, 0, 0]
    assert rule_of(book, "a", geometric(CENT)) == "P3"
    assert book.lifetime()["complete"] is False
    clock.at = datetime(2026, 7, 2, tzinfo=UTC)
    assert row(book, "a")["epsilon"]["remaining"] == 3.0
    assert row(book, "total")["epsilon"]["remaining"] == 0.0
    assert rule_of(book, "a", geometric(1)) == "P3"
    clock.at = datetime(2027, 1, 1, tzinfo=UTC)
    book.spend("ana", "a", "q", geometric(NANO))


def test_verify_reads_everything_anew(book):
    book.spend("ana", "a", "q", geometric(NANO))
    assert book.verify() == 1
    with book.journal.transaction(write=True) as connection:
        connection.execute(book.journal.table.update().values(actor="eve"))
    with pytest.raises(BudgetError):
        book.verify()


# -- crashes ---------------------------------------------------------------------------------------


def test_p2_an_error_after_the_commit_leaves_it_spent(book, monkeypatch):
    monkeypatch.setattr(
        "segmenter.journal.high_water.Marks.raise_to",
        lambda *_: (_ for _ in ()).throw(KeyboardInterrupt),
    )
    with pytest.raises(KeyboardInterrupt):
        book.spend("ana", "a", "q", geometric(NANO))
    monkeypatch.undo()
    assert row(Ledger(book.journal, policy()), "a")["epsilon"]["spent"] == 1.0


def test_p13_what_spends_lose_together_counts_rho_at_the_budget_s_delta(book):
    pure, private = (
        book.spend("ana", "a", "q1", geometric(NANO)),
        book.spend("ana", "b", "q2", gaussian(CENT)),
    )
    delta = book.policy.budgets["b"].delta
    lost = total_loss({gaussian(CENT): 1}, delta)
    assert book.lost([pure]) == NANO
    assert book.lost([pure, private]) == NANO + lost.epsilon < NANO + converted(CENT, delta)


# -- exact totals ----------------------------------------------------------------------------------

MIXED = [geometric(NANO // 20), gaussian(NANO // 500), geometric(NANO // 50), gaussian(1)]


def test_p13_a_later_spend_never_makes_the_booked_total_smaller(book):
    booked = [0.0]
    for round_ in range(4):
        for cost in MIXED[round_:] + MIXED[:round_]:
            book.spend("ana", "b", "q", cost)
            booked.append(row(book, "b")["epsilon"]["spent"])
    assert booked == sorted(booked)


def test_p13_what_is_booked_stands_in_the_entry_and_is_read_back(book):
    book.spend_all("ana", [Charge("b", str(n), cost) for n, cost in enumerate(MIXED)])
    [entry] = book.journal.read("spend")
    named = {one["budget"]: one["epsilon"] for one in entry.body["booked"]}
    assert named.keys() == {"b", "total"}
    assert row(book, "b")["epsilon"]["spent"] == named["b"] / NANO
    again = Ledger(book.journal, book.policy)
    assert again.balances() == book.balances()


def test_p13_spends_without_a_figure_are_totalled_anew(book, monkeypatch):
    """As earlier versions wrote them; and so are figures at another delta than the policy's."""
    monkeypatch.setattr("segmenter.budget.ledger.booked_body", lambda *_: None)
    monkeypatch.setattr(Ledger, "_afford", lambda *_: [])
    book.spend_all("ana", [Charge("b", str(n), cost) for n, cost in enumerate(MIXED)])
    monkeypatch.undo()
    again = Ledger(book.journal, book.policy)
    expected = total_loss(Counter(MIXED), 1_000)
    assert again.balances()[1].spent.epsilon == expected.epsilon
    book.spend("ana", "b", "q", gaussian(NANO // 500))
    wider = policy(b=Budget("b", "month", 2 * NANO, 2_000))
    costs = Counter([*MIXED, gaussian(NANO // 500)])
    assert Ledger(book.journal, wider).balances()[0].spent.epsilon == (
        total_loss(costs, 2_000).epsilon
    )


def test_p13_an_exact_total_lets_more_be_asked(book):
    """Under the formula the last of these would be refused."""
    book.spend("ana", "b", "q", gaussian(NANO // 50))
    for _ in range(12):
        book.spend("ana", "b", "q", geometric(NANO // 10))
    assert converted(NANO // 50, 1_000) + 12 * NANO // 10 > 2 * NANO
    assert row(book, "b")["epsilon"]["spent"] < 1.7
