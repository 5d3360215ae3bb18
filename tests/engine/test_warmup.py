"""An engine may start on another thread, for a verb that still reads and pays: it is an engine like
any other.
"""

from __future__ import annotations

import os

import duckdb
import pytest

import segmenter
from segmenter.engine import DuckDBEngine, Limits
from segmenter.engine.duckdb import warmup
from segmenter.errors import EngineError
from segmenter.private.keys import Keys
from worlds import plain_project

KEY = Keys(b"a secret of tests that is long enough").file_key()


@pytest.fixture(autouse=True)
def nothing_waits():
    warmup._waiting.clear()
    yield
    warmup._waiting.clear()


@pytest.mark.parametrize("key", [None, KEY])
def test_the_connection_that_waits_is_taken_once_and_has_every_setting(tmp_path, key):
    warmup.begin(encrypted=key is not None)
    warmup.begin(encrypted=key is not None)
    (waiting,) = warmup._waiting
    with (
        DuckDBEngine(tmp_path, key, Limits(300_000_000, 1)) as engine,
        DuckDBEngine(tmp_path, key, Limits(300_000_000, 1)) as other,
    ):
        assert engine.connection is waiting.connection is not other.connection
        names = (
            "threads",
            "memory_limit",
            "temp_file_encryption",
            "autoload_known_extensions",
            "preserve_insertion_order",
            "TimeZone",
        )
        told = [
            [one.connection.sql(f"SELECT current_setting('{name}')").fetchone() for name in names]
            for one in (engine, other)
        ]
        assert told[0] == told[1]
        assert told[0][0] == (1,)
        assert (
            engine.connection.sql("SELECT current_setting('temp_directory')")
            .fetchone()[0]
            .startswith(str(tmp_path))
        )


def test_one_of_another_kind_or_of_the_process_that_forked_is_not_taken(tmp_path):
    warmup.begin(encrypted=False)
    (plain,) = warmup._waiting
    with DuckDBEngine(tmp_path, KEY) as engine:
        assert engine.connection is not plain.connection
    warmup.begin(encrypted=False)
    warmup._waiting[0].process = os.getpid() + 1
    (parents,) = warmup._waiting
    with DuckDBEngine(tmp_path, None) as engine:
        assert engine.connection is not parents.connection


def test_what_fails_on_the_thread_is_said_by_the_engine(tmp_path, monkeypatch):
    def broken(*, encrypted):
        raise duckdb.IOException("no such file: /secret/place")

    monkeypatch.setattr(warmup, "bare", broken)
    warmup.begin(encrypted=True)
    with (
        pytest.raises(EngineError, match="cannot be encrypted") as caught,
        DuckDBEngine(tmp_path, KEY),
    ):
        pass
    assert "secret" not in str(caught.value)


def test_in_a_lasting_session_an_engine_waits_for_the_next_question(tmp_path):
    root = plain_project(tmp_path, patients=3)
    for lasting in (False, True):
        with segmenter.open(root, lasting=lasting) as session:
            session.ingest()
            session.run()
        assert bool(warmup._waiting) is lasting
