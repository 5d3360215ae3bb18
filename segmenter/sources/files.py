"""Files of a declared source, by path, glob or URL: found, opened, fingerprinted.

What cannot be opened or unpacked is a `SourceError` (exit 2) that names the file.
"""

from __future__ import annotations

import glob
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from segmenter.errors import EngineError, SourceError

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine
    from segmenter.project.declared import Read

BLOCK = 1 << 20
HEAD_LINES = 50  # of a file that only the engine can read, to tell its layout by
COMPRESSIONS = {"gz": "gzip", "zst": "zstd", "zstd": "zstd"}
KINDS = {
    "parquet": "parquet",
    "pq": "parquet",
    "xlsx": "excel",
    "xls": "excel",
    "xlsm": "excel",
    "xlsb": "excel",
    "ods": "excel",
    "jsonl": "json",
    "ndjson": "json",
    "json": "json",
}
UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
DAMAGE = (OSError, EOFError, zlib.error)  # what reading a damaged file raises


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a source. `path` is absolute, or a URL.

    `origin` is its base name, as quarantine and events name it.
    """

    path: str
    origin: str
    engine: DuckDBEngine | None = field(default=None, repr=False, compare=False)

    @property
    def fetched(self) -> bool:
        """Whether only the engine can read it: over the network, or Zstandard."""
        return self.remote or self.compression == "zstd"

    @property
    def remote(self) -> bool:
        """Whether it is read over the network."""
        return "://" in self.path

    @property
    def place(self) -> str:
        """The address without account, password and question, which may hold secrets."""
        scheme, _, rest = self.path.partition("://")
        address, _, _ = rest.partition("?")
        host, slash, path = address.partition("/")
        _, _, bare_host = host.rpartition("@")
        return f"{scheme}://{bare_host}{slash}{path}"

    @property
    def compression(self) -> str | None:
        """`gzip`, `zstd` or None, by the end of its name."""
        return COMPRESSIONS.get(_ending(self.path))

    @property
    def kind(self) -> str:
        """What the name says the file holds: `parquet`, `excel`, `json`, else `csv`."""
        name = self.origin
        if _ending(name) in COMPRESSIONS:
            name = name.rpartition(".")[0]
        return KINDS.get(_ending(name), "csv")

    def open(self) -> IO[bytes]:
        """The file's decompressed bytes. `SourceError` if it cannot be opened or is damaged."""
        if self.fetched:
            return io.BytesIO(b"".join(self.lines()))
        try:
            stream = self._opened()
        except OSError:
            raise unreadable(self) from None
        return io.BufferedReader(_Checked(self, stream), BLOCK)

    def _opened(self) -> IO[bytes]:
        if self.compression == "gzip":
            return gzip.open(self.path, "rb")  # type: ignore[return-value]
        return Path(self.path).open("rb")

    def lines(self, most: int | None = None) -> Iterator[bytes]:
        """The lines of a file that only the engine can read; empty ones are left out."""
        if self.engine is None:
            raise unreadable(self)
        try:
            yield from self.engine.text_lines(self.path, self.compression, most)
        except EngineError:
            raise unreadable(self) from None

    def fingerprint(self) -> str:
        """What changes if the file does: size, times and inode.

        Empty for a remote file, which always counts as changed.
        """
        if self.remote:
            return ""
        try:
            stat = Path(self.path).stat()
        except OSError:
            raise unreadable(self) from None
        return f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ctime_ns}-{stat.st_ino}"

    def modified_at(self) -> datetime:
        """When the file was last modified: aware, UTC (S7).

        A remote file has no time that can be trusted: the beginning of time.
        """
        if self.remote:
            return datetime(1970, 1, 1, tzinfo=UTC)
        try:
            return datetime.fromtimestamp(Path(self.path).stat().st_mtime, UTC)
        except OSError:
            raise unreadable(self) from None


class _Checked(io.RawIOBase):
    """A file's bytes; what a damaged file raises becomes a `SourceError` that names it."""

    def __init__(self, file: SourceFile, stream: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            content = self._stream.read(len(buffer))
        except DAMAGE:
            raise unreadable(self._file, "is damaged") from None
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower()


def unreadable(file: SourceFile, why: str = "cannot be read") -> SourceError:
    """The error for a declared file that is there and cannot be used."""
    if file.remote:
        return SourceError(
            f"the source {file.place} {why}",
            hint="check the address, and that it can be reached from here",
        )
    return SourceError(f"the source file {why}", file=Path(file.path))


def find(root: Path, read: Read, engine: DuckDBEngine | None = None) -> tuple[SourceFile, ...]:
    """The files that a declaration names, sorted; none if nothing is there.

    Of what a pattern matches, only files count. Raises `SourceError` for a folder.
    """
    if read.path is None:
        return ()
    if "://" in read.path:
        origin = read.path.rpartition("/")[2].partition("?")[0]
        return (SourceFile(read.path, origin, engine),)
    path = str(root / read.path)
    if Path(path).is_dir():
        raise SourceError(
            "a source is a file, not a folder",
            file=Path(path),
            hint="name its files with a pattern, such as `FOLDER/*.csv`",
        )
    files = [Path(match) for match in _matches(path) if Path(match).is_file()]
    return tuple(SourceFile(str(file.absolute()), file.name, engine) for file in files)


def _matches(path: str) -> list[str]:
    """A path that exists is itself, whatever signs it holds; any other is a pattern."""
    if Path(path).exists():
        return [path]
    return sorted(glob.glob(path, recursive=True))  # noqa: PTH207  a pattern may be absolute


# -- what is in them -------------------------------------------------------------------------------


def newlines(file: SourceFile) -> tuple[int, bool]:
    """How many line feeds a file holds, and whether its last byte is something else."""
    if file.fetched:
        return sum(1 for _ in file.lines()), False
    count, last = 0, b"\n"
    with file.open() as handle:
        while block := handle.read(BLOCK):
            count += block.count(b"\n")
            last = block[-1:]
    return count, last != b"\n"


def head(file: SourceFile, size: int = BLOCK) -> bytes:
    """The first bytes of a file, decompressed."""
    if file.fetched:
        return b"".join(file.lines(HEAD_LINES))[:size]
    with file.open() as handle:
        return handle.read(size)


def text_stream(
    file: SourceFile, newline: str, *, only_head: bool = False, encoding: str = "utf-8"
) -> io.TextIOWrapper:
    """The file, or its first lines, as text.

    Bytes that are not of the encoding come as lone surrogates. UTF-16 is read if its mark says so.
    """
    if file.fetched and only_head:
        return _decoded(io.BytesIO(head(file)), newline, encoding)
    if head(file, 4).startswith(UTF16_MARKS) or encoding == "utf-16":
        return io.TextIOWrapper(file.open(), encoding="utf-16", errors="replace", newline=newline)
    return _decoded(file.open(), newline, encoding)


def _decoded(stream: IO[bytes], newline: str, encoding: str) -> io.TextIOWrapper:
    without_mark = "utf-8-sig" if encoding == "utf-8" else encoding
    return io.TextIOWrapper(
        stream, encoding=without_mark, errors="surrogateescape", newline=newline
    )
