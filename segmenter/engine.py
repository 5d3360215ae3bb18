"""The query engine: the only module that imports duckdb.

`Engine` is what the stages see: materialise a composed relation, fetch a small or a columnar result, write a file. `DuckDBEngine`
keeps the promises of the house: patient data lives in encrypted files, spills are encrypted and go to the project's own folder,
external access is off once everything is attached, and no message of the engine is ever passed on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import duckdb

from segmenter import relations
from segmenter.errors import Cancelled, EngineError, ProjectKeyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import TracebackType

    import polars as pl

    from segmenter.relations import Structure



class Engine(Protocol):
    """What a stage may ask of an engine."""

    def make(self, table: str, relation: str, values: Mapping[str, object] | None = None, structure: Structure | None = None) -> None:
        """Materialise `relation` as `table` (`alias.table` for an attached file, a temporary table otherwise)."""

    def rows(self, relation: str, values: Mapping[str, object] | None = None, structure: Structure | None = None) -> list[tuple[Any, ...]]:
        """All rows of a small result."""

    def frame(self, relation: str, values: Mapping[str, object] | None = None, structure: Structure | None = None) -> pl.DataFrame:
        """A result as a polars frame."""


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


LONGEST_LINE = 2_000_000  # characters of one record of a delimited file
_NO_TEXT = "\x02no text is this\x03"


@dataclass(frozen=True, slots=True)
class CsvScan:
    """How to read one delimited file: `columns` names, for each column of the table, the file's (`c0`, `c1`, ...) or None."""

    path: str
    file: int
    width: int
    columns: Sequence[str | None]
    delimiter: str
    skip: int
    compression: str | None = None


@dataclass(frozen=True, slots=True)
class ParquetScan:
    """A Parquet file that is read where it lies: `columns` names, for each of ours, the file's or None; `first` is its first `raw_row`."""

    path: str
    origin: str
    columns: Mapping[str, str | None]
    first: int


