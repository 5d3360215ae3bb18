"""`kill -9` anywhere in ingest, run and export: the project works afterwards, nothing half made
shows, and no spend is undone.

Processes are killed after delays spread over their whole run, and at chosen steps: before and after
a rename, a flush to disk, an entry of the journal. The steps are found by a child that replaces
those functions and then starts the program.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

import segmenter
from driving import HOUSE, Program, environment, exported_ids, finished
from worlds import plain_project

EXPORT = ("export", "women", "--channel", "email", "--destination", "check")
WOMEN = 40
CHILD = """
import os, signal, sys
step, after = sys.argv[1], sys.argv[2] == "after"
nth, sign = int(sys.argv[3]), signal.Signals[sys.argv[4]]
del sys.argv[1:5]
from segmenter.journal.journal import Journal
owner, name = (Journal if step == "decide" else os), step
original, seen = getattr(owner, name), 0
def deadly(*words, **named):
    global seen
    seen += 1
    if seen == nth and not after:
        os.kill(os.getpid(), sign)
    answer = original(*words, **named)
    if seen == nth and after:
        os.kill(os.getpid(), sign)
    return answer
setattr(owner, name, deadly)
from segmenter.cli.main import main
sys.exit(main())
"""
NAMES = ("rename", "replace", "fsync", "decide")
STEPS = [(name, when, nth) for name in NAMES for nth in (1, 2, 3) for when in ("before", "after")]
POINTS = 8  # how many delays the whole run of a command is cut into


@pytest.fixture
def program(tmp_path):
    """A project that was ingested, run and exported once."""
    started = Program(plain_project(tmp_path, patients=2 * WOMEN))
    with segmenter.open(started.root) as session:
        session.ingest()
        session.run(["women"])
        session.export("women", channel="email", destination="check")
    return started


def spent(session):
    """Over all periods, so that one may end while a test runs."""
    return float(session.budget().to_dict()["lifetime"]["epsilon"])


def files(program):
    """Every file of the project that is not locked, spilt or a database's own."""
    home = program.root / ".segmenter"
    hidden = [home / name for name in ("spill", "locks", "states")]
    return {
        path
        for path in program.root.rglob("*")
        if path.is_file() and not any(path.is_relative_to(one) for one in hidden)
    }


def left(paths):
    """What is half made; hidden leftovers of a killed process are swept by the next one."""
    return [
        path.name
        for path in paths
        if path.name.endswith((".part", ".tmp", ".partial", ".part.wal"))
    ]


def sound(program, spent_before):
    """What must hold after any crash; returns what is spent now."""
    with segmenter.open(program.root) as session:
        now = spent(session)
        assert now >= spent_before, "a spend was undone"
        session.run(["women"])
        answer = session.export("women", channel="sms", destination="check").to_dict()
        assert len(exported_ids(answer["file"])) == WOMEN
        now = spent(session)
        session.run(["women"])
        assert spent(session) == now, "the same question was paid twice"
    assert not left(path for path in files(program) if not path.name.startswith(".")), (
        "half made, and in sight"
    )
    for path in (program.root / ".segmenter" / "exports").rglob("*.csv"):
        assert len(exported_ids(path)) == WOMEN, "a payload that is not whole"
    return now


def kill_after(program, words, seconds):
    """Start a command and kill it, and all it started, after so long; False where it had ended by
    then.
    """
    process = program.start(*words, "--json")
    time.sleep(seconds)
    ended = process.poll() is not None
    if not ended:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return not ended


def kill_at(program, words, step, when, nth):
    """Run a command in a child that kills itself at a step; False where that step never came."""
    ran = signal_at(program, words, step, when, nth, "SIGKILL")
    assert ran.returncode in (-signal.SIGKILL, 0), ran.stderr
    return ran.returncode != 0


