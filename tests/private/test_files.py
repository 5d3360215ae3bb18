"""A private file is whole and durable under its name, or not there at all, and nobody else's."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import resource
import signal
import stat
from pathlib import Path

import pytest

from segmenter.private import files
from segmenter.private.files import copy, create, new_file, sweep, write_file

OLD, NEW = b"what was there before", b"what is there now"


@pytest.fixture(params=[0o022, 0o000, 0o777], ids=["umask 022", "umask 000", "umask 777"])
def any_umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_file_is_written_and_nothing_else_is_left(tmp_path):
    write_file(tmp_path / "key", OLD)
    write_file(tmp_path / "key", NEW)
    assert (tmp_path / "key").read_bytes() == NEW
    assert names(tmp_path) == {"key"}


@pytest.mark.usefixtures("any_umask")
def test_it_is_private_from_the_first_moment_whatever_the_umask(tmp_path):
    shared = stat.S_IRWXG | stat.S_IRWXO
    with new_file(tmp_path / "key") as part, create(part) as handle:
        assert stat.S_IMODE(part.stat().st_mode) & shared == 0
        handle.write(NEW)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.usefixtures("any_umask")
def test_a_part_that_somebody_else_made_is_private_in_the_end(tmp_path):
    with new_file(tmp_path / "some.duckdb") as part:
        part.write_bytes(NEW)
        part.chmod(0o666)
    assert stat.S_IMODE((tmp_path / "some.duckdb").stat().st_mode) == 0o600


def test_a_copy_is_private_although_its_source_is_not(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(NEW)
    source.chmod(0o644)
    with new_file(tmp_path / "aside") as part:
        copy(source, part)
    assert stat.S_IMODE((tmp_path / "aside").stat().st_mode) == 0o600
    assert (tmp_path / "aside").read_bytes() == NEW


def test_nobody_sees_it_before_it_is_whole(tmp_path):
    path = tmp_path / "key"
    write_file(path, OLD)
    with new_file(path) as part, create(part) as handle:
        handle.write(NEW)
        handle.flush()
        assert path.read_bytes() == OLD
    assert path.read_bytes() == NEW


def test_content_and_name_are_on_disk_in_that_order(tmp_path, monkeypatch):
    acts = []
    sync, replace = os.fsync, Path.replace

    def synced(descriptor):
        acts.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    def replaced(self, target):
        acts.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    write_file(tmp_path / "key", NEW)
    assert acts == ["file", "rename", "folder"]


# -- every act may fail ----------------------------------------------------------------------------

FAILURES = (errno.EIO, errno.ENOSPC, errno.EDQUOT)
ACTS = (
    ("open the folder", os, "open", 1),
    ("create", os, "open", 2),
    ("open again", os, "open", 3),
    ("set the mode", os, "fchmod", 1),
    ("set the mode of what others made", os, "fchmod", 2),
    ("sync the file", os, "fsync", 1),
    ("rename", Path, "replace", 1),
    ("sync the folder", os, "fsync", 2),
)
OVER_AN_OLD_FILE = (("keep the old file", os, "link", 1),)


def fail(monkeypatch, owner, name, nth, number):
    """Let the nth call of a function raise an error of the system."""
    original = getattr(owner, name)
    calls = []

    def failing(*words, **named):
        calls.append(words)
        if len(calls) == nth:
            raise OSError(number, os.strerror(number))
        return original(*words, **named)

    monkeypatch.setattr(owner, name, failing)


@pytest.mark.parametrize("number", FAILURES, ids=errno.errorcode.get)
@pytest.mark.parametrize(("act", "owner", "name", "nth"), ACTS, ids=[act[0] for act in ACTS])
def test_if_an_act_fails_nothing_is_left(tmp_path, monkeypatch, act, owner, name, nth, number):
    with monkeypatch.context() as failing:
        fail(failing, owner, name, nth, number)
        with pytest.raises(OSError, match=os.strerror(number)):
            write_file(tmp_path / "key", NEW)
    assert names(tmp_path) == set(), act


EVERY_ACT = (*ACTS, *OVER_AN_OLD_FILE)


@pytest.mark.parametrize("number", FAILURES, ids=errno.errorcode.get)
@pytest.mark.parametrize(
    ("act", "owner", "name", "nth"), EVERY_ACT, ids=[act[0] for act in EVERY_ACT]
)
def test_if_an_act_fails_the_old_file_stays(tmp_path, monkeypatch, act, owner, name, nth, number):
    path = tmp_path / "key"
    write_file(path, OLD)
    with monkeypatch.context() as failing:
        fail(failing, owner, name, nth, number)
        with pytest.raises(OSError, match=os.strerror(number)):
            write_file(path, NEW)
    assert path.read_bytes() == OLD
    assert names(tmp_path) == {"key"}, act


def test_on_a_file_system_without_links_a_file_is_replaced_all_the_same(tmp_path, monkeypatch):
    path = tmp_path / "key"
    write_file(path, OLD)
    fail(monkeypatch, os, "link", 1, errno.EOPNOTSUPP)
    write_file(path, NEW)
    assert path.read_bytes() == NEW
    assert names(tmp_path) == {"key"}


def write_too_much(folder):
    """In a process of its own: the system refuses to write more than a few bytes to any file."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    try:
        write_file(Path(folder) / "key", b"x" * 100_000)
    except OSError as error:
        os._exit(error.errno)
    os._exit(0)


