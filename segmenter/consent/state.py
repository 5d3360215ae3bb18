"""The state: everyone's decisions, kept in a file that can always be made again.

Comes in: a snapshot's tables, and perhaps the state of an earlier one. Goes out: an encrypted file
with `person`, `linked_patient` and what a later state follows from. A state belongs to one snapshot
and one `mark`: what of the policy decides, and the relations that decided. `decisions_at` answers
for other clocks than the state's own.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.consent import decide as decide_module
from segmenter.consent import follow as follow_module
from segmenter.consent import masks, scope_tables, scopes
from segmenter.consent.decide import Deciding, decide
from segmenter.consent.follow import decide_due, follow, is_anyone_due
from segmenter.dimensions import codes, profile
from segmenter.engine import relations
from segmenter.model import Clocks, Progress, silent, stamp
from segmenter.private.files import copy, new_file
from segmenter.tables import Tables

if TYPE_CHECKING:
    from segmenter.engine import Engine, File, Table
    from segmenter.model import Snapshot
    from segmenter.project.policy import Policy

SHOWN = ("person", "linked_patient")  # the decisions, for those who only read them
COPYING = "state copied"  # the step that copies the state before
DECIDING_FOLDERS = ("consent", "dimensions")  # relations whose text is part of a state's mark


@dataclass(frozen=True, slots=True)
class Before:
    """The state of an earlier snapshot with the same `mark`, and what changed since.

    `changed` (patient, since) are those whose consent, patient or fact rows differ; `since` is the
    number of the first new event of those who only said something new. Links and erasures are
    compared by what follows the state.
    """

    state: Path
    changed: Table


def mark(policy: Policy) -> str:
    """SHA-256 (hex) of what decides: the policy, the relations' text, the layout of codes.

    A state of another mark is of no use.
    """
    texts = _texts_that_decide(DECIDING_FOLDERS)
    return hashlib.sha256(policy.deciding_hash().encode() + texts).hexdigest()


@functools.cache
def _texts_that_decide(folders: Sequence[str]) -> bytes:
    modules = (decide_module, follow_module, masks, scopes, scope_tables, codes, profile)
    files = [__file__, *(str(module.__file__) for module in modules)]
    parts = [Path(file).read_bytes() for file in files]
    for name, path in sorted(relations.paths().items()):
        if path.parent.name in folders:
            parts += [name.encode(), path.read_bytes()]
    return b"\0".join(parts)


def settle(
    engine: Engine,
    policy: Policy,
    snapshot: Snapshot,
    tables: Tables,
    path: Path,
    *,
    before: Before | None = None,
    progress: Progress = silent,
) -> None:
    """Write the state of a snapshot to `path`: as_of = known_at = its `taken_at`.

    `tables` are those of the snapshot, with `erased`. External access of the engine is still on.
    Raises `EngineError`.
    """
    clocks = Clocks(snapshot.taken_at, snapshot.taken_at)
    work = Deciding(engine, policy, clocks, tables, progress)
    with new_file(path) as part:
        if before is not None:
            progress(COPYING, None)
            copy(before.state, part)
        progress("decisions", None)
        with engine.writing(part, logged=False) as file, engine.scope():
            if before is None or not _follow(work, snapshot, file, before.changed):
                decide(work, work.profile(), into=file)
                _complete(work, snapshot, file)
    progress("decisions", 1.0)


def decisions_at(
    engine: Engine,
    policy: Policy,
    snapshot: Snapshot,
    tables: Tables,
    state: Tables,
    clocks: Clocks,
    progress: Progress = silent,
    *,
    anew: bool = False,
) -> Tables:
    """`person` and `linked_patient` as decided at other clocks than the state's own.

    `tables` are those of the snapshot, with `erased`; `state` those of its state. `known_at` is not
    before the snapshot's `taken_at`: an earlier moment has an earlier snapshot. Only patients who
    fall due in between, or were erased since, are decided again; all of them if `as_of` lies before
    `taken_at`, or if `anew` says that `consent` holds other events than the snapshot's.
    """
    work = Deciding(engine, policy, clocks, tables, progress)
    if anew or clocks.as_of < snapshot.taken_at or clocks.known_at < snapshot.taken_at:
        person = _person_anew(work)
    elif is_anyone_due(work, state):
        person = decide_due(work, state)
    else:
        return state.only(*SHOWN)
    linked = engine.make("linked_patient", reads=tables | {"person": person})
    return Tables({"person": person, "linked_patient": linked})


def _person_anew(work: Deciding) -> Table:
    with work.engine.scope() as scope:
        return scope.keep(decide(work, work.profile()).person)


def _follow(work: Deciding, snapshot: Snapshot, file: File, changed: Table) -> bool:
    """Replace in a copy of the state before what has changed.

    False if that does not give every patient one row: then the state has to be made anew.
    """
    engine = work.engine
    with engine.at_once():
        follow(work, file.tables, changed)
    with engine.at_once():
        _complete(work, snapshot, file)
    return engine.count(file.table("person")) == engine.count(work.tables["patient"])


def _complete(work: Deciding, snapshot: Snapshot, file: File) -> None:
    """Write what a state holds beside `person`."""
    import polars as pl

    engine = work.engine
    work.progress("linked patients", None)
    reads = work.tables | {"person": file.table("person")}
    engine.make("linked_patient", reads=reads, into=file.table("linked_patient"))
    engine.copy(work.tables["link_group"], into=file.table("links"))
    engine.copy(work.tables["erased"], into=file.table("erasures"))
    facts = {
        "mark": mark(work.policy),
        "snapshot": snapshot.id,
        "taken_at": stamp(snapshot.taken_at),
    }
    frame = pl.DataFrame({"key": list(facts), "value": list(facts.values())})
    engine.load(frame, into=file.table("meta"))
