"""Files of the project are written anew without somebody.

Each file is replaced whole, so that a kill leaves it either untouched or without them. The old file
is unlinked, not marked.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter import identifiers
from segmenter.private.files import new_file
from segmenter.registers.entries import entry_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from segmenter.engine import Engine, Table, Tables
    from segmenter.registers.entries import SuppressionEntry
    from segmenter.registers.registry import Registry
    from segmenter.tables import File

    Engines = Callable[[], AbstractContextManager[Engine]]
    Writing = Callable[[Path], AbstractContextManager[Path]]
    Find = Callable[[Engine, Tables], "Leaving"]

MATCHED = ("reach", "suppression_listed")  # tables of a snapshot that are made from its others


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who leaves a snapshot (patient), and the entries that its suppression list gets."""

    patients: Table
    tombstones: Table


def snapshot_files(registry: Registry, in_use: str) -> list[Path]:
    """All snapshot files, the one in use last."""
    folder = registry.home / "snapshots"
    files = sorted(folder.glob("*.duckdb"))
    return sorted(files, key=lambda file: file.stem == in_use)


# -- snapshots -------------------------------------------------------------------------------------


def rewrite_snapshot(
    engines: Engines,
    file: Path,
    find: Find,
    *,
    always: bool = False,
    writing: Writing = new_file,
) -> bool:
    """Write a snapshot anew without the patients whom `find(engine, tables)` finds in its tables.

    `writing(file)` gives the part that takes its place: `registry.rewriting` for one that is in
    use. Gives whether the file was written: with `always` it is, even if nobody leaves. States of
    the snapshot are deleted, since they can be made again.
    """
    with engines() as engine:
        old = engine.attach(file)
        leaving = find(engine, old)
        if not always and not engine.count(leaving.patients):
            return False
        with writing(file) as part, engine.writing(part) as new:
            _write_tables(engine, old, leaving, new)
    states = file.parent.parent / "states"
    for state in states.glob(f"{file.stem}-*"):
        state.unlink()
    return True


def _write_tables(engine: Engine, old: Tables, leaving: Leaving, new: File) -> None:
    """Every table of the old file into the new one; what is matched between them, again."""
    gone = leaving.patients
    texts = engine.make("erase_text", reads=old | {"gone": gone})
    given = {"gone": gone, "gone_text": texts, "tombstone": leaving.tombstones}
    for name, table in old.without(*MATCHED).items():
        relation = _relation_of(name, engine.columns(table))
        if relation is None:
            engine.copy(table, into=new.table(name))
        else:
            reads = {**given, "erase_source": table}
            engine.make(relation, reads=reads, into=new.table(name))
    if all(name in old for name in MATCHED):
        written = {name: new.table(name) for name in ("patient", "address", "suppression")}
        identifiers.reach_patients(engine, written, new.table("reach"))
        engine.make("suppression_listed", reads=written, into=new.table("suppression_listed"))


def _relation_of(name: str, columns: Sequence[str]) -> str | None:
    """The relation that writes a table of a snapshot anew; None if all of it stays."""
    if name == "quarantine":
        return "erase_quarantine"
    if name == "suppression":
        return "erase_suppression"
    if "patient" in columns:
        return "erase_kept"
    return None


# -- registers -------------------------------------------------------------------------------------


def registers_with(
    engines: Engines, registry: Registry, acts: Sequence[str], stones: Sequence[SuppressionEntry]
) -> list[str]:
    """Which of these exports and recalls have a register that holds any of the erased.

    One engine looks at all of them: what it costs is the reading alone.
    """
    held = []
    with engines() as engine:
        tombstones = engine.load(entry_table(stones))
        for act in acts:
            file = registry.register_file(act)
            if file.is_file() and _holds_erased(engine, file, tombstones):
                held.append(act)
    return held


def _holds_erased(engine: Engine, file: Path, tombstones: Table) -> bool:
    with engine.scope():
        members = engine.attach(file)["member"]
        reads = {"register_row": members, "tombstone": tombstones}
        ((holds_erased,),) = engine.rows("erase_registered", reads=reads)
    return bool(holds_erased)


def rewrite_register(
    engines: Engines,
    registry: Registry,
    act: str,
    stones: Sequence[SuppressionEntry],
    *,
    delete_files: bool,
) -> list[Path]:
    """Take the erased out of the register of an export or recall.

    With `delete_files` our copies of the files that name them are deleted before; gives those.
    """
    file = registry.register_file(act)
    deleted = registry.delete_payload(act) if delete_files else []
    with engines() as engine:
        members = engine.attach(file)["member"]
        reads = {"register_row": members, "tombstone": engine.load(entry_table(stones))}
        with registry.rewriting(file) as part, engine.writing(part) as new:
            engine.make("erase_register", reads=reads, into=new.table("member"))
    return deleted
