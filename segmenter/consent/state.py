"""The state: everyone's decisions, kept in a file that can always be made again.

Comes in: a snapshot, and perhaps the state of an earlier one. Goes out: an encrypted file with
`person`, `linked_patient` and what a later state follows from. A state belongs to one snapshot and
one `mark`: what of the policy decides, and the relations that decided. `ask_at` answers for other
clocks than the state's own.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.consent import decide as decide_module
from segmenter.consent import follow, masks, scope_tables, scopes
from segmenter.consent.decide import NEWEST, Deciding, decide
from segmenter.consent.follow import (
    PREFIX,
    PREVIOUS,
    SNAPSHOT,
    decide_again,
    decide_due,
    is_anyone_due,
)
from segmenter.dimensions import codes, profile
from segmenter.engine import relations
from segmenter.model import Clocks, Progress, silent, stamp
from segmenter.store.files import copy, new_file

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine
    from segmenter.model import Snapshot
    from segmenter.project.policy import Policy

STATE = "state"  # the alias under which the engine has the state attached
SETTLING = "settling"  # ... and a state that is being written
COPYING = "state copied"  # the step that copies the state before
DECIDING_FOLDERS = ("consent", "dimensions")  # relations whose text is part of a state's mark


def mark(policy: Policy) -> str:
    """SHA-256 (hex) of what decides: the policy, the relations' text, the layout of codes.

    A state of another mark is of no use.
    """
    texts = _texts_that_decide(DECIDING_FOLDERS)
    return hashlib.sha256(policy.deciding_hash().encode() + texts).hexdigest()


@functools.cache
def _texts_that_decide(folders: Sequence[str]) -> bytes:
    modules = (decide_module, follow, masks, scopes, scope_tables, codes, profile)
    files = [__file__, *(str(module.__file__) for module in modules)]
    parts = [Path(file).read_bytes() for file in files]
    for name, path in sorted(relations.paths().items()):
        if path.parent.name in folders:
            parts += [name.encode(), path.read_bytes()]
    return b"\0".join(parts)


def settle(
    engine: DuckDBEngine,
    policy: Policy,
    snapshot: Snapshot,
    path: Path,
    *,
    previous: Path | None = None,
    progress: Progress = silent,
) -> None:
    """Write the state of a snapshot to `path`: as_of = known_at = its `taken_at`.

    The engine has the snapshot attached as `snapshot` and exposed, and external access is still on.
    `previous` is the state of an earlier snapshot with the same `mark`; then the engine also holds
    a table `changed` (patient, since): whose consent, patient or fact rows differ; `since` is the
    number of the first new event of those who only said something new. Links and erasures are
    compared here. Raises `EngineError`.
    """
    work = Deciding(engine, policy, Clocks(snapshot.taken_at, snapshot.taken_at), progress)
    with new_file(path) as part:
        if previous is not None:
            progress(COPYING, None)
            copy(previous, part)
        progress("decisions", None)
        engine.attach(SETTLING, part, write=True, logged=False)
        if previous is None or not _follow(work, snapshot):
            decide(work, f"{SETTLING}.person", keep_in=SETTLING)
            _complete(work, snapshot)
        engine.detach(SETTLING)
    progress("decisions", 1.0)


def ask_at(
    engine: DuckDBEngine,
    policy: Policy,
    snapshot: Snapshot,
    clocks: Clocks,
    progress: Progress = silent,
    *,
    anew: bool = False,
) -> None:
    """Make `person` and `linked_patient` mean the decisions at other clocks than the state's own.

    The engine has the state attached as `state`, and the snapshot attached and exposed; `person`
    and `linked_patient` may be those of other clocks. `known_at` is not before the snapshot's
    `taken_at`: an earlier moment has an earlier snapshot. Only patients who fall due in between, or
    were erased since, are decided again; all of them if `as_of` lies before `taken_at`, or if
    `anew` says that `consent` holds other events than the snapshot's.
    """
    work = Deciding(engine, policy, clocks, progress)
    before = [f"{PREFIX}{name}" for name in PREVIOUS]
    engine.forget(["person", "linked_patient", *NEWEST, *before])
    engine.expose(STATE, ("person", "linked_patient"))
    engine.expose(STATE, PREVIOUS, prefix=PREFIX)
    if anew or clocks.as_of < snapshot.taken_at or clocks.known_at < snapshot.taken_at:
        decide(work, "person_then")
        engine.forget(NEWEST)
    elif is_anyone_due(work):
        decide_due(work, "person_then")
    else:
        return
    engine.forget(["person", "linked_patient"])
    engine.make("person", "person_at_clocks")
    engine.make("linked_patient", "linked_patient")


def _follow(work: Deciding, snapshot: Snapshot) -> bool:
    """Replace in a copy of the state before what has changed.

    False if that does not give every patient one row: then the state has to be made anew.
    """
    engine = work.engine
    with engine.at_once():
        engine.expose(SETTLING, PREVIOUS, prefix=PREFIX)
        for replaced in decide_again(work):
            for one in replaced:
                engine.replace(f"{SETTLING}.{one.table}", one.column, "deciding", one.source)
    with engine.at_once():
        _complete(work, snapshot)
    return engine.count(f"{SETTLING}.person") == engine.count(f"{SNAPSHOT}.patient")


def _complete(work: Deciding, snapshot: Snapshot) -> None:
    """Write what a state holds beside `person`."""
    import polars as pl

    engine = work.engine
    engine.expose(SETTLING, ["person"])
    work.progress("linked patients", None)
    for table in ("linked_patient", "links", "erasures"):
        engine.make(f"{SETTLING}.{table}", table)
    engine.forget(["person"])
    facts = {
        "mark": mark(work.policy),
        "snapshot": snapshot.id,
        "taken_at": stamp(snapshot.taken_at),
    }
    frame = pl.DataFrame({"key": list(facts), "value": list(facts.values())})
    engine.load(f"{SETTLING}.meta", frame)
