"""The ledger under many processes at once, under kill -9, and in a hurry (P2, P3)."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
import time
from pathlib import Path

from ledgers import Clock, journal, ledger
from pace import within
from segmenter.budget.accounting import NANO, Charge, geometric
from segmenter.errors import BudgetError
from segmenter.project.policy import Budget

CENT = NANO // 100


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
    crowd = [
        context.Process(target=spend_until_refused, args=(tmp_path, url, wins)) for _ in range(6)
    ]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert [one.exitcode for one in crowd] == [0] * 6
    assert sum(wins.get() for _ in crowd) == 60
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
    tests = Path(__file__).parents[1]
    program = SPENDER.format(tests=str(tests), root=str(tests.parent), home=str(tmp_path), url=url)
    granted = []
    for n in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as spender:
            granted.append(spender.stdout.readline().strip())
            time.sleep(0.01 + 0.03 * n)
            spender.send_signal(signal.SIGKILL)
            granted += [line.strip() for line in spender.stdout]
    book = ledger(tmp_path, Clock(), url)
    known = {e["id"] for e in book.entries()}
    assert {g for g in granted if len(g) == 16} <= known
    assert book.verify() == len(known)
    refused = book.would_afford([Charge("a", "q", geometric(CENT))])
    assert refused is None or refused.rule == "P3", (
        refused
    )  # the killed ones may have spent it all, and nothing else may be wrong
    book.journal.close()


def test_a_hundred_durable_spends_a_second(tmp_path):
    """Of the processor: each is committed with a sync of the disk, and how many of those a disk
    does is its own affair.
    """
    budget = {"a": Budget("a", "year", 10**15)}
    book = ledger(tmp_path, Clock(), None, **budget)
    book.spend("ana", "a", "q", geometric(NANO))
    with within(1):
        for _ in range(100):
            book.spend("ana", "a", "q", geometric(NANO))
    book.journal.close()
