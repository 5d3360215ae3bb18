"""Files that the engine itself reads, for `sources`: delimited, Parquet, texts of the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb

from segmenter.engine.duckdb.errors import fixed_errors
from segmenter.engine.duckdb.tables import Filling
from segmenter.engine.quoting import in_sql, literal, named, quoted
from segmenter.errors import Cancelled, EngineError
from segmenter.tables import Table

LONGEST_LINE = 2_000_000  # characters of one record of a delimited file
NO_TEXT = "\x02no text is this\x03"
ASCII_BLANKS = "".join(chr(code) for code in (*range(1, 33), 127))
MOST_LINES = 10_000  # lines of a text that are fetched at a time


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
    """A Parquet file that is read where it lies.

    `columns` names, for each of ours, the file's or None; `first` is its first `raw_row`.
    """

    path: str
    origin: str
    columns: Mapping[str, str | None]
    first: int


class FileReading(Filling):
    """What an engine does with files of others."""

    __slots__ = ()

    # -- staging -----------------------------------------------------------------------------------

    def append_csv(self, table: Table, scan: CsvScan, /) -> bool:
        """Append a delimited file in the order of its rows.

        False, and nothing appended, if any line of it is not clean: every record has exactly the
        fields of the header, and none repeats the header. The engine itself would drop a field too
        many that is empty; it is given one column more, which has to stay NULL.
        """
        options = {
            "auto_detect": "false",
            "columns": _text_columns([f"c{place}" for place in range(scan.width + 1)]),
            "delim": quoted(scan.delimiter),
            "quote": "'\"'",
            "escape": "'\"'",
            "header": "false",
            "null_padding": "true",
            "skip": str(scan.skip),
            "nullstr": quoted(NO_TEXT),
            "encoding": "'utf-8'",
            "strict_mode": "true",
            "max_line_size": str(LONGEST_LINE),
            **_compression(scan.compression),
        }
        source = f"{_csv(scan.path, options)} WHERE {_is_clean(scan)}"
        return self._append_ordered(
            table,
            Rows(
                source=source,
                file=scan.file,
                line="NULL",
                columns=scan.columns,
            ),
        )

    def append_parquet(
        self, table: Table, path: str, file: int, columns: Sequence[str | None], /
    ) -> bool:
        """Append a Parquet file, every value as text.

        `columns` names its column for each of the table's, or None. False, and nothing appended, if
        it cannot be read.
        """
        source = _parquet(path, "file_row_number = true")
        rows = Rows(
            source=source,
            file=file,
            line="file_row_number + 1",
            columns=columns,
        )
        return self._append_ordered(table, rows)

    def _append_ordered(self, table: Table, rows: Rows) -> bool:
        chosen = ", ".join(_text(name) for name in rows.columns)
        query = f"SELECT {int(rows.file)}, {rows.line}, {chosen} FROM {rows.source}"
        try:
            self.connection.execute("SET preserve_insertion_order = true")
            self.connection.execute(f"INSERT INTO {in_sql(table)} {query}")
        except duckdb.InterruptException:
            raise Cancelled("cancelled") from None
        except duckdb.OutOfMemoryException:
            raise EngineError("cannot read a source: out of memory or disk") from None
        except duckdb.Error:
            return False
        finally:
            self.connection.execute("SET preserve_insertion_order = false")
        return True

    def trim(self, table: Table, rows: int, /) -> None:
        """Take back what was appended to a staging table beyond its first `rows` rows."""
        if self.count(table) <= rows:
            return
        kept = f"FROM {in_sql(table)} WHERE rowid < {int(rows)} ORDER BY rowid"
        statements = [
            f"CREATE TEMP TABLE _kept AS {kept}",
            f"DROP TABLE {in_sql(table)}",
            f"ALTER TABLE _kept RENAME TO {named(table.name)}",
        ]
        with fixed_errors("cannot read a source"):
            self.connection.execute("; ".join(statements))

    def placed(
        self,
        table: Table,
        files: Table,
        columns: Mapping[str, str],
        scans: Sequence[ParquetScan] = (),
        cut: Mapping[str, str] | None = None,
        /,
    ) -> Table:
        """A view of staged rows.

        Its columns: raw_row, raw_origin, raw_line (physical), and `columns` (our name -> the
        table's column). The rows of `scans` come from their files each time the view is read: a row
        that is read twice is cheaper than one that is copied. `cut` has the pattern of what is cut
        from a column of ours: of plain texts, blanks around them.
        """
        query = self._placed(table, files, columns, scans, cut)
        return self._new_view("raw", query)

    def _placed(
        self,
        table: Table,
        files: Table,
        columns: Mapping[str, str],
        scans: Sequence[ParquetScan],
        cut: Mapping[str, str] | None,
    ) -> str:
        parts = [_scanned(scan) for scan in scans]
        if not scans or self.count(table):
            parts.insert(0, _staged(table, files, columns))
        rows = " UNION ALL ".join(parts)
        if not cut:
            return rows
        replaced = []
        for name, pattern in cut.items():
            replaced.append(f"{_bare(name, pattern)} AS {named(name)}")
        columns_cut = ", ".join(replaced)
        return f"SELECT * REPLACE ({columns_cut}) FROM ({rows}) AS staged"

    def column(self, table: Table, name: str, /) -> Table:
        """A view of one column of a table, called patient_id there."""
        query = f"SELECT {named(name)} AS patient_id FROM {in_sql(table)}"
        return self._new_view("column", query)

    # -- asking files ------------------------------------------------------------------------------

    def text_lines(
        self, path: str, compression: str | None, most: int | None = None
    ) -> Iterator[bytes]:
        """The lines of a text file that only the engine can fetch (over the network, Zstandard).

        Empty lines are left out. Raises `EngineError` if the file cannot be read.
        """
        options = {
            "auto_detect": "false",
            "columns": _text_columns(["line"]),
            "delim": "chr(1)",
            "quote": "''",
            "escape": "''",
            "header": "false",
            "nullstr": quoted(NO_TEXT),
            "encoding": "'latin-1'",
            "strict_mode": "false",
            "max_line_size": str(LONGEST_LINE),
            **_compression(compression),
        }
        limit = "" if most is None else f" LIMIT {int(most)}"
        with fixed_errors("cannot read a source"):
            self.connection.execute("SET preserve_insertion_order = true")
            cursor = self.connection.cursor()
            try:
                lines = cursor.execute(f"SELECT line FROM {_csv(path, options)}{limit}")
                while rows := lines.fetchmany(MOST_LINES):
                    for (line,) in rows:
                        yield f"{line}\n".encode("latin-1", "replace")
            finally:
                cursor.close()
                self.connection.execute("SET preserve_insertion_order = false")

    def parquet_columns(self, path: str) -> list[str] | None:
        """The column names of a Parquet file, or None if it cannot be read."""
        try:
            rows = self.connection.execute(f"DESCRIBE FROM {_parquet(path)}").fetchall()
        except duckdb.Error:
            return None
        return [row[0] for row in rows]

    def parquet_rows(self, path: str) -> int | None:
        """How many rows a Parquet file says it has, or None if it cannot be read."""
        try:
            rows = self.connection.execute(f"SELECT count(*) FROM {_parquet(path)}").fetchall()
        except duckdb.Error:
            return None
        return int(rows[0][0])

    def parquet_whole(self, path: str) -> bool:
        """Whether every value of a Parquet file can be read."""
        try:
            self.connection.execute(f"SELECT max(hash(r)) FROM {_parquet(path)} AS r").fetchall()
        except duckdb.InterruptException:
            raise Cancelled("cancelled") from None
        except duckdb.Error:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a file to be staged: from where in SQL, the file's number, a row's line, columns."""

    source: str
    file: int
    line: str
    columns: Sequence[str | None]


def _bare(name: str, pattern: str) -> str:
    """A column's text without what a pattern matches."""
    text = named(name)
    is_ascii = f"bit_length({text}) = 8 * length({text})"
    plain = f"trim({text}, {quoted(ASCII_BLANKS)})"
    other = f"regexp_replace({text}, {quoted(pattern)}, '', 'g')"
    return f"CASE WHEN {is_ascii} THEN {plain} ELSE {other} END"


def _is_clean(scan: CsvScan) -> str:
    """A condition that fails the whole reading at the first record that is not clean."""
    faults = [f"c{scan.width - 1} IS NULL", f"c{scan.width} IS NOT NULL"]
    if scan.header:
        repeated = [f"c{place} = {quoted(name)}" for place, name in enumerate(scan.header)]
        is_header = " AND ".join(repeated)
        faults.append(f"({is_header})")
    fault = " OR ".join(faults)
    return f"CASE WHEN {fault} THEN CAST(error('not clean') AS BOOLEAN) ELSE TRUE END"


def _csv(path: str, options: Mapping[str, str]) -> str:
    """A delimited file in SQL; the options are SQL too."""
    told = [quoted(literal(path))]
    for name, value in options.items():
        told.append(f"{name} = {value}")
    return f"read_csv({', '.join(told)})"


def _text_columns(names: Sequence[str]) -> str:
    kinds = [f"{quoted(name)}: 'VARCHAR'" for name in names]
    told = ", ".join(kinds)
    return f"{{{told}}}"


def _compression(compression: str | None) -> dict[str, str]:
    if compression is None:
        return {}
    return {"compression": quoted(compression)}


def _parquet(path: str, option: str | None = None) -> str:
    """A Parquet file in SQL."""
    told = quoted(literal(path))
    if option is not None:
        told = f"{told}, {option}"
    return f"read_parquet({told})"


def _text(column: str | None) -> str:
    """A file's column as text, never NULL."""
    if column is None:
        return "''"
    return f"coalesce(CAST({named(column)} AS VARCHAR), '')"


def _staged(table: Table, files: Table, columns: Mapping[str, str]) -> str:
    """Staged rows, each with its file and its line there."""
    chosen = [f"r.{named(theirs)} AS {named(ours)}" for ours, theirs in columns.items()]
    told = [
        "r.rowid AS raw_row",
        "f.origin AS raw_origin",
        "coalesce(r._line, r.rowid - f.first + f.skip + 1) AS raw_line",
        *chosen,
    ]
    source = f"{in_sql(table)} AS r JOIN {in_sql(files)} AS f ON f.file = r._file"
    return f"SELECT {', '.join(told)} FROM {source}"


def _scanned(scan: ParquetScan) -> str:
    """The rows of a Parquet file, in the same columns as staged ones."""
    told = [
        f"file_row_number + {int(scan.first)} AS raw_row",
        f"{quoted(scan.origin)} AS raw_origin",
        "file_row_number + 1 AS raw_line",
        *(f"{_text(theirs)} AS {named(ours)}" for ours, theirs in scan.columns.items()),
    ]
    source = _parquet(scan.path, "file_row_number = true")
    return f"SELECT {', '.join(told)} FROM {source}"
