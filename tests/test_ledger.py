"""The ledger: reserve then read, never over, never lost (P2 to P5, P13)."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledgers import POSTGRES, SERVERS, Clock, fresh_schema, journal, ledger, policy
from pace import within
from segmenter import control
from segmenter.accounting import NANO, converted, gaussian, geometric
from segmenter.control import JOURNAL
from segmenter.errors import BudgetError
from segmenter.model import Cost
from segmenter.policy import Budget
from segmenter.release.ledger import Charge, Ledger, Period

CENT = NANO // 100


@pytest.fixture(params=SERVERS)
def url(request):
    if request.param == "sqlite":
        yield None
    elif not os.environ.get(POSTGRES):
        pytest.skip(f"no PostgreSQL: {POSTGRES} is not set")
    else:
        yield from fresh_schema()


@pytest.fixture
def clock():
    return Clock()


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


# -- periods -------------------------------------------------------------------------------------------------------------


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
    found = Period.of(kind, datetime.fromisoformat(moment).replace(tzinfo=UTC) + timedelta(hours=23, minutes=59))
    assert (f"{found.start:%Y-%m-%d}", f"{found.end:%Y-%m-%d}") == (start, end)


def test_p5_periods_are_in_utc():
    late = datetime.fromisoformat("2026-04-01T01:00:00+02:00")
    assert f"{Period.of('quarter', late).start:%Y-%m-%d}" == "2026-01-01"


# -- spending ------------------------------------------------------------------------------------------------------------


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
    charges = [Charge("a", "q1", geometric(2 * NANO)), Charge("b", "q2", geometric(NANO)), Charge("a", "q3", geometric(2 * NANO))]
    with pytest.raises(BudgetError):
        book.spend_all("ana", charges)
    assert book.entries() == []
    made = book.spend_all("ana", charges[:2])
    assert [s.question for s in made] == ["q1", "q2"]
    assert len({s.id for s in made}) == 2
    assert len(book.entries()) == 2


def test_p3_a_refusal_says_what_remains(book):
    book.spend("ana", "a", "q", geometric(NANO))
    with pytest.raises(BudgetError, match=r"asked epsilon 2\.5, remaining epsilon 2 of 3 until 2026-07-01"):
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
    expected = converted(2 * NANO // 100, 1_000) + NANO // 2
    assert row(book, "b")["epsilon"]["spent"] == pytest.approx(expected / NANO)
    assert row(book, "b")["rho"] == 0.02
    assert rule_of(book, "a", gaussian(1)) == "P3"  # no delta, no zCDP


def test_p10_a_budget_has_an_end_for_the_tails_of_its_releases_too(book):
    with pytest.raises(BudgetError, match="too small"):
        book.spend("ana", "a", "q", geometric(1))


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


# -- recovery ------------------------------------------------------------------------------------------------------------


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
        connection.execute(JOURNAL.update().values(actor="eve"))
    with pytest.raises(BudgetError):
        book.verify()


# -- crashes and crowds --------------------------------------------------------------------------------------------------


def test_p2_an_error_after_the_commit_leaves_it_spent(book, monkeypatch):
    monkeypatch.setattr("segmenter.marks.Marks.raise_to", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        book.spend("ana", "a", "q", geometric(NANO))
    monkeypatch.undo()
    assert row(Ledger(book.journal, policy()), "a")["epsilon"]["spent"] == 1.0


def spend_until_refused(home, url, wins):
    book = ledger(Path(home), Clock(), url)
    granted = 0
    for _ in range(40):
        try:
            book.spend("ana", "a", "q", geometric(5 * CENT))
            granted += 1
        except BudgetError:
            pass
    book.journal.close()
    wins.put(granted)


def test_p3_six_processes_never_spend_more_than_the_allowance(tmp_path, url):
    journal(tmp_path, Clock(), url).close()
    context = multiprocessing.get_context("spawn")
    wins = context.Queue()
    crowd = [context.Process(target=spend_until_refused, args=(tmp_path, url, wins)) for _ in range(6)]
    for one in crowd:
        one.start()
    granted = [wins.get() for _ in crowd]
    for one in crowd:
        one.join()
    assert sum(granted) == 60
    book = ledger(tmp_path, Clock(), url)
    assert len(book.entries()) == 60
    assert book.verify() == 60
    book.journal.close()


SPENDER = """
import sys
sys.path[:0] = [{tests!r}, {root!r}]
from pathlib import Path
from ledgers import Clock, ledger
from segmenter.accounting import geometric
book = ledger(Path({home!r}), Clock(), {url!r})
while True:
    print(book.spend("ana", "a", "q", geometric(1_000_000)).id, flush=True)
