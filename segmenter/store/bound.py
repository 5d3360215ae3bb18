"""Files bound to the journal: under a name lies the file that the journal's chain has for it (P4).

The entry that puts a file in use also says its hash (`bound`). An older snapshot, list, register or
state under a newer one's name is refused, and so is one of another project or a damaged one. Before
a file is written anew, an entry says the hash that it will have, and the one that it has until then
(`bound_before`), so that a kill in between leaves nothing unexplained. A file that no entry has a
hash of is of an earlier version of this program; it is bound when it is written next.

A whole file is hashed once, and again if its size, times or place on the disk are others.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter import outages
from segmenter.errors import DamagedError
from segmenter.private.files import PART, new_file, write_file

if TYPE_CHECKING:
    from segmenter.journal.journal import Journal, JournalEntry

FILES = "bound"  # of an entry: the hash of each file that it puts in use, by its name
BEFORE = "bound_before"  # of an entry: the hash that a file has until it is written anew
REWRITTEN = "rewrite"  # the journal kind of an entry before a file is written anew
FOLDERS = ("snapshots", "states", "registers", "suppressions")
SEEN = "verified"  # the private file of what was hashed already
BLOCK = 1 << 20
HINTS = {
    "snapshots": "restore it from a backup; or remove it and run `segmenter ingest`: "
    "opt-outs that no source has any more are lost then",
    "states": "remove it: it is made again",
    "registers": "restore it from a backup: recalls and caps need it",
    "suppressions": "restore it from a backup, or import its lists again",
}

Mark = tuple[int, int, int, int]  # size, both times, place on the disk


@dataclass(frozen=True, slots=True)
class Known:
    """The hash that the journal has for a file, and the one that may still stand."""

    digest: str
    before: str | None = None

    def allows(self, digest: str) -> bool:
        """Whether a file of this hash is the right one."""
        return digest in (self.digest, self.before)


@dataclass(slots=True)
class Bound:
    """The bound files of one project."""

    journal: Journal
    _known: dict[str, Known] = field(default_factory=dict, repr=False)
    _last: JournalEntry | None = field(default=None, repr=False)
    _seen: dict[str, tuple[Mark, str]] | None = field(default=None, repr=False)

    @property
    def home(self) -> Path:
        """The project's private folder."""
        return self.journal.home

    # -- checking ----------------------------------------------------------------------------------

    def require(self, path: Path) -> None:
        """Refuse (`DamagedError`) a file that is not the one that the journal has for its name."""
        name = self.name_of(path)
        if name is None or not path.is_file():
            return
        if self._fits(name, path) or self._fits(name, path, anew=True):
            return
        raise not_the_one(path)

    def is_bound(self, path: Path) -> bool:
        """Whether the journal has a hash for a file, and the file has it."""
        name = self.name_of(path)
        if name is None or not path.is_file():
            return False
        if self.known(name) is None and not self.journal.is_deciding:
            self.journal.read()
        return self.known(name) is not None and self._fits(name, path)

    def require_all(self) -> int:
        """Check every bound file that is there; returns how many. Nothing seen before counts."""
        self._seen = {}
        checked = 0
        for name in sorted(self._read()):
            path = self.home / name
            if os.path.lexists(path):
                if not path.is_file():
                    raise not_the_one(path)
                self.require(path)
                checked += 1
        return checked

    def _fits(self, name: str, path: Path, *, anew: bool = False) -> bool:
        """Whether a file has a hash that is allowed; `anew` reads the journal again before."""
        if anew and not self.journal.is_deciding:
            self.journal.read()
        known = self.known(name)
        return known is None or known.allows(self.digest(path))

    def known(self, name: str) -> Known | None:
        """What the journal has for a name, as far as it was read."""
        return self._read().get(name)

    def name_of(self, path: Path) -> str | None:
        """The name of a file in the private folder, None for what is never bound."""
        try:
            name = path.absolute().relative_to(self.home.absolute())
        except ValueError:
            return None
        is_bound = str(name.parent) in FOLDERS and PART not in name.name
        return name.as_posix() if is_bound else None

    def _read(self) -> dict[str, Known]:
        """Take in the entries that came since last time; all of them if the last one is gone."""
        entries = self.journal.entries or self.journal.read()
        last = self._last
        start = 0 if last is None else last.seq
        if last is not None and (start > len(entries) or entries[start - 1].hash != last.hash):
            self._known, start = {}, 0
        self._known.update(bound_by(entries[start:]))
        self._last = entries[-1] if entries else None
        return self._known

    # -- binding -----------------------------------------------------------------------------------

    def files(self, *paths: Path) -> dict[str, dict[str, str]]:
        """What an entry says of files that it puts in use: to be merged into its body."""
        digests = {}
        for path in paths:
            name = self.name_of(path)
            if name is not None and path.is_file():
                digests[name] = self.digest(path)
        return {FILES: digests} if digests else {}

    def settled(self) -> dict[str, dict[str, str]]:
        """What an entry says of files whose writing anew is over, or was cut off: as they stand."""
        stands = {}
        for name, known in self._read().items():
            path = self.home / name
            if known.before is not None and path.is_file():
                digest = self.digest(path)
                if not known.allows(digest):
                    raise not_the_one(path)
                stands[name] = digest
        return {FILES: stands} if stands else {}

    @contextmanager
    def rewriting(self, actor: str, path: Path) -> Iterator[Path]:
        """Like `new_file`, for a file that is bound: the journal is told before it is replaced."""
        with new_file(path, ready=lambda part: self._announce(actor, path, part)) as part:
            yield part

    def _announce(self, actor: str, path: Path, part: Path) -> None:
        name = self.name_of(path)
        known = None if name is None else self.known(name)
        if name is None or (known is None and not path.is_file()):
            return
        body: dict[str, Mapping[str, str]] = {FILES: {name: self._hashed(part)}}
        if path.is_file():
            body[BEFORE] = {name: self.digest(path)}
        self.journal.append(actor, REWRITTEN, body)

    def bind_anew(self, actor: str) -> tuple[str, ...]:
        """Bind files that are not the ones that the journal has, as they stand; gives their names.

        Only a recovery does this, for an officer who then looks at them.
        """
        others = {}
        for name, known in self._read().items():
            path = self.home / name
            if path.is_file() and not known.allows(self.digest(path)):
                others[name] = self.digest(path)
        if others:
            self.journal.append(actor, REWRITTEN, {FILES: others})
        return tuple(sorted(others))

    # -- hashing -----------------------------------------------------------------------------------

    def digest(self, path: Path) -> str:
        """The keyed hash of a file's whole content, known from before if nothing changed."""
        name = str(path.relative_to(self.home))
        mark = _mark(path.stat())
        seen = self._load().get(name)
        if seen is not None and seen[0] == mark:
            return seen[1]
        digest = self._hashed(path)
        if _mark(path.stat()) == mark:
            self._load()[name] = (mark, digest)
            self._save()
        return digest

    def _hashed(self, path: Path) -> str:
        hashed = hashlib.blake2b(key=self.journal.keys.derive("segmenter/bound/1"), digest_size=32)
        try:
            with path.open("rb", buffering=0) as file:
                while block := file.read(BLOCK):
                    hashed.update(block)
        except OSError as error:
            raise outages.of_system(error) or not_the_one(path) from None
        return hashed.hexdigest()

    def _load(self) -> dict[str, tuple[Mark, str]]:
        if self._seen is None:
            self._seen = self._stored()
        return self._seen

    def _stored(self) -> dict[str, tuple[Mark, str]]:
        """What was seen before; nothing if that cannot be read, or is not ours."""
        try:
            text, proof = (self.home / SEEN).read_text(encoding="utf-8").splitlines()
            if proof != self.journal.keys.pseudonym(SEEN, text):
                return {}
            rows = json.loads(text)
        except (OSError, ValueError):
            return {}
        return {name: (tuple(mark), digest) for name, mark, digest in rows}

    def _save(self) -> None:
        """Write down what was seen, with what others wrote meanwhile."""
        rows = []
        for name, (mark, digest) in sorted({**self._stored(), **self._load()}.items()):
            if (self.home / name).is_file():
                rows.append([name, list(mark), digest])
        text = json.dumps(rows)
        with suppress(OSError):  # then it is hashed again
            content = f"{text}\n{self.journal.keys.pseudonym(SEEN, text)}\n"
            write_file(self.home / SEEN, content.encode())


def bound_by(entries: Iterable[JournalEntry]) -> dict[str, Known]:
    """The files that entries bind; of each name the last word."""
    known = {}
    for entry in entries:
        before = entry.body.get(BEFORE, {})
        for name, digest in entry.body.get(FILES, {}).items():
            known[name] = Known(digest, before.get(name))
    return known


def not_the_one(path: Path) -> DamagedError:
    """The refusal of a file that is damaged, or not the one that the journal has for its name."""
    return DamagedError(
        "this file is damaged, or not the one that the journal has under its name",
        file=path,
        hint=HINTS.get(path.parent.name, "restore it from a backup"),
    )


def missing(path: Path) -> DamagedError:
    """The refusal for a file that is gone."""
    hint = HINTS.get(path.parent.name, "restore it from a backup")
    return DamagedError("this file is missing", file=path, hint=hint)


def _mark(stat: os.stat_result) -> Mark:
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino
