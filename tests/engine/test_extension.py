"""An operator may supply the extension that encrypts; a useless file is refused clearly."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import polars as pl
import pytest

from driving import HOUSE, Program, environment
from segmenter.engine import DuckDBEngine
from segmenter.engine.duckdb import extension, warmup
from segmenter.errors import EngineError, UsageError
from segmenter.private.keys import Keys
from worlds import plain_project

KEY = Keys(b"a secret of tests that is long enough").file_key()
NAME = "httpfs.duckdb_extension"


@pytest.fixture
def own() -> bytes:
    """The content of the wheel's file."""
    file = extension._file_of_wheel()
    if file is None:
        pytest.skip("no wheel with the extension of this engine's version is installed")
    return file.read_bytes()


@pytest.fixture
def no_wheel(monkeypatch):
    """The wheel is gone, and nothing is installed in DuckDB's own folder."""
    monkeypatch.setattr(extension, "_file_of_wheel", lambda: None)
    monkeypatch.setenv("HOME", "/nonexistent")


@pytest.fixture
def given(tmp_path, monkeypatch):
    """Put a file where the operator's variable names it."""

    def put(content: bytes, name: str = NAME) -> Path:
        file = tmp_path / name
        file.write_bytes(content)
        monkeypatch.setenv(extension.VARIABLE, str(file))
        return file

    return put


def refusal(tmp_path) -> UsageError:
    with pytest.raises(UsageError) as caught, DuckDBEngine(tmp_path / "spill", KEY):
        pass
    error = caught.value
    assert error.exit_status == 2
    assert extension.VARIABLE in error.problems[0].hint
    assert f"v{duckdb.__version__}" in error.problems[0].hint
    return error


def test_the_file_that_the_operator_names_encrypts(tmp_path, own, no_wheel, given):
    given(own)
    file = tmp_path / "held.duckdb"
    with DuckDBEngine(tmp_path / "spill", KEY) as engine:
        with engine.writing(file) as held:
            engine.load(pl.DataFrame({"word": ["camomile"]}), into=held.table("word"))
        (allowed,) = engine.connection.execute(
            "SELECT current_setting('allow_unsigned_extensions')"
        ).fetchone()
    assert allowed is False
    assert b"camomile" not in file.read_bytes()
    with DuckDBEngine(tmp_path / "spill", KEY) as engine:
        word = engine.attach(file)["word"].name
        assert engine.connection.execute(f"FROM {word}").fetchall() == [("camomile",)]


@pytest.mark.usefixtures("no_wheel")
def test_without_any_extension_nothing_is_downloaded_and_the_three_ways_out_are_named(tmp_path):
    with pytest.raises(EngineError) as caught, DuckDBEngine(tmp_path, KEY):
        pass
    hint = caught.value.problems[0].hint
    assert "duckdb-extension-httpfs" in hint
    assert extension.VARIABLE in hint
    assert "encryption: off" in hint
    with DuckDBEngine(tmp_path, None) as engine:
        assert engine.connection.execute("SELECT 1").fetchone() == (1,)


def test_a_file_that_is_missing_is_said_to_be(tmp_path, monkeypatch):
    monkeypatch.setenv(extension.VARIABLE, str(tmp_path / NAME))
    assert "does not exist" in str(refusal(tmp_path))


def test_a_folder_is_no_file(tmp_path, monkeypatch):
    (tmp_path / NAME).mkdir()
    monkeypatch.setenv(extension.VARIABLE, str(tmp_path / NAME))
    assert "is no file" in str(refusal(tmp_path))


def test_a_pipe_is_no_file(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / NAME)
    monkeypatch.setenv(extension.VARIABLE, str(tmp_path / NAME))
    assert "is no file" in str(refusal(tmp_path))


def test_another_name_is_refused_because_duckdb_would_not_find_the_entry_point(
    tmp_path, own, given
):
    given(own, "mine.duckdb_extension")
    assert f"must be named {NAME}" in str(refusal(tmp_path))


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 4096])
def test_what_is_no_extension_is_refused(tmp_path, given, content):
    given(content)
    assert "not a whole DuckDB extension" in str(refusal(tmp_path))


def test_one_that_was_cut_is_refused(tmp_path, own, given):
    given(own[:-10])
    assert "not a whole DuckDB extension" in str(refusal(tmp_path))


def test_one_of_another_version_is_refused_with_both_versions_named(tmp_path, own, given):
    here = f"v{duckdb.__version__}".encode()
    end = own[-512:].replace(here.ljust(32, b"\0"), b"v0.0.1".ljust(32, b"\0"))
    given(own[:-512] + end)
    assert "built for DuckDB v0.0.1 on " in str(refusal(tmp_path))


@pytest.mark.parametrize("place", [1000, -600, -1], ids=["code", "last code", "signature"])
def test_one_that_was_damaged_is_refused_by_its_signature(tmp_path, own, given, place):
    damaged = bytearray(own)
    damaged[place] ^= 1
    given(bytes(damaged))
    assert "damaged, or not signed" in str(refusal(tmp_path))


def test_the_operators_file_is_refused_also_if_an_engine_started_early(tmp_path, monkeypatch):
    monkeypatch.setenv(extension.VARIABLE, str(tmp_path / NAME))
    warmup._waiting.clear()
    warmup.begin(encrypted=True)
    assert "does not exist" in str(refusal(tmp_path))
    warmup._waiting.clear()


def test_the_command_line_says_so_and_exits_with_two(tmp_path):
    root = plain_project(tmp_path / "clinic", patients=3)
    command = Program(root).command("ingest")
    missing = tmp_path / "gone" / NAME
    ran = _run(command, missing)
    assert ran.returncode == 2
    assert f"{missing}: the file of SEGMENTER_HTTPFS does not exist" in ran.stderr
    assert "Traceback" not in ran.stderr
    file = tmp_path / NAME
    wheel = extension._file_of_wheel()
    if wheel is not None:
        shutil.copyfile(wheel, file)
        assert _run(command, file).returncode == 0


def _run(command, file):
    return subprocess.run(
        command,
        env=environment(SEGMENTER_HTTPFS=str(file)),
        cwd=HOUSE,
        capture_output=True,
        text=True,
        check=False,
    )