"""


def test_p2_no_granted_spend_is_lost_to_kill_9(tmp_path, url):
    tests = Path(__file__).parent
    program = SPENDER.format(tests=str(tests), root=str(tests.parent), home=str(tmp_path), url=url)
    granted = []
    for n in range(5):
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as spender:
            granted.append(spender.stdout.readline().strip())
            time.sleep(0.01 + 0.03 * n)
            spender.send_signal(signal.SIGKILL)
            granted += [line.strip() for line in spender.stdout]
    book = ledger(tmp_path, Clock(), url)
    known = {e["id"] for e in book.entries()}
    assert {g for g in granted if len(g) == 16} <= known
    assert book.verify() == len(known)
    refused = book.would_afford([Charge("a", "q", geometric(CENT))])
    assert refused is None or refused.rule == "P3", refused  # the killed ones may have spent it all, and nothing else may be wrong
    book.journal.close()


def test_a_hundred_durable_spends_a_second(tmp_path):
    """Of the processor: each is committed with a sync of the disk, and how many of those a disk does is its own affair."""
    budget = {"a": Budget("a", "year", 10**15)}
    book = ledger(tmp_path, Clock(), None, **budget)
    book.spend("ana", "a", "q", geometric(NANO))
    with within(1):
        for _ in range(100):
            book.spend("ana", "a", "q", geometric(NANO))
    book.journal.close()


# -- the state machine -----------------------------------------------------------------------------------------------------


class LedgerMachine(RuleBasedStateMachine):
    """Spends, crashes, clocks, old files, several processes: never over, never lost, refusal on any tampering."""

    @initialize()
    def begin(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ledger-"))
        self.home = self.folder / "home"
        self.home.mkdir()
        self.clock = Clock()
        self.books = [ledger(self.home, self.clock) for _ in range(3)]
        self.granted = []  # (purpose, moment, nano-epsilon)
        self.last = None
        self.old = None  # a copy of the files, and how many spends it holds
        self.entries = 0
        self.current = True  # whether the files in place are the newest

    def teardown(self):
        if hasattr(self, "folder"):
            for book in self.books:
                book.journal.close()
            shutil.rmtree(self.folder)

    def allowed(self, purpose, amount):
        budgets = policy().budgets
        for name in (purpose, "total"):
            start = Period.of(budgets[name].period, self.clock.at).start
            mine = [(at, e) for p, at, e in self.granted if name in {"total", p}]
            spent = sum(e for at, e in mine if Period.of(budgets[name].period, at).start == start)
            if spent + amount > budgets[name].epsilon:
                return False
        return True

    @rule(who=st.integers(0, 2), purpose=st.sampled_from(["a", "b"]), amount=st.sampled_from([1, CENT, 30 * CENT, NANO, 3 * NANO]))
    def spend(self, who, purpose, amount):
        expected = None
        if not self.current:
            expected = "P4"
        elif self.last is not None and self.clock.at < self.last:
            expected = "P5"
        elif not self.allowed(purpose, amount):
            expected = "P3"
        if expected is None:
            self.books[who].spend("ana", purpose, "q", geometric(amount, 0))
            self._granted(purpose, amount)
            return
        with pytest.raises(BudgetError) as refused:
            self.books[who].spend("ana", purpose, "q", geometric(amount, 0))
        assert refused.value.rule == expected

    def _granted(self, purpose, amount):
        self.granted.append((purpose, self.clock.at, amount))
        self.last = self.clock.at
        self.entries += 1

    @precondition(lambda self: self.current)
    @rule(who=st.integers(0, 2), amount=st.sampled_from([CENT, NANO]))
    def crash_after_the_commit(self, who, amount):
        marks = control.Marks.raise_to
        control.Marks.raise_to = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        try:
            self.books[who].spend("ana", "a", "q", geometric(amount, 0))
        except KeyboardInterrupt:
            self._granted("a", amount)
        except BudgetError:
            pass
        finally:
            control.Marks.raise_to = marks
        self._restart(who)

    @rule(who=st.integers(0, 2))
    def crash_before_the_commit(self, who):
        with contextlib.suppress(ZeroDivisionError, BudgetError):
            self.books[who].journal.decide(lambda _: 1 / 0)
        self._restart(who)

    def _restart(self, who):
        self.books[who].journal.close()
        self.books[who] = ledger(self.home, self.clock)

    @rule(days=st.integers(-20, 60))
    def turn_the_clock(self, days):
        self.clock.turn(days=days)

    @precondition(lambda self: self.current)
    @rule()
    def keep_a_copy(self):
        self._close()
        shutil.copy(self.home / "control.sqlite", self.folder / "old.sqlite") if (self.home / "control.sqlite").exists() else None
        self.old = self.entries if (self.folder / "old.sqlite").exists() else None

    @precondition(lambda self: self.current and self.old is not None and self.old < self.entries)
    @rule()
    def restore_the_copy(self):
        self._close()
        marked = int((self.home / "journal.mark").read_text().split()[0])
        shutil.copy(self.home / "control.sqlite", self.folder / "new.sqlite")
        self._replace(self.folder / "old.sqlite")
        self.current = marked <= self.old  # entries above the mark were never told to anyone

        if self.current:
            self._replace(self.folder / "new.sqlite")
            return
        with pytest.raises(BudgetError):
            ledger(self.home, self.clock).balances()

    @precondition(lambda self: not self.current)
    @rule()
    def bring_the_newest_back(self):
        self._close()
        self._replace(self.folder / "new.sqlite")
        self.current = True

    @precondition(lambda self: self.current and self.entries > 0)
    @rule(column=st.sampled_from(["body", "at", "hash", "actor"]), data=st.data())
    def tamper(self, column, data):
        self._close()
        shutil.copy(self.home / "control.sqlite", self.folder / "true.sqlite")
        seq = data.draw(st.integers(1, self.entries))
        book = journal(self.home, self.clock)
        with book.transaction(write=True) as connection:
            connection.execute(JOURNAL.update().where(JOURNAL.c.seq == seq).values({column: JOURNAL.c[column].concat(" ")}))
        with pytest.raises(BudgetError) as error:
            book.read()
        assert error.value.rule == "P4"
        book.close()
        self._close()
        self._replace(self.folder / "true.sqlite")

    def _close(self):
        for book in self.books:
            book.journal.close()
        if (self.home / "control.sqlite").exists():
            book = journal(self.home, self.clock)
            with book._database().connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            book.close()
        self.books = [ledger(self.home, self.clock) for _ in range(3)]

    def _replace(self, file):
        for name in ("control.sqlite-wal", "control.sqlite-shm"):
            (self.home / name).unlink(missing_ok=True)
        shutil.copy(file, self.home / "control.sqlite")
        for book in self.books:
            book.journal.close()
        self.books = [ledger(self.home, self.clock) for _ in range(3)]

    @invariant()
    def what_was_granted_is_what_is_booked(self):
        if not hasattr(self, "books") or not self.current:
            return
        for balance in self.books[0].balances():
            mine = [(p, at, e) for p, at, e in self.granted if balance.purpose in (p, "total")]
            spent = sum(e for _, at, e in mine if balance.start <= at < balance.end)
            assert balance.spent.epsilon == spent
            assert spent <= balance.allowed.epsilon


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)


def test_p13_what_spends_lose_together_counts_rho_at_the_budget_s_delta(book):
    pure, private = book.spend("ana", "a", "q1", geometric(NANO)), book.spend("ana", "b", "q2", gaussian(CENT))
    delta = book.policy.budgets["b"].delta
    assert book.lost([pure]) == NANO
    assert book.lost([pure, private]) == NANO + converted(CENT, delta)