def signal_at(program, words, step, when, nth, sign):
    """Run a command in a child that sends itself a signal at a step."""
    command = [
        sys.executable,
        "-c",
        CHILD,
        step,
        when,
        str(nth),
        sign,
        "-C",
        str(program.root),
        *words,
        "--json",
    ]
    return subprocess.run(
        command, env=environment(), cwd=HOUSE, capture_output=True, text=True, check=False
    )


def other_question(program, n):
    """A segment over dimensions that were never counted together, so that a run has to pay."""
    text = (program.root / "segments" / "women.yml").read_text(encoding="utf-8")
    tests = ["age_band = '65+'", "payer = 'other'", "visits = '4+'", "longest = '4+'", "sex = 'M'"]
    condition = " or ".join(test for bit, test in enumerate(tests) if (n + 1) >> bit & 1)
    name = f"n{n}"
    told = text.replace('"women"', f'"{name}"').replace("sex = 'F'", condition)
    (program.root / "segments" / f"{name}.yml").write_text(told, encoding="utf-8")
    return name


@pytest.mark.parametrize("verb", ["ingest", "run", "export"])
def test_killed_after_a_while(program, verb):
    words = {"ingest": ("ingest",), "run": ("run", other_question(program, 0)), "export": EXPORT}[
        verb
    ]
    began = time.monotonic()
    assert finished(program.start(*words, "--json")).status == 0
    whole = time.monotonic() - began
    with segmenter.open(program.root) as session:
        before = spent(session)
    killed = 0
    for n in range(1, POINTS):
        words = ("run", other_question(program, n)) if verb == "run" else words
        if kill_after(program, words, whole * n / POINTS):
            killed += 1
        else:
            whole *= (
                n / POINTS
            )  # it ended before: the machine is quicker now than it was the first time
        before = sound(program, before)
    assert killed
    program.ok(*words)
    assert verb != "ingest" or not left(files(program))


@pytest.mark.parametrize("verb", ["ingest", "run", "export"])
def test_killed_at_a_step(program, verb):
    with segmenter.open(program.root) as session:
        before = spent(session)
    killed = set()
    for n, (step, when, nth) in enumerate(STEPS):
        words = {
            "ingest": ("ingest",),
            "run": ("run", other_question(program, n)),
            "export": EXPORT,
        }[verb]
        if (when == "after" and (step, "before", nth) not in killed) or (
            nth > 1 and (step, "before", nth - 1) not in killed
        ):
            continue  # that step never comes
        if kill_at(program, words, step, when, nth):
            killed.add((step, when, nth))
            before = sound(program, before)
    assert len(killed) > 3, "the steps are called by other names now"


def test_a_killed_ingest_leaves_the_old_snapshot_in_use(program):
    asked = program.ok("run", "women")
    people = program.root / "data" / "patients.csv"
    people.write_text(people.read_text(encoding="utf-8").replace(",F,", ",M,"), encoding="utf-8")
    assert kill_at(program, ("ingest",), "decide", "before", 1)
    again = program.ok("run", "women")
    assert again["segments"] == asked["segments"]
    program.ok("ingest")
    (women,) = program.ok("run", "women")["segments"]
    assert women["matched"] != asked["segments"][0]["matched"], "and the next one is whole"


def test_a_spend_whose_answer_was_never_written_stays_spent(program):
    name = other_question(program, 1)
    with segmenter.open(program.root) as session:
        before = spent(session)
    assert kill_at(program, ("run", name), "decide", "after", 1)
    with segmenter.open(program.root) as session:
        assert spent(session) == before + 20
        session.run([name])
        assert spent(session) in (before + 20, before + 40), (
            "paid again at most once, and never given back"
        )


@pytest.mark.parametrize(
    ("step", "when"), [("decide", "before"), ("replace", "before"), ("decide", "after")]
)
def test_an_interrupted_command_says_so(program, step, when):
    ran = signal_at(program, ("ingest",), step, when, 1, "SIGINT")
    assert ran.returncode == 130, ran.stderr
    assert json.loads(ran.stdout)["error"]["code"] == "cancelled"
    assert "Traceback" not in ran.stderr
