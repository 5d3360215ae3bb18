"""What `kill -9` leaves behind, at every step: images of a folder, taken before each call that
changes anything on disk.

A killed process leaves the files as they stand at that instant, and no lock. So an image is what
the next process finds. The calls are not picked by hand: all by which Python changes files, the
engine's own, and every entry of the journal. Equal images are kept once.
"""

from __future__ import annotations

import builtins
import contextlib
import hashlib
import io
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from segmenter.engine import DuckDBEngine
from segmenter.journal.journal import Journal

CHANGES = (
    "fsync",
    "link",
    "mkdir",
    "mkfifo",
    "open",
    "remove",
    "rename",
    "replace",
    "rmdir",
    "symlink",
    "truncate",
    "unlink",
)
ENGINE = ("_attach", "_detach", "add", "copy", "load", "make", "write_out")
STEPS: tuple[tuple[Any, str], ...] = (
    *((os, name) for name in CHANGES), (io, "open"), (builtins, "open"), (Journal, "decide"),
    *((DuckDBEngine, name) for name in ENGINE),
)  # fmt: skip
UNKEPT = ("spill", "locks")  # a lock and an open spill end with their process
INDEX = "-shm"  # of SQLite's log, which it makes anew


class Album:
    """Images of `home` in the order in which they were taken, as folders in `into`."""

    def __init__(self, home: Path, into: Path) -> None:
        self.home, self.into = home, into
        self.images: list[Path] = []
        self.seen: set[str] = set()
        self.lock = threading.Lock()
        self.own = threading.local()

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, with an image before it."""

        def step(*words: Any, **named: Any) -> Any:
            if not getattr(self.own, "busy", False):
                self.take()
            return call(*words, **named)

        return step

    def take(self) -> None:
        """Keep an image, unless it is as one before."""
        self.own.busy = True
        try:
            with self.lock:
                mark = self._mark()
                if mark not in self.seen:
                    self.seen.add(mark)
                    image = self.into / f"{len(self.images):03}"
                    shutil.copytree(
                        self.home,
                        image,
                        ignore=lambda _, names: {
                            n for n in names if n in UNKEPT or n.endswith(INDEX)
                        },
                    )
                    for name in UNKEPT:
                        (image / name).mkdir()
                    self.images.append(image)
        finally:
            self.own.busy = False

    def _mark(self) -> str:
        digest = hashlib.sha256()
        for path in sorted(self.home.rglob("*")):
            name = path.relative_to(self.home)
            if name.parts[0] not in UNKEPT and not name.name.endswith(INDEX):
                digest.update(f"{name}\n".encode())
                digest.update(path.read_bytes() if path.is_file() else b"")
        return digest.hexdigest()


@contextlib.contextmanager
def taken(home: Path, into: Path) -> Iterator[list[Path]]:
    """The images of everything that happens inside; the last is the end."""
    album = Album(home, into)
    with contextlib.ExitStack() as patched:
        for owner, name in STEPS:
            patched.enter_context(
                mock.patch.object(owner, name, album.before(getattr(owner, name)))
            )
        yield album.images
    album.take()
