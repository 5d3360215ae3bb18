"""The proof after an erasure: every file of the project is opened, decrypted and searched for what was erased."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from segmenter import identifiers
from segmenter.errors import EngineError, ProjectKeyError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.export.register import Place

    Engines = Callable[[], AbstractContextManager[DuckDBEngine]]

DATABASES = ("snapshots", "states", "registers", "suppressions")
WHOLE = (
    "snapshots",
    "registers",
)  # nobody writes there meanwhile; in the others an unfinished file holds numbers only
SHORTEST = 5  # a shorter identifier is found everywhere by chance and is looked for in columns of its own only
IDS = ("patient_id", "same_as")
SEALED_TO_OTHERS = (
    ".age"  # files that only their destination can open: who is in them, their registers say
)


def prove(
    engines: Engines,
    place: Place,
    texts: Mapping[str, Collection[str]],
    exempt: Collection[Path] = (),
) -> tuple[str, ...]:
    """Search all of the project's private files for the texts of a person (by kind); gives the names of the files searched.

    What people who stay hold too (a household's mailbox) is theirs and is not looked for. `exempt`
    are removal files that wait for their destination. Raises `EngineError` naming the places where
    something is left.
    """
    needles = _needles(place, texts)
    needles -= _shared(engines, place, needles, texts["patient_id"])
    searched, found = [], []
    for path in sorted(place.home.rglob("*")):
        if (
            not path.is_file()
            or path in exempt
            or path.name in ("key", "key.check")
            or path.suffix == SEALED_TO_OTHERS
        ):
            continue
        name = str(path.relative_to(place.home))
        searched.append(name)
        if path.parent.name in DATABASES and (
            path.suffix == ".duckdb" or path.parent.name in WHOLE
        ):
            found += [
                f"{name} ({place_in})"
                for place_in in _in_database(engines, path, needles, texts["patient_id"])
            ]
        elif _in_bytes(place, path, needles, texts["patient_id"]):
            found.append(name)
    if found:
        raise EngineError(
            f"something of the person is left in {', '.join(found)}",
            hint="run the erasure again, and report this",
        )
    return tuple(searched)


def _needles(place: Place, texts: Mapping[str, Collection[str]]) -> set[str]:
    """Identifiers as they stood and in their normal forms, lower case."""
    found = set()
    for kind, values in texts.items():
        if kind != "patient_id":
            for value in values:
                found |= {
                    value,
                    *(
                        form.text
                        for form in identifiers.normal_forms(kind, value, place.region)
                        if form.kind == kind
                    ),
                }
    return {text.lower() for text in found if len(text) >= SHORTEST}


def _shared(
    engines: Engines, place: Place, needles: Collection[str], ids: Collection[str]
) -> set[str]:
    """Identifiers that people who stay hold too: those stay with them."""
    found: set[str] = set()
    for path in sorted((place.home / "snapshots").glob("*.duckdb")):
        with engines() as engine:
            engine.attach("searched", path)
            engine.expose("searched", ["patient"])
            _load_needles(engine, needles, ids)
            found |= {text for (text,) in engine.rows("erase_shared")}
    return found


def _load_needles(engine: DuckDBEngine, needles: Collection[str], ids: Collection[str]) -> None:
    import polars as pl

    engine.load("needle", pl.DataFrame({"text": list(needles)}, schema={"text": pl.String}))
    engine.load("needle_id", pl.DataFrame({"text": list(ids)}, schema={"text": pl.String}))


def _in_database(
    engines: Engines, path: Path, needles: Collection[str], ids: Collection[str]
) -> list[str]:
    from sqlglot import exp

    found = []
    with engines() as engine:
        try:
            engine.attach("searched", path)
        except (EngineError, ProjectKeyError):
            return ["cannot be opened, so not searched"]
        _load_needles(engine, needles, ids)
        for table in engine.tables("searched"):
            engine.alias("erase_source", f"searched.{table}")
            for column, kind in engine.kinds(f"searched.{table}").items():
                relation = "erase_left_whole" if column in IDS else "erase_left"
                if (
                    kind == "VARCHAR"
                    and engine.rows(
                        relation, None, {"__column__": exp.column(column, quoted=True)}
                    )[0][0]
                ):
                    found.append(f"{table}.{column}")
    return found


def _in_bytes(place: Place, path: Path, needles: Collection[str], ids: Collection[str]) -> bool:
    """Search a file's bytes, decrypted where it is one of our sealed files."""
    data = path.read_bytes()
    if path.suffix == ".sealed":
        try:
            data = place.keys.opened(data)
        except ProjectKeyError:
            return True  # what cannot be opened cannot be searched
    text = data.decode("utf-8", "replace").lower()
    return _holds(text, needles, "._+-", "") or _holds(
        text, (one.lower() for one in ids if len(one) >= SHORTEST), ".:+-", ".:-"
    )


def _holds(text: str, words: Iterable[str], before: str, after: str) -> bool:
    """Whether a text has one of the words, not as part of a longer one: a few digits are in some hash by chance."""
    either = "|".join(re.escape(word) for word in words)
    return (
        bool(either)
        and re.search(rf"(?<![0-9a-z{before}])({either})(?![0-9a-z{after}])", text) is not None
    )
