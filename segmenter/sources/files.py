"""Find the files of a declared source, and open them: paths, globs, URLs; plain, gzip, Zstandard."""

from __future__ import annotations

import glob
import gzip
import io
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


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a source. `path` is absolute, or a URL; `origin` is its base name, as quarantine and events name it."""

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
        host, slash, path = rest.split("?", 1)[0].partition("/")
        return f"{scheme}://{host.rsplit('@', 1)[-1]}{slash}{path}"

    @property
    def compression(self) -> str | None:
        """`gzip`, `zstd` or None, by the end of its name."""
        return {"gz": "gzip", "zst": "zstd", "zstd": "zstd"}.get(
            self.path.rsplit(".", 1)[-1].lower()
        )

    @property
    def kind(self) -> str:
        """What the name says the file holds: `parquet`, `excel`, `json`, else `csv`."""
        name = self.origin.lower()
        for ending in (".gz", ".zst", ".zstd"):
            name = name.removesuffix(ending)
        ending = name.rsplit(".", 1)[-1]
        return {
            "parquet": "parquet", "pq": "parquet", "xlsx": "excel", "xls": "excel", "xlsm": "excel", "xlsb": "excel", "ods": "excel",
            "jsonl": "json", "ndjson": "json", "json": "json",
        }.get(ending, "csv")  # fmt: skip

    def open(self) -> IO[bytes]:
        """The file's decompressed bytes. Raises `SourceError` where it cannot be opened."""
        if self.fetched:
            return io.BytesIO(b"".join(self.lines()))
        try:
            if self.compression == "gzip":
                return gzip.open(self.path, "rb")  # type: ignore[return-value]
            return Path(self.path).open("rb")
        except OSError:
            raise unreadable(self) from None

    def lines(self, most: int | None = None) -> Iterator[bytes]:
        """The lines of a file that only the engine can read; empty ones are left out."""
        if self.engine is None:
            raise unreadable(self)
        try:
            yield from self.engine.text_lines(self.path, self.compression, most)
        except EngineError:
            raise unreadable(self) from None

    def fingerprint(self) -> str:
        """What changes when the file does: size, times and inode; empty for a remote file, which always counts as changed."""
        if self.remote:
            return ""
        try:
            stat = Path(self.path).stat()
        except OSError:
            raise unreadable(self) from None
        return f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ctime_ns}-{stat.st_ino}"

    def modified_at(self) -> datetime:
        """The file's modification time, aware, UTC (S7). A remote file has none that can be trusted: the beginning of time."""
        if self.remote:
            return datetime(1970, 1, 1, tzinfo=UTC)
        try:
            return datetime.fromtimestamp(Path(self.path).stat().st_mtime, UTC)
        except OSError:
            raise unreadable(self) from None


def unreadable(file: SourceFile, why: str = "cannot be read") -> SourceError:
    """The error for a declared file that is there and cannot be used."""
    if file.remote:
        return SourceError(
            f"the source {file.place} {why}",
            hint="check the address, and that it can be reached from here",
        )
    return SourceError(f"the source file {why}", file=Path(file.path))


def find(root: Path, read: Read, engine: DuckDBEngine | None = None) -> tuple[SourceFile, ...]:
    """The files that a declaration names, sorted; none where nothing is there. A pattern's matches are files only."""
    if read.path is None:
        return ()
    if "://" in read.path:
        return (SourceFile(read.path, read.path.rsplit("/", 1)[-1].split("?", 1)[0], engine),)
    path = str(root / read.path)
    if Path(path).is_dir():
        msg = "a source is a file, not a folder"
        raise SourceError(
            msg, file=Path(path), hint="name its files with a pattern, such as `FOLDER/*.csv`"
        )
    matches = [path] if Path(path).exists() else sorted(glob.glob(path, recursive=True))  # noqa: PTH207  a pattern may be absolute
    found = [p for p in matches if Path(p).is_file()]
    return tuple(SourceFile(str(Path(p).absolute()), Path(p).name, engine) for p in found)


def newlines(file: SourceFile) -> tuple[int, bool]:
    """How many line feeds a file holds, and whether its last byte is something else."""
    if file.fetched:
        return sum(1 for _ in file.lines()), False
    count, last = 0, b"\n"
    with file.open() as handle:
        while block := _block(file, handle):
            count += block.count(b"\n")
            last = block[-1:]
    return count, last != b"\n"


def _block(file: SourceFile, handle: IO[bytes]) -> bytes:
    try:
        return handle.read(BLOCK)
    except (OSError, EOFError):
        raise unreadable(file, "is damaged") from None


def head(file: SourceFile, size: int = BLOCK) -> bytes:
    """The first bytes of a file, decompressed."""
    if file.fetched:
        return b"".join(file.lines(HEAD_LINES))[:size]
    with file.open() as handle:
        try:
            return handle.read(size)
        except (OSError, EOFError):
            raise unreadable(file, "is damaged") from None


def text_stream(file: SourceFile, newline: str, *, only_head: bool = False) -> io.TextIOWrapper:
    """The file (or its first lines) as text; bytes that are not UTF-8 come as lone surrogates. UTF-16 is read where its mark says so."""
    start = head(file, 4)
    if file.fetched and only_head:
        return io.TextIOWrapper(
            io.BytesIO(head(file)), encoding="utf-8-sig", errors="surrogateescape", newline=newline
        )
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return io.TextIOWrapper(file.open(), encoding="utf-16", errors="replace", newline=newline)
    return io.TextIOWrapper(
        file.open(), encoding="utf-8-sig", errors="surrogateescape", newline=newline
    )
