"""Files that are attached, and scopes: what goes at the end of a stretch of work."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from segmenter.engine.duckdb.connection import Connection
from segmenter.engine.duckdb.errors import fixed_errors, outage
from segmenter.engine.quoting import named, quoted
from segmenter.engine.scope import Scope
from segmenter.errors import Cancelled, DamagedError, EngineError, ProjectKeyError, SegmenterError
from segmenter.tables import File, Table, Tables


@dataclass(slots=True, repr=False)
class Files(Connection):
    """What an engine does with files, and with the names that it gives."""

    # Of each temporary table and view: TABLE or VIEW.
    _kinds: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _scopes: list[Scope] = field(default_factory=list)
    # The alias of each attached file.
    _files: dict[Path, str] = field(default_factory=dict)

    def __exit__(self, *raised: object) -> None:
        Connection.__exit__(self, *raised)
        self._kinds.clear()
        self._scopes.clear()
        self._files.clear()

    # -- files -------------------------------------------------------------------------------------

    def attach(self, path: Path, /) -> Tables:
        """The tables of an encrypted file, to be read until the scope around it ends.

        A file that is attached already is not attached again. Raises `ProjectKeyError` if the key
        is not the file's, `DamagedError` if it cannot be opened, or `check` refuses it.
        """
        alias = self._files.get(path.absolute())
        if alias is None:
            alias = self._fresh("file")
            self._attach(alias, path)
            if self._scopes:
                self._scopes[-1].attached.append(alias)
        return self._tables_of(alias)

    @contextlib.contextmanager
    def writing(self, path: Path, /, *, logged: bool = True) -> Iterator[File]:
        """A file to make tables `into`, complete on disk at the end and for its owner alone.

        A file that is of no use before it is complete need not be `logged`: it is written at the
        end, and only then.
        """
        alias = self._fresh("file")
        was_there = path.exists()
        self._attach(alias, path, write=True, logged=logged)
        try:
            yield File(alias, self._tables_of(alias) if was_there else Tables())
        except BaseException:
            with contextlib.suppress(EngineError, Cancelled):
                self._detach(alias)
            raise
        self._detach(alias)

    def _attach(self, alias: str, path: Path, *, write: bool = False, logged: bool = True) -> None:
        if self.check is not None and not write:
            self.check(path)
        options = ["STORAGE_VERSION 'v1.5.0'" if write else "READ_ONLY"]
        if self.file_key is not None:
            options.append(f"ENCRYPTION_KEY {quoted(self.file_key)}")
        if not logged:
            options.append("RECOVERY_MODE NO_WAL_WRITES")
        told = ", ".join(options)
        statement = f"ATTACH {quoted(str(path))} AS {named(alias)} ({told})"
        try:
            self.connection.execute(statement)
            if write:
                path.chmod(0o600)
        except (duckdb.Error, OSError) as error:
            raise outage(error, path) or _unopened(error, path) from None
        self._files[path.absolute()] = alias

    def _detach(self, alias: str) -> None:
        """Let a file go; what was written is checkpointed and complete on disk."""
        statement = f"DETACH {named(alias)}"
        self._run(statement, "cannot close a file")
        for path, known in list(self._files.items()):
            if known == alias:
                del self._files[path]

    def _tables_of(self, alias: str) -> Tables:
        query = f"SHOW TABLES FROM {named(alias)}"
        rows = self._fetched(query, "cannot read a file")
        tables = {}
        for (name,) in sorted(rows):
            tables[name] = Table(f"{alias}.{name}")
        return Tables(tables)

    # -- names and scopes --------------------------------------------------------------------------

    @contextlib.contextmanager
    def scope(self) -> Iterator[Scope]:
        """A stretch of work: tables made and files attached meanwhile go at its end.

        `scope.keep(table)` lets one outlive it.
        """
        scope = Scope(self._scopes[-1] if self._scopes else None)
        self._scopes.append(scope)
        try:
            yield scope
        except BaseException:
            with contextlib.suppress(EngineError, Cancelled):
                self._end(scope)
            raise
        self._end(scope)

    def _end(self, scope: Scope) -> None:
        self._scopes.remove(scope)
        drops = []
        for name in scope.made:
            kind = self._kinds.pop(name, None)
            if kind is not None:
                drops.append(f"DROP {kind} IF EXISTS temp.{named(name)}")
        if drops:
            with fixed_errors("cannot drop a table"):
                self.connection.execute("; ".join(drops))
        for alias in scope.attached:
            self._detach(alias)

    def _fresh(self, stem: str) -> str:
        """A name that nothing else in this engine has."""
        number = next(self._numbers)
        return f"{stem}__{number}"

    def _made(self, name: str, kind: str) -> Table:
        """Note what was made under a fresh name."""
        self._kinds[name] = kind
        if self._scopes:
            self._scopes[-1].made.append(name)
        return Table(name)


def _unopened(error: duckdb.Error | OSError, path: Path) -> SegmenterError:
    """Why a file could not be attached."""
    if isinstance(error, OSError):
        return EngineError("a file of the project cannot be kept private", file=path)
    if "encrypt" in str(error).lower():
        msg = "an encrypted file of the project cannot be opened with this key"
        return ProjectKeyError(msg, file=path)
    return DamagedError("a file of the project cannot be opened", file=path)