def test_if_the_system_takes_only_a_part_the_old_file_stays(tmp_path):
    write_file(tmp_path / "key", OLD)
    child = multiprocessing.get_context("spawn").Process(target=write_too_much, args=(tmp_path,))
    child.start()
    child.join()
    assert child.exitcode == errno.EFBIG
    assert (tmp_path / "key").read_bytes() == OLD
    assert names(tmp_path) == {"key"}


def stop(path, error):
    """Raise an error while a file is written that also has a log, as the engine's have."""
    with new_file(path) as part, create(part) as handle:
        part.with_name(f"{part.name}.wal").write_bytes(b"half")
        handle.write(NEW)
        raise error


@pytest.mark.parametrize("raised", [KeyboardInterrupt, MemoryError, SystemExit])
def test_if_the_writer_is_stopped_the_old_file_stays(tmp_path, raised):
    write_file(tmp_path / "key", OLD)
    with pytest.raises(raised):
        stop(tmp_path / "key", raised)
    assert (tmp_path / "key").read_bytes() == OLD
    assert names(tmp_path) == {"key"}


def test_the_log_of_an_unfinished_database_goes_with_it(tmp_path):
    with pytest.raises(ValueError, match="stopped"):
        stop(tmp_path / "a.duckdb", ValueError("stopped"))
    assert names(tmp_path) == set()


# -- what killed writers leave ---------------------------------------------------------------------


def die(folder, act):
    """In a process of its own: be killed at an act of writing."""
    owner, name, nth = {"sync": (os, "fsync", 1), "rename": (Path, "replace", 1)}[act]
    original, calls = getattr(owner, name), []

    def deadly(*words):
        calls.append(words)
        if len(calls) == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*words)

    setattr(owner, name, deadly)
    write_file(Path(folder) / "answer.sealed", NEW)


@pytest.mark.parametrize("act", ["sync", "rename"])
@pytest.mark.parametrize("before", [None, OLD])
def test_what_a_killed_writer_left_is_swept_and_the_old_file_stays(tmp_path, act, before):
    if before is not None:
        write_file(tmp_path / "answer.sealed", before)
    child = multiprocessing.get_context("spawn").Process(target=die, args=(tmp_path, act))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    kept = set() if before is None else {"answer.sealed"}
    assert names(tmp_path) > kept
    sweep(tmp_path)
    assert names(tmp_path) == kept
    if before is not None:
        assert (tmp_path / "answer.sealed").read_bytes() == before


def test_the_part_of_a_writer_who_lives_is_not_swept(tmp_path):
    with new_file(tmp_path / "answer.sealed") as part, create(part) as handle:
        (tmp_path / ".left.sealed.01234567.part").write_bytes(b"half")
        handle.write(NEW)
        sweep(tmp_path)
        assert part.exists()
    sweep(tmp_path)
    assert names(tmp_path) == {"answer.sealed"}


def test_on_a_share_without_locks_a_file_is_written_and_nothing_swept(tmp_path, monkeypatch):
    left = tmp_path / ".left.sealed.01234567.part"
    left.write_bytes(b"half")
    fail(monkeypatch, fcntl, "flock", 1, errno.ENOLCK)
    write_file(tmp_path / "key", NEW)
    fail(monkeypatch, fcntl, "flock", 1, errno.ENOLCK)
    sweep(tmp_path)
    assert names(tmp_path) == {"key", left.name}


def test_only_hidden_parts_are_swept(tmp_path):
    for name in ("answer.part", ".hidden", "a.duckdb"):
        (tmp_path / name).write_bytes(b"somebody's")
    (tmp_path / ".folder.part").mkdir()
    sweep(tmp_path)
    assert names(tmp_path) == {"answer.part", ".hidden", "a.duckdb", ".folder.part"}


def test_a_private_file_can_be_written_while_another_is(tmp_path):
    with new_file(tmp_path / "outer") as part:
        write_file(tmp_path / "inner", OLD)
        create(part).close()
    assert names(tmp_path) == {"outer", "inner"}


def test_the_old_file_that_a_kill_left_beside_is_swept(tmp_path):
    (tmp_path / f".key.01234567{files.PART}-old").write_bytes(OLD)
    sweep(tmp_path)
    assert names(tmp_path) == set()
