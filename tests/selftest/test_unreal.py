"""What tests inject is marked for ever, and nothing public takes it (P11, P19)."""

from __future__ import annotations

import inspect
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import segmenter
from driving import Program
from segmenter.errors import Refusal
from segmenter.selftest.unreal import unreal
from segmenter.session import Session
from worlds import plain_project


def nothing(_mechanism, many):
    return np.zeros(many, dtype=np.int64)


def test_p19_opening_a_project_takes_no_noise_no_seed_and_no_clock():
    given = set(inspect.signature(segmenter.open).parameters)
    assert given == {"path", "progress", "lasting"}
    for name, verb in inspect.getmembers(segmenter.Session, inspect.isfunction):
        assert not given & {"now", "noise", "seed", "clock"}, name
        assert not set(inspect.signature(verb).parameters) & {"now", "noise", "seed", "clock"}


def test_p19_zero_noise_is_never_anybody_s_answer(tmp_path):
    """It was: stored under the question, it came back to whoever asked after."""
    root = plain_project(tmp_path, patients=6)
    with unreal(root, noise=nothing) as context:
        session = Session(context)
        session.ingest()
        assert session.run("women").to_dict()["spent"] > 0
    with pytest.raises(Refusal) as refused:
        segmenter.open(root)
    assert refused.value.rule == "P19"
    told = Program(root, inside=True)("run", "women", "--json")
    assert (told.status, json.loads(told.out)["error"]["rule"]) == (3, "P19")


def test_p19_the_mark_stays(tmp_path):
    root = plain_project(tmp_path, patients=2)
    with unreal(root, noise=nothing):
        pass
    with unreal(root) as context:
        assert [entry.kind for entry in context.journal.read()] == ["unreal"]
    with pytest.raises(Refusal):
        segmenter.open(root)


def test_p19_a_project_that_was_used_for_real_takes_no_injection(tmp_path):
    root = plain_project(tmp_path, patients=2)
    with segmenter.open(root) as session:
        session.ingest()
    with pytest.raises(Refusal) as refused, unreal(root, noise=nothing):
        pass
    assert refused.value.rule == "P19"
    with segmenter.open(root) as session:
        session.budget()


def test_the_injected_clock_is_the_journal_s_too(tmp_path):
    later = datetime.now(UTC) + timedelta(days=400)
    root = plain_project(tmp_path, patients=2)
    with unreal(root, now=lambda: later) as context:
        Session(context).ingest()
        assert {entry.at for entry in context.journal.read()} == {later}
