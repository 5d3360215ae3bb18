"""The ledger as a state machine: spends, crashes, clocks, old files, processes (P2 to P5)."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledgers import Clock, journal, ledger, policy
from segmenter.budget.accounting import NANO, geometric
from segmenter.budget.period import Period
from segmenter.errors import BudgetError
from segmenter.journal import journal as journals
from segmenter.journal.journal import JOURNAL

CENT = NANO // 100


# -- the state machine -----------------------------------------------------------------------------


class LedgerMachine(RuleBasedStateMachine):
    """Spends, crashes, clocks, old files, several processes: never over, never lost, refusal on any
    tampering.
    """

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

    @rule(
        who=st.integers(0, 2),
        purpose=st.sampled_from(["a", "b"]),
        amount=st.sampled_from([1, CENT, 30 * CENT, NANO, 3 * NANO]),
    )
    def spend(self, who, purpose, amount):
        expected = None
        if not self.current:
            expected = "P4"
        elif self.last is not None and self.clock.at < self.last:
            expected = "P5"
        elif not self.allowed(purpose, amount):
            expected = "P3"
        if expected is None:
            self.books[who].spend("ana", purpose, "q", geometric(amount))
            self._granted(purpose, amount)
            return
        with pytest.raises(BudgetError) as refused:
            self.books[who].spend("ana", purpose, "q", geometric(amount))
        assert refused.value.rule == expected

    def _granted(self, purpose, amount):
        self.granted.append((purpose, self.clock.at, amount))
        self.last = self.clock.at
        self.entries += 1

    @precondition(lambda self: self.current)
    @rule(who=st.integers(0, 2), amount=st.sampled_from([CENT, NANO]))
    def crash_after_the_commit(self, who, amount):
        marks = journals.Marks.raise_to
        journals.Marks.raise_to = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt)
        try:
            self.books[who].spend("ana", "a", "q", geometric(amount))
        except KeyboardInterrupt:
            self._granted("a", amount)
        except BudgetError:
            pass
        finally:
            journals.Marks.raise_to = marks
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
        shutil.copy(self.home / "control.sqlite", self.folder / "old.sqlite") if (
            self.home / "control.sqlite"
        ).exists() else None
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
            connection.execute(
                JOURNAL.update()
                .where(JOURNAL.c.seq == seq)
                .values({column: JOURNAL.c[column].concat(" ")})
            )
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
            with book._database().engine().connect() as connection:
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
