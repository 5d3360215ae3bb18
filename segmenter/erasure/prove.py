"""The proof after an erasure: every private file is opened, decrypted and searched."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter import identifiers
from segmenter.errors import DamagedError, EngineError, ProjectKeyError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from segmenter.engine import Engine, Table
    from segmenter.registers.registry import Registry

    Engines = Callable[[], AbstractContextManager[Engine]]

DATABASES = ("snapshots", "states", "registers", "suppressions")  # folders of DuckDB files
WHOLE = ("snapshots", "registers")  # of these, the ones where nobody writes meanwhile
KEY_FILES = ("key", "key.check")
SEALED_TO_OTHERS = ".age"  # only their destination can open these; registers say who is in them
SHORTEST = (
    5  # a shorter text is found everywhere by chance; only columns of ids are searched for it
)
ID_COLUMNS = ("patient_id", "same_as")


@dataclass(frozen=True, slots=True)
class Needles:
    """What is searched for: identifiers, and ids, which are compared whole. Lower case."""

    texts: frozenset[str]
    ids: frozenset[str]

    def __repr__(self) -> str:
        return "Needles()"

    def load(self, engine: Engine) -> dict[str, Table]:
        """The tables `needle` and `needle_id` (text)."""
        return {
            "needle": _loaded(engine, self.texts),
            "needle_id": _loaded(engine, self.ids),
        }


def _loaded(engine: Engine, texts: Collection[str]) -> Table:
    import polars as pl

    frame = pl.DataFrame({"text": list(texts)}, schema={"text": pl.String})
    return engine.load(frame)


def prove(
    engines: Engines,
    registry: Registry,
    texts: Mapping[str, Collection[str]],
    exempt: Collection[Path] = (),
) -> tuple[str, ...]:
    """Search all private files for the texts of a person (by kind); gives the names of the files.

    What people who stay hold too, such as a household's mailbox, is theirs and is not looked for.
    `exempt` are removal files that wait for their destination. Raises `EngineError` naming the
    places that hold something still.
    """
    needles = _needles(engines, registry, texts)
    searched: list[str] = []
    found: list[str] = []
    for file in _private_files(registry.home, exempt):
        name = str(file.relative_to(registry.home))
        searched.append(name)
        if _is_database(file):
            found += [f"{name} ({place})" for place in _in_database(engines, file, needles)]
        elif _in_bytes(registry, file, needles):
            found.append(name)
    if found:
        raise EngineError(
            f"something of the person is left in {', '.join(found)}",
            hint="run the erasure again, and report this",
        )
    return tuple(searched)


def _private_files(home: Path, exempt: Collection[Path]) -> Iterator[Path]:
    """The files to be searched, in the order of their names."""
    for file in sorted(home.rglob("*")):
        is_sealed = file.suffix == SEALED_TO_OTHERS
        if file.is_file() and file not in exempt and file.name not in KEY_FILES and not is_sealed:
            yield file


def _is_database(file: Path) -> bool:
    folder = file.parent.name
    if folder in WHOLE:
        return True
    return folder in DATABASES and file.suffix == ".duckdb"


# -- what is searched for --------------------------------------------------------------------------


def _needles(engines: Engines, registry: Registry, texts: Mapping[str, Collection[str]]) -> Needles:
    """Identifiers as they stood and in their normal forms, without those of people who stay."""
    written: set[str] = set()
    for kind, values in texts.items():
        if kind != "patient_id":
            for value in values:
                written.add(value)
                written.update(_normal_texts(kind, value, registry.region))
    lower = frozenset(text.lower() for text in written if len(text) >= SHORTEST)
    needles = Needles(lower, frozenset(texts["patient_id"]))
    return Needles(needles.texts - _shared(engines, registry, needles), needles.ids)


def _normal_texts(kind: str, value: str, region: str) -> Iterator[str]:
    for form in identifiers.normal_forms(kind, value, region):
        if form.kind == kind:
            yield form.text


def _shared(engines: Engines, registry: Registry, needles: Needles) -> set[str]:
    """Identifiers that people who stay hold too."""
    shared: set[str] = set()
    folder = registry.home / "snapshots"
    for file in sorted(folder.glob("*.duckdb")):
        with engines() as engine:
            patients = engine.attach(file)["patient"]
            reads = {**needles.load(engine), "patient": patients}
            rows = engine.rows("erase_shared", reads=reads)
        shared.update(text for (text,) in rows)
    return shared


# -- one file --------------------------------------------------------------------------------------


def _in_database(engines: Engines, file: Path, needles: Needles) -> list[str]:
    """The columns of a DuckDB file in which something is left."""
    with engines() as engine:
        try:
            tables = engine.attach(file)
        except (DamagedError, EngineError, ProjectKeyError):
            return ["cannot be opened, so not searched"]
        loaded = needles.load(engine)
        found = []
        for name, table in tables.items():
            columns = _found_columns(engine, table, loaded)
            found += [f"{name}.{column}" for column in columns]
        return found


def _found_columns(engine: Engine, table: Table, needles: Mapping[str, Table]) -> Iterator[str]:
    """The text columns of one table in which something is left."""
    from sqlglot import exp

    reads = {**needles, "erase_source": table}
    for column, kind in engine.kinds(table).items():
        if kind != "VARCHAR":
            continue
        relation = "erase_left_whole" if column in ID_COLUMNS else "erase_left"
        structure = {"__column__": exp.column(column, quoted=True)}
        ((is_left,),) = engine.rows(relation, reads=reads, structure=structure)
        if is_left:
            yield column


def _in_bytes(registry: Registry, file: Path, needles: Needles) -> bool:
    """Search a file's bytes, decrypted if it is one of our sealed files."""
    data = file.read_bytes()
    if file.suffix == ".sealed":
        try:
            data = registry.keys.opened(data)
        except ProjectKeyError:
            return True  # what cannot be opened cannot be searched
    text = data.decode("utf-8", "replace").lower()
    ids = [one.lower() for one in needles.ids if len(one) >= SHORTEST]
    has_identifier = _holds(text, needles.texts, before="._+-", after="")
    return has_identifier or _holds(text, ids, before=".:+-", after=".:-")


def _holds(text: str, words: Iterable[str], *, before: str, after: str) -> bool:
    """Whether a text has one of the words, and not as part of a longer one.

    `before` and `after` are signs that may not stand next to it, beside letters and digits: a few
    digits are in some hash by chance.
    """
    either = "|".join(re.escape(word) for word in words)
    if not either:
        return False
    pattern = rf"(?<![0-9a-z{before}])({either})(?![0-9a-z{after}])"
    return re.search(pattern, text) is not None
