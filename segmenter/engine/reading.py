"""Files that the engine itself reads, for `sources`: delimited, Parquet, texts of the network; and rows named where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from segmenter.engine.connection import fixed_errors
from segmenter.engine.quoting import literal, named, quoted
from segmenter.engine.tables import Filling, in_sql
from segmenter.errors import Cancelled, EngineError
from segmenter.tables import Table

LONGEST_LINE = 2_000_000  # characters of one record of a delimited file
_NO_TEXT = "\x02no text is this\x03"


@dataclass(frozen=True, slots=True)
class CsvScan:
    """How to read one delimited file.

    `columns` names, for each column of the table, the file's (`c0`, `c1`, ...) or None. `header`
    are the cells of its header line, if it has one: a line that repeats them is not a row.
    """

    path: str
    file: int
    width: int
    columns: Sequence[str | None]
    delimiter: str
    skip: int
    header: Sequence[str] = ()
    compression: str | None = None


@dataclass(frozen=True, slots=True)
class ParquetScan:
    """A Parquet file that is read where it lies: `columns` names, for each of ours, the file's or None; `first` is its first `raw_row`."""

    path: str
    origin: str
    columns: Mapping[str, str | None]
    first: int


class Reading(Filling):
    """What an engine does with files."""

    __slots__ = ()

    def append_csv(self, table: str | Table, scan: CsvScan) -> bool:
        """Append a delimited file in the order of its rows.

        False, and nothing appended, if any line of it is not clean: every record has exactly the
        fields of the header, and none repeats the header. The engine itself would drop a field too
        many that is empty; it is given one column more, which has to stay NULL.
        """
        fields = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(scan.width + 1))
        options = (
            f"auto_detect = false, columns = {{{fields}}}, delim = {quoted(scan.delimiter)}, "
            "quote = '\"', escape = '\"', header = false, null_padding = true, "
            f"skip = {scan.skip}, nullstr = {quoted(_NO_TEXT)}, encoding = 'utf-8', "
            f"strict_mode = true, max_line_size = {LONGEST_LINE}"
        )
        if scan.compression is not None:
            options += f", compression = {quoted(scan.compression)}"
        source = f"read_csv({quoted(literal(scan.path))}, {options}) WHERE {_is_clean(scan)}"
        return self._append_ordered(table, source, scan.file, scan.columns, "NULL")

    def append_parquet(
        self, table: str | Table, path: str, file: int, columns: Sequence[str | None]
    ) -> bool:
        """Append a Parquet file, every value as text; `columns` names its column for each of the table's, or None."""
        source = f"{_parquet(path)}, file_row_number = true)"
        return self._append_ordered(table, source, file, columns, "file_row_number + 1")

    def _append_ordered(
        self, table: str | Table, source: str, file: int, columns: Sequence[str | None], line: str
    ) -> bool:
        chosen = ", ".join(_text(name) for name in columns)
        try:
            self.connection.execute("SET preserve_insertion_order = true")
            self.connection.execute(
                f"INSERT INTO {in_sql(table)} SELECT {int(file)}, {line}, {chosen} FROM {source}"
            )
        except duckdb.InterruptException:
            raise Cancelled("cancelled") from None
        except duckdb.OutOfMemoryException:
            raise EngineError("cannot read a source: out of memory or disk") from None
        except duckdb.Error:
            return False
        finally:
            self.connection.execute("SET preserve_insertion_order = false")
        return True

    def trim(self, table: str | Table, rows: int) -> None:
        """Take back what was appended to a staging table beyond its first `rows` rows."""
        if self.count(table) > rows:
            with fixed_errors("cannot read a source"):
                name = table.name if isinstance(table, Table) else table
                kept = f"CREATE TEMP TABLE _kept AS FROM {in_sql(table)} WHERE rowid < {int(rows)} ORDER BY rowid"
                self.connection.execute(
                    f"{kept}; DROP TABLE {in_sql(table)}; ALTER TABLE _kept RENAME TO {named(name)}"
                )

    def text_lines(
        self, path: str, compression: str | None, most: int | None = None
    ) -> Iterator[bytes]:
        """The lines of a text file that only the engine can fetch (over the network, Zstandard); empty lines are left out.

        Raises `EngineError` where the file cannot be read.
        """
        options = (
            "auto_detect = false, columns = {'line': 'VARCHAR'}, delim = chr(1), quote = '', escape = '', header = false, "
            f"nullstr = {quoted(_NO_TEXT)}, encoding = 'latin-1', strict_mode = false, max_line_size = {LONGEST_LINE}"
        )
        if compression is not None:
            options += f", compression = {quoted(compression)}"
        bound = "" if most is None else f" LIMIT {int(most)}"
        with fixed_errors("cannot read a source"):
            self.connection.execute("SET preserve_insertion_order = true")
            cursor = self.connection.cursor()
            try:
                found = cursor.execute(
                    f"SELECT line FROM read_csv({quoted(literal(path))}, {options}){bound}"
                )
                while rows := found.fetchmany(10_000):
                    for (line,) in rows:
                        yield f"{line}\n".encode("latin-1", "replace")
            finally:
                cursor.close()
                self.connection.execute("SET preserve_insertion_order = false")

    def parquet_columns(self, path: str) -> list[str] | None:
        """The column names of a Parquet file, or None where it cannot be read."""
        try:
            return [
                row[0]
                for row in self.connection.execute(f"DESCRIBE FROM {_parquet(path)})").fetchall()
            ]
        except duckdb.Error:
            return None

    def parquet_rows(self, path: str) -> int | None:
        """How many rows a Parquet file says it has, or None where it cannot be read."""
        try:
            rows = self.connection.execute(f"SELECT count(*) FROM {_parquet(path)})").fetchall()
        except duckdb.Error:
            return None
        return int(rows[0][0])

    def parquet_whole(self, path: str) -> bool:
        """Whether every value of a Parquet file can be read."""
        try:
            self.connection.execute(f"SELECT max(hash(r)) FROM {_parquet(path)}) AS r").fetchall()
        except duckdb.InterruptException:
            raise Cancelled("cancelled") from None
        except duckdb.Error:
            return False
        return True

    def placed(
        self,
        table: str | Table,
        files: str | Table,
        columns: Mapping[str, str],
        scans: Sequence[ParquetScan] = (),
    ) -> Table:
        """A view of staged rows: raw_row, raw_origin, raw_line (physical), and `columns` (our name -> the table's column).

        The rows of `scans` come from their files each time the view is read: a row that is read
        twice is cheaper than one that is copied.
        """
        return self._new_view("raw", self._rows_placed(table, files, columns, scans))

    def column(self, table: Table, column: str) -> Table:
        """A view of one column of a table, called patient_id there."""
        query = f"SELECT {named(column)} AS patient_id FROM {in_sql(table)}"
        return self._new_view("column", query)

    def place(
        self,
        view: str,
        table: str,
        files: str,
        columns: Mapping[str, str],
        scans: Sequence[ParquetScan] = (),
    ) -> None:
        """By names: `placed`, as `view`."""
        query = self._rows_placed(table, files, columns, scans)
        with fixed_errors("cannot read a table"):
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {named(view)} AS {query}")
        self._name(view, "VIEW")

    def _rows_placed(
        self,
        table: str | Table,
        files: str | Table,
        columns: Mapping[str, str],
        scans: Sequence[ParquetScan],
    ) -> str:
        chosen = "".join(
            f", r.{named(theirs)} AS {named(ours)}" for ours, theirs in columns.items()
        )
        staged = (
            f"SELECT r.rowid AS raw_row, f.origin AS raw_origin, coalesce(r._line, r.rowid - f.first + f.skip + 1) AS raw_line{chosen} "
            f"FROM {in_sql(table)} AS r JOIN {in_sql(files)} AS f ON f.file = r._file"
        )
        parts = [*([staged] if not scans or self.count(table) else []), *map(_scanned, scans)]
        return " UNION ALL ".join(parts)

    def place_column(self, view: str, table: str, column: str) -> None:
        """By names: `column`, as `view`."""
        with fixed_errors("cannot read a table"):
            query = f"SELECT {named(column)} AS patient_id FROM {in_sql(table)}"
            self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {named(view)} AS {query}")
        self._name(view, "VIEW")


def _is_clean(scan: CsvScan) -> str:
    """A condition that fails the whole reading at the first record that is not clean."""
    faults = [f"c{scan.width - 1} IS NULL", f"c{scan.width} IS NOT NULL"]
    if scan.header:
        repeated = [f"c{i} = {quoted(name)}" for i, name in enumerate(scan.header)]
        faults.append(f"({' AND '.join(repeated)})")
    return f"CASE WHEN {' OR '.join(faults)} THEN CAST(error('not clean') AS BOOLEAN) ELSE TRUE END"


def _text(column: str | None) -> str:
    """A file's column as text, never NULL."""
    return "''" if column is None else f"coalesce(CAST({named(column)} AS VARCHAR), '')"


def _scanned(scan: ParquetScan) -> str:
    chosen = "".join(f", {_text(theirs)} AS {named(ours)}" for ours, theirs in scan.columns.items())
    return (
        f"SELECT file_row_number + {int(scan.first)} AS raw_row, {quoted(scan.origin)} AS raw_origin, "
        f"file_row_number + 1 AS raw_line{chosen} FROM {_parquet(scan.path)}, file_row_number = true)"
    )


def _parquet(path: str) -> str:
    return f"read_parquet({quoted(literal(path))}"
