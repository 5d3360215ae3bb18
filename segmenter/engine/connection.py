"""An engine's life: starting, settings, encryption, files attached, messages that are never passed on."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self, overload

import duckdb

from segmenter.engine import extension, warmup
from segmenter.engine.quoting import named, quoted
from segmenter.engine.scope import Scope
from segmenter.engine.spill import own_folder
from segmenter.errors import Cancelled, EngineError, ProjectKeyError
from segmenter.tables import File, Table, Tables

if TYPE_CHECKING:
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Limits:
    """What the engine may use: `memory` in bytes, `threads`."""

    memory: int
    threads: int

    @classmethod
    def of_machine(cls) -> Limits:
        """Half of the machine's memory (or `SEGMENTER_MEMORY` bytes), at most 5 GiB, and all cores (or `SEGMENTER_THREADS`)."""
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        memory = int(os.environ.get("SEGMENTER_MEMORY") or min(whole // 2, 5 << 30))
        return cls(memory, int(os.environ.get("SEGMENTER_THREADS") or len(os.sched_getaffinity(0))))


@dataclass(slots=True)
class Connection:
    """One in-memory DuckDB with encrypted files attached to it; see `DuckDBEngine`."""

    spill: Path
    file_key: str | None
    limits: Limits = field(default_factory=Limits.of_machine)
    _connection: duckdb.DuckDBPyConnection | None = None
    _folder: Path | None = None
    _held: int | None = None
    _ready: set[str] = field(default_factory=set)
    # Of what this engine itself named: VIEW or TABLE.
    _kinds: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _scopes: list[Scope] = field(default_factory=list)
    _files: dict[Path, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.spill.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._held = own_folder(self.spill)
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _start(self) -> None:
        self._connection = self._connected()
        with fixed_errors("cannot start"):
            settings = {
                "temp_directory": quoted(str(self._folder)),
                "memory_limit": f"'{self.limits.memory // 1_000_000}MB'",
                "threads": int(self.limits.threads),
            }
            self._connection.execute(
                "; ".join(f"SET {name} = {value}" for name, value in settings.items())
            )

    def _connected(self) -> duckdb.DuckDBPyConnection:
        try:
            return warmup.connected(encrypted=self.file_key is not None)
        except duckdb.Error:
            msg = "files cannot be encrypted: DuckDB's httpfs extension (OpenSSL) is not available"
            wanted = (
                "install duckdb-extension-httpfs of the same version, name DuckDB's own file in "
                f"{extension.VARIABLE}, or set `encryption: off` in policy.yml"
            )
            raise EngineError(msg, hint=wanted) from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        if self._held is not None:
            os.close(self._held)
            self._held = None
        self._ready.clear()
        self._kinds.clear()
        self._scopes.clear()
        self._files.clear()

    def __repr__(self) -> str:
        return "DuckDBEngine()"

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The open connection: for the modules of the engine alone, and for tests that look inside."""
        if self._connection is None:
            msg = "the engine is closed"
            raise EngineError(msg)
        return self._connection

    # -- files -------------------------------------------------------------------------------------

    @overload
    def attach(self, alias: Path) -> Tables: ...

    @overload
    def attach(
        self, alias: str, path: Path, *, write: bool = False, logged: bool = True
    ) -> None: ...

    def attach(
        self,
        alias: str | Path,
        path: Path | None = None,
        *,
        write: bool = False,
        logged: bool = True,
    ) -> Tables | None:
        """Attach an encrypted file to read its tables, until the scope around it ends.

        By names: attach it under `alias`, read-only unless `write`.
        """
        if isinstance(alias, Path):
            return self._tables_of(self._read(alias))
        assert path is not None
        self._attach(alias, path, write=write, logged=logged)
        return None

    @contextlib.contextmanager
    def writing(self, path: Path, *, logged: bool = True) -> Iterator[File]:
        """A file to write tables into, complete on disk at the end and for its owner alone.

        A file that is of no use before it is complete need not be `logged`: it is written at the
        end, and only then.
        """
        alias = self._fresh("file")
        had_tables = path.exists()
        self._attach(alias, path, write=True, logged=logged)
        try:
            yield File(alias, self._tables_of(alias) if had_tables else Tables())
        except BaseException:
            with contextlib.suppress(EngineError, Cancelled):
                self.detach(alias)
            raise
        self.detach(alias)

    def _read(self, path: Path) -> str:
        """The alias of a file that is attached to be read; a file is attached once."""
        known = self._files.get(path.absolute())
        if known is not None:
            return known
        alias = self._fresh("file")
        self._attach(alias, path)
        if self._scopes:
            self._scopes[-1].attached.append(alias)
        return alias

    def _attach(self, alias: str, path: Path, *, write: bool = False, logged: bool = True) -> None:
        options = [] if self.file_key is None else [f"ENCRYPTION_KEY {quoted(self.file_key)}"]
        options += ["STORAGE_VERSION 'v1.5.0'"] if write else ["READ_ONLY"]
        options += [] if logged else ["RECOVERY_MODE NO_WAL_WRITES"]
        try:
            self.connection.execute(
                f"ATTACH {quoted(str(path))} AS {named(alias)} ({', '.join(options)})"
            )
            if write:
                path.chmod(0o600)
        except duckdb.Error as error:
            if "encrypt" in str(error).lower():
                msg = "an encrypted file of the project cannot be opened with this key"
                raise ProjectKeyError(msg, file=path) from None
            msg = "a file of the project cannot be opened"
            raise EngineError(msg, file=path) from None
        except OSError:
            raise EngineError("a file of the project cannot be kept private", file=path) from None
        self._files[path.absolute()] = alias

    def _tables_of(self, alias: str) -> Tables:
        return Tables({name: Table(f"{alias}.{name}") for name in self.tables(alias)})

    def tables(self, alias: str) -> list[str]:
        """The tables of an attached file."""
        with fixed_errors("cannot read a file"):
            found = self.connection.execute(f"SHOW TABLES FROM {named(alias)}").fetchall()
        return sorted(name for (name,) in found)

    def detach(self, alias: str) -> None:
        """Detach a file; what was written is checkpointed and complete on disk."""
        with fixed_errors("cannot close a file"):
            self.connection.execute(f"DETACH {named(alias)}")
        self._files = {path: known for path, known in self._files.items() if known != alias}

    # -- scopes ------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def scope(self) -> Iterator[Scope]:
        """A stretch of work: tables made and files attached meanwhile go at its end, but for what it keeps."""
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
        kinds = {name: self._kinds.pop(name) for name in scope.made if name in self._kinds}
        drops = [f"DROP {kind} IF EXISTS temp.{named(name)}" for name, kind in kinds.items()]
        if drops:
            with fixed_errors("cannot drop a table"):
                self.connection.execute("; ".join(drops))
        for alias in scope.attached:
            self.detach(alias)

    def _fresh(self, stem: str) -> str:
        """A name that nothing else in this engine has."""
        return f"{stem}__{next(self._numbers)}"

    def _made(self, name: str, kind: str) -> Table:
        """Note what was made under a fresh name."""
        self._kinds[name] = kind
        if self._scopes:
            self._scopes[-1].made.append(name)
        return Table(name)

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """All or nothing of what is written meanwhile: one transaction, so that many small changes are committed once."""
        with fixed_errors("cannot begin to write"):
            self.connection.execute("BEGIN")
        try:
            yield
        except BaseException:
            with contextlib.suppress(duckdb.Error):
                self.connection.execute("ROLLBACK")
            raise
        with fixed_errors("cannot write a file"):
            self.connection.execute("COMMIT")

    def lock_down(self) -> None:
        """Switch external access off: from here on only what is attached can be reached."""
        with fixed_errors("cannot lock down"):
            self.connection.execute(
                "SET enable_external_access = false;"
                "SET allowed_configs = ['disabled_optimizers'];"  # `as_written` is asked for later too
                "SET lock_configuration = true"
            )

    @contextlib.contextmanager
    def as_written(self) -> Iterator[None]:
        """Join in the order that relations are written in: the first table streams by, those joined to it are held in memory.

        For relations whose conditions the optimizer takes to keep next to nothing, so that it would
        hold the large table instead.
        """
        with fixed_errors("cannot plan"):
            self.connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        try:
            yield
        finally:
            with fixed_errors("cannot plan"):
                self.connection.execute("RESET disabled_optimizers")


@contextlib.contextmanager
def fixed_errors(message: str) -> Iterator[None]:
    """Turn the engine's errors, whose texts hold row values, into ours."""
    try:
        yield
    except duckdb.InterruptException:
        raise Cancelled("cancelled") from None
    except duckdb.OutOfMemoryException:
        raise EngineError(
            f"{message}: out of memory or disk", hint="free space, or set SEGMENTER_MEMORY"
        ) from None
    except (duckdb.IOException, OSError):
        raise EngineError(f"{message}: the disk could not be read or written") from None
    except duckdb.Error as error:
        raise EngineError(f"{message} ({type(error).__name__})") from None
