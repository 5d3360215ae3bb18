"""Erasure: everything that the program holds of a person goes; keyed hashes stay behind (S8).

The order: recalls first, while the identifiers are still known; then the tombstones, in the
journal, from which instant nobody uses the person; then every file that held them is written anew.
A killed erasure is finished by the next one, or by `finish`: the tombstones say what is left to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segmenter.erasure import prove, rewrite
from segmenter.erasure.tombstones import (
    DONE,
    find_erased,
    in_force,
    tombstones,
    unfinished,
)
from segmenter.errors import Refusal, UsageError
from segmenter.model import Documented
from segmenter.private.files import sweep
from segmenter.registers.entries import FORGOTTEN, entries_of
from segmenter.registers.exports import EXPORTED, RECALLED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from segmenter.engine import Engine
    from segmenter.journal.journal import Journal
    from segmenter.registers.entries import SuppressionEntry
    from segmenter.registers.registry import Registry

    Engines = Callable[[], AbstractContextManager[Engine]]
    Recall = Callable[[Sequence[SuppressionEntry]], Sequence[str]]
    Waiting = Callable[[], Sequence[Path]]

IDENTIFIERS = ("email", "phone", "postal")


@dataclass(frozen=True, slots=True)
class Forgotten(Documented):
    """What an erasure did.

    `searched` are the files that were searched afterwards; the removal files in `waiting` stay
    until their destination acknowledged them. If nothing was erased yet, `shared` says how many
    others share an address of the person, by its kind: they would be silenced there, and the
    officer has to confirm it (S8).
    """

    recalls: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    searched: tuple[str, ...] = field(default=(), repr=False)
    waiting: tuple[str, ...] = ()
    shared: Mapping[str, int] | None = field(default=None, repr=False)

    @property
    def exit_status(self) -> int:
        """3 if an officer has to confirm the erasure."""
        if self.shared is None:
            return 0
        return Refusal.exit_status

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        if self.shared is not None:
            return {"forgotten": False, "shared": dict(self.shared), "next": "add --confirm"}
        return {
            "forgotten": True,
            "recalls": list(self.recalls),
            "rewritten": list(self.rewritten),
            "deleted": list(self.deleted),
            "searched": list(self.searched),
            "waiting": list(self.waiting),
        }


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Which files were written anew and which deleted, by their names."""

    rewritten: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Eraser:
    """Erases people from one project.

    `engines` opens fresh engines with nothing attached, `in_use` is the snapshot in use. `recall`
    takes the erased out of every export and gives the recalls' ids; `waiting` gives the removal
    files that no destination has acknowledged. Everything runs inside `registry.alone` and the
    ingest lock.
    """

    engines: Engines
    registry: Registry
    in_use: str
    recall: Recall
    waiting: Waiting

    def forget(self, patient_id: str, now: datetime, *, confirmed: bool = False) -> Forgotten:
        """Erase a person and the ids linked to it, and prove that nothing is left.

        If others share an address of the person, its tombstone covers them on the channels that
        use it; then nothing happens before the officer has `confirmed` it (S8).

        Raises `Refusal` (`roles`) for anyone but an officer, `UsageError` for an id that no
        snapshot knows, `EngineError` if something of the person is found afterwards.
        """
        if not self.registry.actor.is_officer:
            raise Refusal("roles", "only an officer erases a person")
        self.finish()
        texts = self._person(patient_id)
        stones = tombstones(self.registry, texts, now)
        shared = self._shared(stones)
        if shared and not confirmed:
            return Forgotten(shared=shared)
        recalls = self.recall(stones)
        self.registry.record(FORGOTTEN, {"entries": [stone.to_dict() for stone in stones]})
        done = self.finish()
        waiting = self.waiting()
        searched = prove.prove(self.engines, self.registry, texts, exempt=waiting)
        return Forgotten(
            recalls=tuple(recalls),
            rewritten=done.rewritten,
            deleted=done.deleted,
            searched=searched,
            waiting=tuple(str(file) for file in waiting),
        )

    def finish(self) -> Rewritten:
        """Write every file that holds somebody with an unfinished erasure anew."""
        sweep(self.registry.home / "snapshots")
        begun = unfinished(self.registry.journal.read(FORGOTTEN, DONE))
        if not begun:
            return Rewritten()
        stones = entries_of(begun, FORGOTTEN)
        registers = self._rewrite_registers(stones)
        snapshots = self._rewrite_snapshots(stones)
        stands = self.registry.bound.settled()
        for act in begun:
            self.registry.record(DONE, {"of": act.seq, **stands})
        return Rewritten((*registers.rewritten, *snapshots), registers.deleted)

    def _person(self, patient_id: str) -> dict[str, set[str]]:
        """Every id and identifier of the person in any snapshot, by kind."""
        texts: dict[str, set[str]] = {kind: set() for kind in ("patient_id", *IDENTIFIERS)}
        for file in rewrite.snapshot_files(self.registry, self.in_use):
            with self.engines() as engine:
                values = {"patient_id": patient_id}
                people = engine.rows("linked_person", reads=engine.attach(file), values=values)
            for _, own_id, *identifiers in people:
                texts["patient_id"].add(own_id)
                for kind, text in zip(IDENTIFIERS, identifiers, strict=True):
                    if text:
                        texts[kind].add(text)
        if not texts["patient_id"]:
            raise UsageError(
                "no snapshot knows this patient", hint="ids are compared exactly, as text"
            )
        return texts

    def _shared(self, stones: Sequence[SuppressionEntry]) -> dict[str, int]:
        """How many patients who stay a tombstone covers, by the kind of address."""
        with self.engines() as engine:
            snapshot = engine.attach(self.registry.snapshot_file(self.in_use))
            erased = find_erased(engine, snapshot, stones)
            reads = {
                "address": snapshot["address"],
                "tombstone": erased.tombstones,
                "gone": erased.patients,
            }
            return dict(engine.rows("erase_neighbour", reads=reads))

    def _rewrite_registers(self, stones: Sequence[SuppressionEntry]) -> Rewritten:
        acts = self.registry.journal.read(EXPORTED, RECALLED)
        is_export = {
            str(act.body.get("export") or act.body["recall"]): act.kind == EXPORTED for act in acts
        }
        held = rewrite.registers_with(self.engines, self.registry, list(is_export), stones)
        deleted: list[str] = []
        for act in held:
            files = rewrite.rewrite_register(
                self.engines, self.registry, act, stones, delete_files=is_export[act]
            )
            deleted += [f"exports/{act}/{file.name}" for file in files]
        return Rewritten(tuple(f"registers/{act}" for act in held), tuple(deleted))

    def _rewrite_snapshots(self, stones: Sequence[SuppressionEntry]) -> list[str]:
        rewritten = []
        for file in rewrite.snapshot_files(self.registry, self.in_use):
            is_written = rewrite.rewrite_snapshot(
                self.engines,
                file,
                lambda engine, tables: find_erased(engine, tables, stones),
                always=file.stem == self.in_use,
                writing=self.registry.rewriting,
            )
            if is_written:
                rewritten.append(f"snapshots/{file.stem}")
        return rewritten


def keep_out(engines: Engines, journal: Journal, snapshot: Path) -> bool:
    """Write a fresh snapshot anew without anyone erased before whom its sources still hold (S8).

    To be called before a snapshot is put in use; gives whether there were any. An id whose
    tombstone an officer lifted may come back.
    """
    stones = in_force(journal)
    if not stones:
        return False
    return rewrite.rewrite_snapshot(
        engines, snapshot, lambda engine, tables: find_erased(engine, tables, stones)
    )
