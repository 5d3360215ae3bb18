"""High-water marks: how far the journal had come.

They lie beside the snapshots and at every anchor, authenticated with the
project's key (P4).

A journal behind one of its marks was deleted or restored. The journal names the anchors that were
written, so that one that is gone refuses too. A mark is read before the journal is, so that a
journal that others extend meanwhile never looks old.
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter import outages
from segmenter.errors import BudgetError, DamagedError
from segmenter.journal.failures import broken
from segmenter.private.files import write_file
from segmenter.private.traces import in_use

if TYPE_CHECKING:
    from segmenter.private.keys import Keys

MARK = "journal.mark"
INNER = ("locks",)  # folders of the private one that have a mark, too
DATABASE = "control.sqlite*"  # just made: whether it was used is seen in it
GENESIS = "0" * 64
DIGITS = 20  # of the entry's number, so that all marks are of one length

Mark = tuple[int, str]  # the number of the last entry, and its hash


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one journal: in `home`, and at each of the `anchors`."""

    home: Path
    keys: Keys
    anchors: tuple[Path, ...] = ()

    def paths(self) -> tuple[Path, ...]:
        """Where the marks are; the project's own first.

        Some lie in other folders, so that a database and a mark that were restored together show.
        """
        paths = [self.home / MARK]
        for name in INNER:
            folder = self.home / name
            if folder.is_dir():
                paths.append(folder / MARK)
        return (*paths, *self.anchors)

    def read(self, used: Callable[[], bool]) -> Mapping[Path, Mark]:
        """All marks that are there.

        A project's first use, when the journal is not `used`, puts its own at zero before the first
        entry.
        """
        own = self.home / MARK
        if not own.exists():
            self._begin(own, used)
        present = [path for path in self.paths() if path.exists()]
        return {path: self._read(path) for path in present}

    def _begin(self, own: Path, used: Callable[[], bool]) -> None:
        """Write the first mark of a new project. One that has data must have one already."""
        with locked(self.home / "mark.lock"):
            if own.exists():  # another process was faster
                return
            if used() or in_use(self.home, besides=DATABASE):
                raise broken("the journal's high-water mark is missing", own)
            self._write(own, (0, GENESIS))

    def raise_to(self, mark: Mark) -> None:
        """Bring all marks up to an entry; one that is higher already stays."""
        with locked(self.home / "mark.lock"):
            for path in self.paths():
                is_behind = not path.exists() or self._read_alone(path)[0] < mark[0]
                if is_behind:
                    self._write(path, mark)

    def begin(self, path: Path, mark: Mark) -> None:
        """Write the first mark at a new anchor; one that is there already stays."""
        with locked(self.home / "mark.lock"):
            if not path.exists():
                self._write(path, mark)

    def reset_to(self, mark: Mark) -> None:
        """Set all marks, whatever they were. Only recovery does this."""
        with locked(self.home / "mark.lock"):
            for path in self.paths():
                self._write(path, mark)

    def _read(self, path: Path) -> Mark:
        """A mark; one that does not verify is read again while nobody writes."""
        try:
            return self._parsed(path)
        except ValueError:
            pass
        with locked(self.home / "mark.lock"):
            return self._read_alone(path)

    def _read_alone(self, path: Path) -> Mark:
        try:
            return self._parsed(path)
        except ValueError:
            raise broken("a high-water mark cannot be read or does not verify", path) from None

    def _parsed(self, path: Path) -> Mark:
        try:
            seq, known, proof = path.read_text(encoding="ascii").split()
        except UnicodeDecodeError:
            raise ValueError("a mark is no text") from None
        except OSError as error:
            raise outages.of_system(error) or broken(
                "a high-water mark cannot be read", path
            ) from None
        if not hmac.compare_digest(proof, self._proof(seq, known)):
            raise ValueError("a mark does not verify")
        return int(seq), known

    def _write(self, path: Path, mark: Mark) -> None:
        """Write a mark over the one that is there: always as long, so in one piece.

        It need not be synced: an older one is still true.
        """
        seq, known = f"{mark[0]:0{DIGITS}}", mark[1]
        record = f"{seq} {known} {self._proof(seq, known)}".encode("ascii")
        try:
            if path.exists() and path.stat().st_size == len(record):
                with path.open("r+b", buffering=0) as file:
                    file.write(record)
            else:
                write_file(path, record)
        except OSError as error:
            raise outages.of_system(error) or BudgetError(
                "P4",
                "a high-water mark cannot be written",
                file=path,
                hint="make its folder writable, or correct `anchors`",
            ) from None

    def _proof(self, seq: str, known: str) -> str:
        text = f"{seq} {known}"
        return self.keys.pseudonym("mark", text)


def begin(home: Path, keys: Keys) -> None:
    """Give a new project its id, and put its own mark at zero."""
    project_id = secrets.token_hex(8)
    write_file(home / "project.id", project_id.encode())
    marks = Marks(home, keys)
    marks.begin(home / MARK, (0, GENESIS))


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes (flock). The lock ends with the process, however it ends."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        msg = "this file, which processes lock, cannot be opened"
        raise outages.of_system(error) or DamagedError(msg, file=path, hint="remove it") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
