"""An engine's life: starting, settings, encryption, the end."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import duckdb

from segmenter.engine.duckdb import extension, warmup
from segmenter.engine.duckdb.errors import fixed_errors
from segmenter.engine.duckdb.spill import own_folder
from segmenter.engine.quoting import quoted
from segmenter.errors import EngineError

GIBIBYTE = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """What the engine may use: `memory` in bytes, `threads`."""

    memory: int
    threads: int

    @classmethod
    def of_machine(cls) -> Limits:
        """Half of the machine's memory, at most 5 GiB, and all cores.

        `SEGMENTER_MEMORY` (bytes) and `SEGMENTER_THREADS` say otherwise.
        """
        page = os.sysconf("SC_PAGE_SIZE")
        whole = page * os.sysconf("SC_PHYS_PAGES")
        usual_memory = min(whole // 2, 5 * GIBIBYTE)
        usual_threads = len(os.sched_getaffinity(0))
        memory = os.environ.get("SEGMENTER_MEMORY") or usual_memory
        threads = os.environ.get("SEGMENTER_THREADS") or usual_threads
        return cls(int(memory), int(threads))


@dataclass(slots=True)
class Connection:
    """One in-memory DuckDB; see `DuckDBEngine`.

    `check` may refuse a file before it is attached to be read.
    """

    spill: Path
    file_key: str | None
    limits: Limits = field(default_factory=Limits.of_machine)
    check: Callable[[Path], None] | None = None
    _connection: duckdb.DuckDBPyConnection | None = None
    _folder: Path | None = None
    _held: int | None = None

    def __enter__(self) -> Self:
        self.spill.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._held = own_folder(self.spill)
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        self._connection = self._connected()
        megabytes = self.limits.memory // 1_000_000
        settings = {
            "temp_directory": quoted(str(self._folder)),
            "memory_limit": f"'{megabytes}MB'",
            "threads": int(self.limits.threads),
        }
        statements = [f"SET {name} = {value}" for name, value in settings.items()]
        self._run("; ".join(statements), "cannot start")

    def _run(
        self, statement: str, message: str, values: Mapping[str, object] | None = None
    ) -> None:
        """Run a statement. If it fails, the error is `message`: DuckDB's own holds row values."""
        with fixed_errors(message):
            self.connection.execute(statement, values)

    def _fetched(
        self, query: str, message: str, values: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """All rows of a query. If it fails, the error is `message`."""
        with fixed_errors(message):
            return self.connection.execute(query, values).fetchall()

    def _connected(self) -> duckdb.DuckDBPyConnection:
        try:
            return warmup.connected(encrypted=self.file_key is not None)
        except duckdb.Error:
            msg = "files cannot be encrypted: DuckDB's httpfs extension (OpenSSL) is not available"
            hint = (
                "install duckdb-extension-httpfs of the same version, name DuckDB's own file in "
                f"{extension.VARIABLE}, or set `encryption: off` in policy.yml"
            )
            raise EngineError(msg, hint=hint) from None

    def __exit__(self, *raised: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def __repr__(self) -> str:
        return "DuckDBEngine()"

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The open connection: for modules of the engine, and for tests that look inside."""
        if self._connection is None:
            msg = "the engine is closed"
            raise EngineError(msg)
        return self._connection

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """All or nothing of what is written meanwhile: one transaction, committed once."""
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
        """Switch external access off: from here on only what is attached can be reached.

        `as_written` may still be asked for.
        """
        with fixed_errors("cannot lock down"):
            self.connection.execute(
                "SET enable_external_access = false;"
                "SET allowed_configs = ['disabled_optimizers'];"
                "SET lock_configuration = true"
            )

    @contextlib.contextmanager
    def as_written(self) -> Iterator[None]:
        """Join in the order that relations are written in.

        The first table streams by, those joined to it are held in memory. For relations whose
        conditions the optimizer takes to keep next to nothing, so that it would hold the large
        table instead.
        """
        with fixed_errors("cannot plan"):
            self.connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        try:
            yield
        finally:
            with fixed_errors("cannot plan"):
                self.connection.execute("RESET disabled_optimizers")
