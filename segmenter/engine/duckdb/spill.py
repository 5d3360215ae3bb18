"""The folder of one engine's spills."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


def own_folder(spill: Path) -> tuple[Path, int]:
    """A new folder for one engine's spills, and the descriptor that locks it.

    The lock lasts as long as the process. Folders of processes that were killed go.
    """
    with _flocked(spill):
        for left in spill.glob("spill-*"):
            with contextlib.suppress(FileNotFoundError):  # its process removed it just now
                _remove_if_left(left)
        folder = Path(tempfile.mkdtemp(prefix="spill-", dir=spill))
        held = os.open(folder, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
    return folder, held


def _remove_if_left(folder: Path) -> None:
    """Remove a folder of spills that no process holds."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _flocked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
