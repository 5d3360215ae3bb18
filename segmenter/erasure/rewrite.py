"""Files of the project are written anew without somebody.

Each file is replaced whole, so that a kill leaves it either untouched or without them. The old file
is unlinked, not marked.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from segmenter import identifiers
from segmenter.registers.entries import entry_table
from segmenter.store.files import new_file
from segmenter.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from segmenter.engine import DuckDBEngine
    from segmenter.registers.entries import SuppressionEntry
    from segmenter.registers.registry import Registry

    Engines = Callable[[], AbstractContextManager[DuckDBEngine]]
    Find = Callable[[DuckDBEngine], None]

NEW = "erasing_new"  # aliases of attached files
OLD = "erasing_old"
MATCHED = ("reach", "suppression_listed")  # tables of a snapshot that are made from its others


def snapshot_files(registry: Registry, in_use: str) -> list[Path]:
    """All snapshot files, the one in use last."""
    files = sorted((registry.home / "snapshots").glob("*.duckdb"))
    return sorted(files, key=lambda file: file.stem == in_use)


# -- snapshots -------------------------------------------------------------------------------------


def rewrite_snapshot(engines: Engines, file: Path, find: Find, *, always: bool = False) -> bool:
    """Write a snapshot anew without the patients whom `find(engine)` puts into the table `gone`.

    `find` also makes `tombstone`, the entries that its suppression list gets. Gives whether the
    file was written: with `always` it is, even if nobody is gone. States of the snapshot are
    deleted, since they can be made again.
    """
    with engines() as engine:
        engine.attach(OLD, file)
        engine.expose(OLD)
        find(engine)
        if not always and not engine.count("gone"):
            return False
        engine.alias("erase_gone", "gone")
        engine.make("gone_text", "erase_text")
        with new_file(file) as part:
            engine.attach(NEW, part, write=True)
            _write_tables(engine)
            engine.detach(NEW)
    for state in (file.parent.parent / "states").glob(f"{file.stem}-*"):
        state.unlink()
    return True


def _write_tables(engine: DuckDBEngine) -> None:
    """Every table of the old file into the new one; what is matched between them, again."""
    tables = set(engine.tables(OLD))
    for table in tables.difference(MATCHED):
        engine.alias("erase_source", f"{OLD}.{table}")
        columns = engine.columns(f"{OLD}.{table}")
        engine.make(f"{NEW}.{table}", _relation_of(table, columns))
    if tables.issuperset(MATCHED):
        new = {name: Table(f"{NEW}.{name}") for name in ("patient", "address", "suppression")}
        listed = Table(f"{NEW}.suppression_listed")
        identifiers.reach_patients(engine, new, Table(f"{NEW}.reach"))
        engine.make("suppression_listed", reads=new, into=listed)


def _relation_of(table: str, columns: Sequence[str]) -> str:
    """The relation that writes a table of a snapshot anew."""
    if table == "quarantine":
        return "erase_quarantine"
    if table == "suppression":
        return "erase_suppression"
    if "patient" in columns:
        return "erase_kept"
    return "erase_copied"


# -- registers -------------------------------------------------------------------------------------


def registers_with(
    engines: Engines, registry: Registry, acts: Sequence[str], stones: Sequence[SuppressionEntry]
) -> list[str]:
    """Which of these exports and recalls have a register that holds any of the erased.

    One engine looks at all of them: what it costs is the reading alone.
    """
    held = []
    with engines() as engine:
        engine.load("tombstone", entry_table(stones))
        for act in acts:
            file = registry.register_file(act)
            if file.is_file() and _holds_erased(engine, file):
                held.append(act)
    return held


def _holds_erased(engine: DuckDBEngine, file: Path) -> bool:
    engine.attach(OLD, file)
    engine.alias("register_row", f"{OLD}.member")
    ((holds_erased,),) = engine.rows("erase_registered")
    engine.forget(["register_row"])
    engine.detach(OLD)
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
        engine.attach(OLD, file)
        engine.alias("register_row", f"{OLD}.member")
        engine.load("tombstone", entry_table(stones))
        with new_file(file) as part:
            engine.attach(NEW, part, write=True)
            engine.make(f"{NEW}.member", "erase_register")
            engine.detach(NEW)
    return deleted