@dataclass(slots=True)
class DuckDBEngine:
    """One in-memory DuckDB with encrypted files attached to it.

    Use as a context manager. `spill` is the folder under which the engine makes its own temporary folder, removed at the end.
    `file_key` is the text key of encrypted files; None means plain files (policy `encryption: off`).
    """

    spill: Path
    file_key: str | None
    limits: Limits = field(default_factory=Limits.of_machine)
    _connection: duckdb.DuckDBPyConnection | None = None
    _folder: Path | None = None
    _held: int | None = None
    _ready: set[str] = field(default_factory=set)

    def __enter__(self) -> Self:
        self.spill.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._held = _own_folder(self.spill)
        try:
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _start(self) -> None:
        with _fixed_errors("cannot start"):
            self._connection = duckdb.connect(
                config={
                    "autoinstall_known_extensions": False,
                    "autoload_known_extensions": False,
                    "temp_directory": str(self._folder),
                    "temp_file_encryption": True,
                    "memory_limit": f"{self.limits.memory // 1_000_000}MB",
                    "threads": self.limits.threads,
                    "preserve_insertion_order": False,
                }
            )
            self._connection.execute("SET TimeZone = 'UTC'")
            with contextlib.suppress(duckdb.InvalidInputException):  # a notebook without widgets has none to switch off
                self._connection.execute("SET enable_progress_bar = false")  # it would write to standard output
            if self.file_key is not None:
                self._load_encryption()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
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

    def __repr__(self) -> str:
        return "DuckDBEngine()"

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The open connection; for this module and `sources` readers that bind files."""
        if self._connection is None:
            msg = "the engine is closed"
            raise EngineError(msg)
        return self._connection

    def _load_encryption(self) -> None:
        try:
            extension = _extension_file()
            if extension is not None:
                self.connection.execute(f"LOAD {_quoted(str(extension))}")
            else:
                self.connection.execute("INSTALL httpfs")
                self.connection.execute("LOAD httpfs")
        except duckdb.Error:
            msg = "files cannot be encrypted: DuckDB's httpfs extension (OpenSSL) is not available"
            wanted = "install duckdb-extension-httpfs of the same version, or set `encryption: off` in policy.yml"
            raise EngineError(msg, hint=wanted) from None

    # -- files ---------------------------------------------------------------------------------------------------------

    def attach(self, alias: str, path: Path, *, write: bool = False) -> None:
        """Attach an encrypted DuckDB file under `alias`, read-only unless `write`. Its tables become ready relations."""
        options = [] if self.file_key is None else [f"ENCRYPTION_KEY {_quoted(self.file_key)}"]
        options += ["STORAGE_VERSION 'v1.5.0'"] if write else ["READ_ONLY"]
        try:
            self.connection.execute(f"ATTACH {_quoted(str(path))} AS {_name(alias)} ({', '.join(options)})")
        except duckdb.Error as error:
            if "encrypt" in str(error).lower():
                msg = "an encrypted file of the project cannot be opened with this key"
                raise ProjectKeyError(msg, file=path) from None
            msg = "a file of the project cannot be opened"
            raise EngineError(msg, file=path) from None

    def detach(self, alias: str) -> None:
        """Detach a file; what was written is checkpointed and complete on disk."""
        with _fixed_errors("cannot close a file"):
            self.connection.execute(f"DETACH {_name(alias)}")

    def lock_down(self) -> None:
        """Switch external access off: from here on only what is attached can be reached."""
        with _fixed_errors("cannot lock down"):
            self.connection.execute("SET enable_external_access = false")
            self.connection.execute("SET lock_configuration = true")

    def expose(self, alias: str, names: Sequence[str] | None = None, prefix: str = "") -> None:
        """Make the tables of an attached file readable by their bare names (views), so that relations can name them."""
        for table in names if names is not None else self.tables(alias):
            with _fixed_errors("cannot read a file"):
                self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {_name(prefix + table)} AS FROM {_name(alias)}.{_name(table)}")
            self._ready.add(prefix + table)

    @contextlib.contextmanager
    def as_written(self) -> Iterator[None]:
        """Join in the order that relations are written in: the first table streams by, those joined to it are held in memory.

        For relations whose conditions the optimizer takes to keep next to nothing, so that it would hold the large table instead.
        """
        with _fixed_errors("cannot plan"):
            self.connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        try:
            yield
        finally:
            with _fixed_errors("cannot plan"):
                self.connection.execute("RESET disabled_optimizers")

    def forget(self, names: Sequence[str]) -> None:
        """Drop temporary views and tables by their bare names, where they exist."""
        for name in names:
            with _fixed_errors("cannot drop a table"):
                found = self.connection.execute(
                    "SELECT 'VIEW' FROM duckdb_views() WHERE temporary AND view_name = $name"
                    " UNION ALL SELECT 'TABLE' FROM duckdb_tables() WHERE temporary AND table_name = $name",
                    {"name": name},
                ).fetchall()
                for (kind,) in found:
                    self.connection.execute(f"DROP {kind} temp.{_name(name)}")
            self._ready.discard(name)

    def narrow(self, alias: str, names: Sequence[str], keys: str, without: Sequence[str] = ()) -> None:
        """Make the bare names of an attached file's tables mean only the rows of the patients in the table `keys`; `widen` undoes it.

        The columns `without` are left out: a column that nobody reads need not be unpacked.
        """
        for name in names:
            self.forget([name])
            columns = ", ".join(_name(c) for c in self.columns(f"{alias}.{name}") if c not in without)
            with _fixed_errors("cannot read a file"):
                self.connection.execute(
                    f"CREATE TEMP TABLE {_name(name)} AS SELECT {columns} FROM {_name(alias)}.{_name(name)}"
                    f" WHERE patient IN (SELECT patient FROM {_name(keys)})"
                )
            self._ready.add(name)

    def widen(self, alias: str, names: Sequence[str]) -> None:
        """Undo `narrow`: the bare names mean whole tables again."""
        self.forget(names)
        self.expose(alias, names)

    def tables(self, alias: str) -> list[str]:
        """The tables of an attached file."""
        with _fixed_errors("cannot read a file"):
            found = self.connection.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = ? ORDER BY 1", [alias]).fetchall()
        return [name for (name,) in found]

    def columns(self, table: str) -> list[str]:
        """The column names of a ready table."""
        with _fixed_errors("cannot read a table"):
            return [row[0] for row in self.connection.execute(f"DESCRIBE {_dotted(table)}").fetchall()]

    def kinds(self, table: str) -> dict[str, str]:
        """The column names of a ready table, with their types."""
        with _fixed_errors("cannot read a table"):
            return {row[0]: row[1] for row in self.connection.execute(f"DESCRIBE {_dotted(table)}").fetchall()}

    # -- relations -----------------------------------------------------------------------------------------------------

    def make(self, table: str, relation: str, values: Mapping[str, object] | None = None, structure: Structure | None = None) -> None:
        """Materialise a relation as a table; a temporary one unless `table` is `alias.name`."""
        composed, bound = self._composed(relation, values, structure)
        kind = "TABLE" if "." in table else "TEMP TABLE"
        with _fixed_errors(f"relation {relation} failed"):
            self.connection.execute(f"CREATE OR REPLACE {kind} {_dotted(table)} AS {composed.sql}", bound)
        if "." not in table:
            self._ready.add(table)

    def view(self, name: str, relation: str, structure: Structure | None = None) -> None:
        """Name a relation without computing it; it takes no bound values, constants come in through `structure`."""
        composed, _ = self._composed(relation, None, structure)
        with _fixed_errors(f"relation {relation} failed"):
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {_name(name)} AS {composed.sql}")
        self._ready.add(name)

    def alias(self, name: str, table: str) -> None:
        """Let relations read a table under another name (a view)."""
        with _fixed_errors("cannot name a table"):
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {_name(name)} AS FROM {_dotted(table)}")
        self._ready.add(name)

    def add(self, table: str, relation: str, values: Mapping[str, object] | None = None, structure: Structure | None = None) -> None:
        """Append a relation's rows to an existing table, by column name."""
        composed, bound = self._composed(relation, values, structure)
        with _fixed_errors(f"relation {relation} failed"):
            self.connection.execute(f"INSERT INTO {_dotted(table)} BY NAME {composed.sql}", bound)

    def rows(self, relation: str, values: Mapping[str, object] | None = None, structure: Structure | None = None) -> list[tuple[Any, ...]]:
        """All rows of a relation, as Python values. For small results."""
        composed, bound = self._composed(relation, values, structure)
        with _fixed_errors(f"relation {relation} failed"):
            return self.connection.execute(composed.sql, bound).fetchall()

    def frame(self, relation: str, values: Mapping[str, object] | None = None, structure: Structure | None = None) -> pl.DataFrame:
        """A relation as a polars frame, handed over as Arrow columns."""
        import polars as pl

        composed, bound = self._composed(relation, values, structure)
        with _fixed_errors(f"relation {relation} failed"):
            return pl.DataFrame(self.connection.sql(composed.sql, params=bound))

    def load(self, table: str, frame: pl.DataFrame) -> None:
        """Make a temporary table (or `alias.table`) from a polars frame."""
        kind = "TABLE" if "." in table else "TEMP TABLE"
        with _fixed_errors("cannot load a frame"):
            self.connection.register("_frame", _ArrowStream(frame))
            try:
                self.connection.execute(f"CREATE OR REPLACE {kind} {_dotted(table)} AS FROM _frame")
            finally:
                self.connection.unregister("_frame")
        if "." not in table:
            self._ready.add(table)

    def drop(self, table: str) -> None:
        """Drop a table if it exists."""
        with _fixed_errors("cannot drop a table"):
            self.connection.execute(f"DROP TABLE IF EXISTS {_dotted(table)}")
        self._ready.discard(table)

    def copy_out(self, table: str, path: Path, options: str) -> None:
        """Write a table's rows to a file with COPY. `options` is one of this program's own constants, never a user's text."""
        with _fixed_errors("cannot write a file"):
            self.connection.execute(f"COPY (FROM {_dotted(table)}) TO {_quoted(str(path))} ({options})")

    def write_out(
        self, relation: str, path: Path, options: str, values: Mapping[str, object] | None = None, structure: Structure | None = None
    ) -> None:
        """Write a relation's rows, in its own order, to a file or pipe with COPY. `options` is one of this program's own constants."""
        composed, bound = self._composed(relation, values, structure)
        with _fixed_errors("cannot write a file"):
            self.connection.execute(f"COPY ({composed.sql}) TO {_quoted(str(path))} ({options})", bound)

    # -- reading files into staging tables (for `sources`) ---------------------------------------------------------------

    def create(self, table: str, columns: Mapping[str, str]) -> None:
        """Make an empty table (temporary unless `alias.table`); `columns` maps a name to its type."""
        kind = "TABLE" if "." in table else "TEMP TABLE"
        fields = ", ".join(f"{_name(name)} {sort}" for name, sort in columns.items())
        with _fixed_errors("cannot make a table"):
            self.connection.execute(f"CREATE OR REPLACE {kind} {_dotted(table)} ({fields})")
        if "." not in table:
            self._ready.add(table)

    def append(self, table: str, frame: pl.DataFrame) -> None:
        """Append a polars frame's rows to a table, by column name."""
        with _fixed_errors("cannot load a frame"):
            self.connection.register("_frame", _ArrowStream(frame))
            try:
                self.connection.execute(f"INSERT INTO {_dotted(table)} BY NAME FROM _frame")
            finally:
                self.connection.unregister("_frame")

    def delete(self, table: str, column: str, value: str) -> None:
        """Delete a table's rows that have this value."""
        with _fixed_errors("cannot change a table"):
            self.connection.execute(f"DELETE FROM {_dotted(table)} WHERE {_name(column)} = $value", {"value": value})

    def has(self, table: str) -> bool:
        """Whether a ready relation of this name exists."""
        return table in self._ready

    def append_table(self, table: str, other: str) -> None:
        """Append one table's rows to another, by column name."""
        with _fixed_errors("cannot copy a table"):
            self.connection.execute(f"INSERT INTO {_dotted(table)} BY NAME FROM {_dotted(other)}")

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with _fixed_errors("cannot read a table"):
            found = self.connection.execute(f"SELECT count(*) FROM {_dotted(table)}").fetchone()
        return int(found[0]) if found else 0

    def append_csv(self, table: str, scan: CsvScan) -> bool:
        """Append a delimited file in the order of its rows; False, and nothing appended, where any line of it is not clean."""
        fields = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(scan.width))
        options = (
            f"auto_detect = false, columns = {{{fields}}}, delim = {_quoted(scan.delimiter)}, quote = '\"', escape = '\"', header = false, "
            f"skip = {scan.skip}, nullstr = {_quoted(_NO_TEXT)}, encoding = 'utf-8', strict_mode = true, max_line_size = {LONGEST_LINE}"
        )
        if scan.compression is not None:
            options += f", compression = {_quoted(scan.compression)}"
        return self._append_ordered(table, f"read_csv({_quoted(_literal(scan.path))}, {options})", scan.file, scan.columns, "NULL")

    def text_lines(self, path: str, compression: str | None, most: int | None = None) -> Iterator[bytes]:
        """The lines of a text file that only the engine can fetch (over the network, Zstandard); empty lines are left out.

        Raises `EngineError` where the file cannot be read.
        """
        options = (
            "auto_detect = false, columns = {'line': 'VARCHAR'}, delim = chr(1), quote = '', escape = '', header = false, "
            f"nullstr = {_quoted(_NO_TEXT)}, encoding = 'latin-1', strict_mode = false, max_line_size = {LONGEST_LINE}"
        )
        if compression is not None:
            options += f", compression = {_quoted(compression)}"
        bound = "" if most is None else f" LIMIT {int(most)}"
        with _fixed_errors("cannot read a source"):
            self.connection.execute("SET preserve_insertion_order = true")
            cursor = self.connection.cursor()
            try:
                found = cursor.execute(f"SELECT line FROM read_csv({_quoted(_literal(path))}, {options}){bound}")
                while rows := found.fetchmany(10_000):
                    for (line,) in rows:
                        yield f"{line}\n".encode("latin-1", "replace")
            finally:
                cursor.close()
                self.connection.execute("SET preserve_insertion_order = false")

    def append_parquet(self, table: str, path: str, file: int, columns: Sequence[str | None]) -> bool:
        """Append a Parquet file, every value as text; `columns` names its column for each of the table's, or None."""
        source = f"{_parquet(path)}, file_row_number = true)"
        return self._append_ordered(table, source, file, columns, "file_row_number + 1")

    def parquet_columns(self, path: str) -> list[str] | None:
        """The column names of a Parquet file, or None where it cannot be read."""
        try:
            return [row[0] for row in self.connection.execute(f"DESCRIBE FROM {_parquet(path)})").fetchall()]
        except duckdb.Error:
            return None

    def parquet_rows(self, path: str) -> int | None:
        """How many rows a Parquet file says it has, or None where it cannot be read."""
        try:
            found = self.connection.execute(f"SELECT count(*) FROM {_parquet(path)})").fetchone()
        except duckdb.Error:
            return None
        return int(found[0]) if found else None

    def parquet_whole(self, path: str) -> bool:
        """Whether every value of a Parquet file can be read."""
        try:
            self.connection.execute(f"SELECT max(hash(r)) FROM {_parquet(path)}) AS r").fetchall()
        except duckdb.InterruptException:
            raise Cancelled("cancelled") from None
        except duckdb.Error:
            return False
        return True

    def trim(self, table: str, rows: int) -> None:
        """Take back what was appended to a staging table beyond its first `rows` rows."""
        if self.count(table) > rows:
            with _fixed_errors("cannot read a source"):
                kept = f"CREATE TEMP TABLE _kept AS FROM {_dotted(table)} WHERE rowid < {int(rows)} ORDER BY rowid"
                self.connection.execute(f"{kept}; DROP TABLE {_dotted(table)}; ALTER TABLE _kept RENAME TO {_name(table)}")

    def _append_ordered(self, table: str, source: str, file: int, columns: Sequence[str | None], line: str) -> bool:
        chosen = ", ".join(_text(name) for name in columns)
        try:
            self.connection.execute("SET preserve_insertion_order = true")
            self.connection.execute(f"INSERT INTO {_dotted(table)} SELECT {int(file)}, {line}, {chosen} FROM {source}")
        except duckdb.InterruptException:
            raise Cancelled("cancelled") from None
        except duckdb.OutOfMemoryException:
            raise EngineError("cannot read a source: out of memory or disk") from None
        except duckdb.Error:
            return False
        finally:
            self.connection.execute("SET preserve_insertion_order = false")
        return True

    def place_column(self, view: str, table: str, column: str) -> None:
        """Name one column of a ready table `view`, called patient_id there."""
        with _fixed_errors("cannot read a table"):
            query = f"SELECT {_name(column)} AS patient_id FROM {_dotted(table)}"
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {_name(view)} AS {query}")
        self._ready.add(view)

    def place(self, view: str, table: str, files: str, columns: Mapping[str, str], scans: Sequence[ParquetScan] = ()) -> None:
        """Name staged rows `view`: raw_row, raw_origin, raw_line (physical), and `columns` (our name -> the table's column).

        The rows of `scans` come from their files each time the view is read: a row that is read twice is cheaper than one that is copied.
        """
        chosen = "".join(f", r.{_name(theirs)} AS {_name(ours)}" for ours, theirs in columns.items())
        staged = (
            f"SELECT r.rowid AS raw_row, f.origin AS raw_origin, coalesce(r._line, r.rowid - f.first + f.skip + 1) AS raw_line{chosen} "
            f"FROM {_dotted(table)} AS r JOIN {_dotted(files)} AS f ON f.file = r._file"
        )
        parts = [*([staged] if not scans or self.count(table) else []), *map(_scanned, scans)]
        with _fixed_errors("cannot read a table"):
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {_name(view)} AS {' UNION ALL '.join(parts)}")
        self._ready.add(view)

    def _composed(
        self, relation: str, values: Mapping[str, object] | None, structure: Structure | None
    ) -> tuple[relations.Relation, dict[str, object]]:
        composed = relations.compose(relation, structure, frozenset(self._ready))
        given = dict(values or {})
        missing = composed.values - given.keys()
        if missing:
            msg = f"relation {relation} lacks the values {', '.join(sorted(missing))}"
            raise EngineError(msg)
        return composed, {name: given[name] for name in composed.values}


