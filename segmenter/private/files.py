"""Private files: the one way they are written.

A file appears at its path whole and durable, or not at all. It is for its owner's account alone,
whatever the account's umask says. A writer that is killed leaves a hidden part, which `sweep`
removes at the next start.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

PART = ".part"  # how the name of a file ends that is not whole yet
OWNER_ONLY = 0o600
NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP)  # told by a file system without links


def _nothing(_part: Path) -> None:
    """Nothing is done before a part becomes the file."""


@contextlib.contextmanager
def new_file(path: Path, ready: Callable[[Path], None] = _nothing) -> Iterator[Path]:
    """Give the path of a hidden part beside `path`, for the caller to write and close.

    After the block the part is made durable, `ready(part)` may still refuse it, and it becomes
    `path`. If anything fails, the part is gone, and a file that stood at `path` before stands there
    unchanged. Raises `OSError`.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
    with _open_folder(path.parent) as folder:
        with contextlib.suppress(OSError):  # a network share may have no locks, then nothing sweeps
            fcntl.flock(folder, fcntl.LOCK_SH)  # so that `sweep` leaves the part alone
        try:
            yield part
            _make_durable(part)
            ready(part)
            _move_into_place(part, path, folder)
        except BaseException:
            _remove(part)
            raise


def create(part: Path) -> BinaryIO:
    """Open a new file for writing. From the first moment it is for its owner alone."""
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    os.fchmod(descriptor, OWNER_ONLY)  # the account's umask may have taken too much away
    return os.fdopen(descriptor, "wb")


def copy(source: Path, part: Path) -> None:
    """Copy a file into a new part."""
    create(part).close()
    shutil.copyfile(source, part)


def write_file(path: Path, content: bytes) -> None:
    """Write a small private file; see `new_file`."""
    with new_file(path) as part, create(part) as handle:
        handle.write(content)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    with _open_folder(folder) as descriptor:
        os.fsync(descriptor)


def sweep(folder: Path) -> None:
    """Remove the parts that killed writers left, unless somebody is writing into the folder now."""
    with _open_folder(folder) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return
        for left in folder.glob(f".*{PART}*"):
            if not left.is_dir():
                left.unlink(missing_ok=True)


@contextlib.contextmanager
def _open_folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _make_durable(part: Path) -> None:
    """Bring the content to the disk. A part that the engine made gets its mode here, too."""
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fchmod(descriptor, OWNER_ONLY)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _move_into_place(part: Path, path: Path, folder: int) -> None:
    """Rename the part and make that durable; if it cannot be, the old file comes back."""
    if not os.path.lexists(path):
        _rename(part, path, folder, undo=path.unlink)
        return
    old = part.with_name(f"{part.name}-old")
    _link(path, old)
    try:
        _rename(part, path, folder, undo=lambda: old.replace(path))
    finally:
        _remove(old)


def _rename(part: Path, path: Path, folder: int, undo: Callable[[], object]) -> None:
    try:
        part.replace(path)
        os.fsync(folder)
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            undo()
        raise


def _link(path: Path, old: Path) -> None:
    """Give the old file a second name.

    Nothing is done if the file system cannot do that, or the file is gone.
    """
    try:
        os.link(path, old)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise


def _remove(part: Path) -> None:
    """Remove a part, and the log that the engine may have left beside it."""
    for left in (part, part.with_name(f"{part.name}.wal")):
        with contextlib.suppress(OSError):
            left.unlink(missing_ok=True)
