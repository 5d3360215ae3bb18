"""The `httpfs` extension, whose OpenSSL encrypts the project's files.

It comes from a file that the operator names in `SEGMENTER_HTTPFS`, else from the wheel
`duckdb-extension-httpfs`, else from DuckDB's own folder of installed extensions. Nothing is ever
downloaded. DuckDB checks the signature of the file when it loads it; that check is never off.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import duckdb

from segmenter.engine.quoting import quoted
from segmenter.errors import UsageError

VARIABLE = "SEGMENTER_HTTPFS"
FILE_NAME = "httpfs.duckdb_extension"  # DuckDB makes the name of the entry point from it
VERSION = f"v{duckdb.__version__}"

# The end of every extension file: eight fields of text, the last one first, and a signature.
FIELD = 32
FIELDS = 8
END = FIELD * FIELDS + 256
MAGIC = "4"


@dataclass(frozen=True, slots=True)
class Build:
    """What an extension file was built for."""

    version: str
    platform: str

    def __str__(self) -> str:
        return f"{self.version} on {self.platform}"


def load(connection: duckdb.DuckDBPyConnection) -> None:
    """Load the extension into a connection.

    Raises `UsageError` if the operator's file is of no use, and `duckdb.Error` if there is no
    extension at all.
    """
    given = os.environ.get(VARIABLE)
    if given:
        _load_given(connection, Path(given))
        return
    file = _file_of_wheel()
    if file is None:
        connection.execute("LOAD httpfs")
    else:
        connection.execute(f"LOAD {quoted(str(file))}")


def _load_given(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Load the operator's file, after the checks whose failures a person can understand."""
    wanted = Build(VERSION, _platform(connection))
    message = _fault(file, wanted)
    if message is None:
        path = str(file.absolute())
        try:
            connection.execute(f"LOAD {quoted(path)}")
        except duckdb.Error:
            message = "DuckDB refuses this extension: it is damaged, or not signed by DuckDB"
    if message is not None:
        hint = f"name DuckDB's own signed {FILE_NAME} for {wanted}, or unset {VARIABLE}"
        raise UsageError(message, file=file, hint=hint) from None


def _fault(file: Path, wanted: Build) -> str | None:
    """What is wrong with an extension file before it is loaded."""
    if not file.exists():
        return f"the file of {VARIABLE} does not exist"
    if not file.is_file():
        return f"{VARIABLE} names something that is no file"
    if file.name != FILE_NAME:
        return f"the file of {VARIABLE} must be named {FILE_NAME}"
    try:
        build = _build(file)
    except OSError:
        return f"the file of {VARIABLE} cannot be read"
    return _build_fault(build, wanted)


def _build_fault(build: Build | None, wanted: Build) -> str | None:
    if build is None:
        return "this is not a whole DuckDB extension"
    if build == wanted:
        return None
    return f"this extension was built for DuckDB {build}"


def _platform(connection: duckdb.DuckDBPyConnection) -> str:
    ((platform,),) = connection.execute("PRAGMA platform").fetchall()
    return str(platform)


def _build(file: Path) -> Build | None:
    """What the end of an extension file says; None if the file does not end like one."""
    with file.open("rb") as handle:
        size = handle.seek(0, os.SEEK_END)
        handle.seek(max(0, size - END))
        end = handle.read()
    texts = [_text(end, place * FIELD) for place in range(FIELDS)]
    *_, version, platform, magic = texts
    if magic == MAGIC:
        return Build(version, platform)
    return None


def _text(end: bytes, start: int) -> str:
    """One field of an extension file's end; signs that are no ASCII are replaced."""
    field = end[start : start + FIELD]
    return field.rstrip(b"\0").decode("ascii", "replace")


def _file_of_wheel() -> Path | None:
    """The file in the wheel `duckdb-extension-httpfs` of the engine's version, if installed."""
    spec = find_spec("duckdb_extension_httpfs")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "extensions"
    file = folder / VERSION / FILE_NAME
    if file.is_file():
        return file
    return None