def _own_folder(spill: Path) -> tuple[Path, int]:
    """A new folder for one engine's spills, locked for as long as the process lives; folders of processes that were killed go."""
    with _flocked(spill):
        for left in spill.glob("spill-*"):
            descriptor = os.open(left, os.O_RDONLY)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            os.close(descriptor)
        folder = Path(tempfile.mkdtemp(prefix="spill-", dir=spill))
        held = os.open(folder, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
    return folder, held


@contextlib.contextmanager
def _flocked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class _ArrowStream:
    """A polars frame as a bare Arrow stream, which DuckDB reads without pyarrow."""

    frame: pl.DataFrame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.frame.__arrow_c_stream__(requested_schema)


@contextlib.contextmanager
def _fixed_errors(message: str) -> Iterator[None]:
    """Turn the engine's errors, whose texts hold row values, into ours."""
    try:
        yield
    except duckdb.InterruptException:
        raise Cancelled("cancelled") from None
    except duckdb.OutOfMemoryException:
        raise EngineError(f"{message}: out of memory or disk", hint="free space, or set SEGMENTER_MEMORY") from None
    except (duckdb.IOException, OSError):
        raise EngineError(f"{message}: the disk could not be read or written") from None
    except duckdb.Error as error:
        raise EngineError(f"{message} ({type(error).__name__})") from None


def _extension_file() -> Path | None:
    """The signed extension file of the wheel `duckdb-extension-httpfs` of the same version, if installed."""
    import importlib.util

    spec = importlib.util.find_spec("duckdb_extension_httpfs")
    if spec is None or spec.origin is None:
        return None
    file = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
    return file if file.is_file() else None


def _literal(path: str) -> str:
    """A path as a pattern that matches only itself."""
    return path if "://" in path else "".join(f"[{c}]" if c in "*?[" else c for c in path)


def _parquet(path: str) -> str:
    return f"read_parquet({_quoted(_literal(path))}"


def _text(column: str | None) -> str:
    """A file's column as text, never NULL."""
    return "''" if column is None else f"coalesce(CAST({_name(column)} AS VARCHAR), '')"


def _scanned(scan: ParquetScan) -> str:
    chosen = "".join(f", {_text(theirs)} AS {_name(ours)}" for ours, theirs in scan.columns.items())
    return (
        f"SELECT file_row_number + {int(scan.first)} AS raw_row, {_quoted(scan.origin)} AS raw_origin, "
        f"file_row_number + 1 AS raw_line{chosen} FROM {_parquet(scan.path)}, file_row_number = true)"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _dotted(text: str) -> str:
    return ".".join(_name(part) for part in text.split(".", 1))
