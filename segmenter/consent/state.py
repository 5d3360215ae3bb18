"""How every patient stands: decisions kept per patient in compact form, in a file that can always be made again.

`settle` decides all patients of a snapshot, or, from the state of an earlier one, only those who
were touched or have fallen due; both give the same rows. `ask_at` answers for other clocks. A state
belongs to one snapshot and one `mark`: a policy (what of it decides) and the relations that
decided.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segmenter.consent import scopes, words
from segmenter.consent.scopes import Scopes
from segmenter.dimensions import codes
from segmenter.engine import relations
from segmenter.model import Clocks, naive_utc, stamp
from segmenter.store.files import copy, new_file

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine
    from segmenter.model import Snapshot
    from segmenter.project.policy import Policy

Progress = Callable[[str, float | None], None]
Replaced = Sequence[
    tuple[str, str]
]  # tables of a state, and the column of each that holds a patient
Profile = Callable[
    ["DuckDBEngine", "Policy", datetime], str
]  # makes the table `profile`: patient, dim_<name> ...

SNAPSHOT = "snapshot"  # the alias under which the engine has the snapshot attached
STATE = "state"  # ... and the state
SETTLING = "settling"  # ... and a state that is being written
NEWEST = (
    "newest_denial",
    "newest_grant",
)  # what of everyone's events speaks, so that a new event needs no older one
PREVIOUS = (
    "person",
    "linked",
    "buried",
    *NEWEST,
)  # what a state that follows reads of the one before
READ = {  # and what dimensions read
    "patient": ("patient", "birth_date", "age", "deceased"), "aside": ("patient", "deceased"), "link_group": ("patient", "grp", "size"),
}  # fmt: skip
COPYING = "state copied"  # the step that copies the state before, whole
DECIDING = (
    "consent",
    "dimensions",
)  # the folders of relations whose text is part of a state's mark


def silent(_step: str, _done: float | None = None) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Settling:
    """What a decision needs: an engine with the snapshot's tables exposed, the policy, the maker of dimension codes, the clocks."""

    engine: DuckDBEngine
    policy: Policy
    profile: Profile
    clocks: Clocks
    progress: Progress = silent

    @property
    def values(self) -> dict[str, object]:
        """What the consent relations take."""
        today = self.clocks.as_of.astimezone(ZoneInfo(self.policy.time_zone)).date()
        limits = {"min_age": self.policy.min_age, "max_linked": self.policy.max_linked}
        return {**self.clocks.naive(), **limits, "time_zone": self.policy.time_zone, "today": today}


def mark(policy: Policy) -> str:
    """SHA-256 (hex) of what decides: the policy, the relations' text, the layout of codes. A state of another mark is of no use."""
    return hashlib.sha256(policy.deciding_hash().encode() + _texts(DECIDING)).hexdigest()


@functools.cache
def _texts(folders: Sequence[str]) -> bytes:
    """The layout of codes, and the relations of these folders, as this process reads them."""
    layouts = [
        Path(layout).read_bytes() + b"\0"
        for layout in (__file__, scopes.__file__, words.__file__, codes.__file__)
    ]
    deciding = [
        (name, path)
        for name, path in sorted(relations.paths().items())
        if path.parent.name in folders
    ]
    return b"".join(
        [*layouts, *(name.encode() + b"\0" + path.read_bytes() + b"\0" for name, path in deciding)]
    )


def settle(
    engine: DuckDBEngine,
    policy: Policy,
    snapshot: Snapshot,
    path: Path,
    profile: Profile,
    *,
    previous: Path | None = None,
    progress: Progress = silent,
) -> None:
    """Write the state of a snapshot to `path`: as_of = known_at = its `taken_at`.

    The engine has the snapshot attached as `snapshot` and exposed, and external access is still on.
    `previous` is the state of an earlier snapshot with the same `mark`; then the engine also holds
    a table `changed(patient, since)`: whose consent, patient or fact rows differ (links and
    erasures are compared here), and for who only said something new, the number of the first new
    event. Raises `EngineError`.
    """
    work = Settling(engine, policy, profile, Clocks(snapshot.taken_at, snapshot.taken_at), progress)
    with new_file(path) as part:
        if previous is not None:
            progress(COPYING, None)
            copy(previous, part)
        progress("decisions", None)
        engine.attach(SETTLING, part, write=True, logged=False)
        if previous is None or not _renew(work, snapshot):
            decide(work, f"{SETTLING}.person", f"{SETTLING}.")
            _complete(work, snapshot)
        engine.detach(SETTLING)
    progress("decisions", 1.0)


def ask_at(
    engine: DuckDBEngine,
    policy: Policy,
    snapshot: Snapshot,
    profile: Profile,
    clocks: Clocks,
    progress: Progress = silent,
) -> None:
    """Make `person` and `kin` mean the decisions at other clocks than the state's own.

    The engine has the state attached as `state`, and the snapshot attached and exposed; `person`
    and `kin` may be those of other clocks. `known_at` is not before the snapshot's `taken_at` (an
    earlier moment has an earlier snapshot). Only patients who fall due in between, or were erased
    since, are decided again; all of them where `as_of` lies before `taken_at`.
    """
    work = Settling(engine, policy, profile, clocks, progress)
    engine.forget(["person", "kin", *NEWEST, *_before()])
    engine.expose(STATE, ("person", "kin"))
    engine.expose(STATE, PREVIOUS, prefix="previous_")
    if clocks.as_of < snapshot.taken_at or clocks.known_at < snapshot.taken_at:
        decide(work, "person_then")
        engine.forget(NEWEST)
    elif engine.rows("fallen_due", {"until": naive_utc(max(clocks.as_of, clocks.known_at))})[0][0]:
        engine.make("changed", "nobody")
        _reach(work)
        _touch(engine, "reached_whole", "consent_whole")
        _again(work)
        engine.make("person_then", "followed")
        _leave(engine)
        engine.forget(["reached", "changed"])
    else:
        return
    engine.forget(["person", "kin"])
    engine.make("person", "person_again")
    engine.make("kin", "kin")


def decide(work: Settling, table: str, place: str = "", steps: Sequence[str] = NEWEST) -> None:
    """Decide every patient of the engine's `patient` table at the work's clocks, into `table`; what speaks stays, in `place`, as `NEWEST`.

    `steps` are the relations that say what speaks.
    """
    engine = work.engine
    layout = _lay_out(work)
    work.profile(engine, work.policy, work.clocks.as_of)
    with engine.as_written():
        for name, step in zip(NEWEST, steps, strict=True):
            work.progress(name.replace("_", " "), None)
            engine.make(f"{place}{name}", step, work.values)
            if place:
                engine.expose(SETTLING, [name])
        _decide(work, table, range(layout.words))
    engine.forget(["denied_patient", "denied", "profile"])


def _lay_out(work: Settling, kinds: str = "") -> Scopes:
    """Make the lookup tables of the policy's questions, those whose names end in `kinds`."""
    layout = Scopes.of(work.policy)
    for name, frame in layout.tables().items():
        if name.endswith(kinds):
            work.engine.load(name, frame)
    return layout


def _decide(work: Settling, table: str, numbers: Sequence[int]) -> None:
    """What is left of the grants after the denials."""
    work.engine.make("denied_patient", "denied_patient", work.values)  # it is read twice
    _forbid(work, numbers)
    work.progress("grants", None)
    structure = {
        "__granted__": [words.of_word("mask", "granted", word) for word in numbers],
        "__allow__": [words.allow(word) for word in numbers],
        "__dimensions__": list(words.codes(work.policy, "profile")),
    }
    work.engine.make(table, "person", work.values, structure)


def _forbid(work: Settling, numbers: Sequence[int]) -> None:
    """What the denials of `newest_denial` forbid each patient, after the lifts of `newest_grant`: the table `denied`."""
    work.progress("denials", None)
    work.engine.make(
        "denied",
        "denied",
        work.values,
        {"__denied__": [words.of_word("mask", "denied", word) for word in numbers]},
    )


def _renew(work: Settling, snapshot: Snapshot) -> bool:
    """Replace in a copy of the state before what the moment touches; False where that does not give every patient one row."""
    engine = work.engine
    with engine.at_once():
        engine.expose(SETTLING, PREVIOUS, prefix="previous_")
        _reach(work)
        for again in _ways(work):
            for table, column in again(work):
                engine.replace(
                    f"{SETTLING}.{table}",
                    column,
                    "touched",
                    "decided_again" if table == "person" else table,
                )
            _leave(engine)
        engine.forget(["reached", "changed", *_before()])
    with engine.at_once():
        _complete(work, snapshot)
    return engine.count(f"{SETTLING}.person") == engine.count(f"{SNAPSHOT}.patient")


def _ways(work: Settling) -> Iterator[Callable[[Settling], Replaced]]:
    """Whom to decide in which way, made the touched: who is read whole, and who only said something new, which may be denials alone."""
    engine = work.engine
    ((whole, told),) = engine.rows("reached_how")
    if whole:
        _touch(engine, "reached_whole", "consent_whole")
        yield _again
    if told:
        ((since,),) = engine.rows("changed_since")
        _touch(engine, "reached_told", "consent_told", since)
        ((giving,),) = engine.rows("giving")
        yield _say if giving else _deny


def _touch(engine: DuckDBEngine, those: str, said: str, since: int = 0) -> None:
    """Make `touched` mean `those`, and `consent` the events of theirs that decide; `_leave` undoes it."""
    engine.view(those, those)
    engine.alias("touched", those)
    engine.make("consent_few", said, {"since": since})
    engine.alias("consent", "consent_few")


def _leave(engine: DuckDBEngine) -> None:
    """Make `consent` mean everybody's events again."""
    engine.widen(SNAPSHOT, ["consent"])
    engine.forget(
        ["touched", "reached_whole", "reached_told", "consent_few", "decided_again", *NEWEST]
    )


def _before() -> list[str]:
    return [f"previous_{name}" for name in PREVIOUS]


def _reach(work: Settling) -> None:
    """Whom the moment touches: the table `reached`."""
    work.engine.make(
        "reached", "reached", {"until": naive_utc(max(work.clocks.as_of, work.clocks.known_at))}
    )


def _deny(work: Settling) -> Replaced:
    """Decide the touched anew, who said nothing new but denials: `decided_again` and `newest_denial`."""
    engine = work.engine
    numbers = range(_lay_out(work, "_scope").words)
    engine.alias("patient", "touched")
    with engine.as_written():
        work.progress("newest denial", None)
        engine.make("newest_denial", "newest_denial", work.values)
        ((first,),) = engine.rows("first_denial")
        engine.make("newest_grant", "grant_later", {"lifted_after": first})
        _forbid(work, numbers)
        structure = {
            "__allow__": [words.less(word) for word in numbers],
            "__dimensions__": list(words.codes(work.policy, "earlier")),
        }
        engine.make("decided_again", "person_denied", structure=structure)
        engine.make("denial_again", "denial_again")
    engine.widen(SNAPSHOT, ["patient"])
    engine.forget(["denied_patient", "denied", *NEWEST])
    engine.alias("newest_denial", "denial_again")
    return ("person", "patient"), ("newest_denial", "human")


def _say(work: Settling) -> Replaced:
    """Decide the touched anew, who only said something new: their dimensions are as they were."""
    return _again(replace(work, profile=_kept), READ)


def _kept(engine: DuckDBEngine, policy: Policy, as_of: datetime) -> str:
    """The dimensions of the touched in the state before. Nobody among them falls due, so that none is older by a band."""
    del as_of
    engine.make(
        "profile",
        "profile_kept",
        structure={"__dimensions__": list(words.codes(policy, "earlier"))},
    )
    return "profile"


def _again(work: Settling, read: Mapping[str, Sequence[str]] | None = None) -> Replaced:
    """Decide the touched anew from their events and, where these are not all, from what spoke before: `decided_again` and `NEWEST`.

    `read` are the snapshot's tables, and columns of them, that this takes: what dimensions read
    too, unless it is given.
    """
    engine = work.engine
    tables = engine.tables(SNAPSHOT)
    narrowed = {
        name: columns for name, columns in (read or _read(work.policy)).items() if name in tables
    }
    engine.narrow(SNAPSHOT, narrowed, "touched")
    decide(work, "decided_again", steps=("denial_again", "grant_again"))
    engine.widen(SNAPSHOT, [*narrowed])
    return ("person", "patient"), ("newest_denial", "human"), ("newest_grant", "patient")


def _read(policy: Policy) -> dict[str, Sequence[str]]:
    """The snapshot's tables that decisions and dimensions of patients read, and which columns of them."""
    read: dict[str, dict[str, None]] = {
        name: dict.fromkeys(columns) for name, columns in READ.items()
    }
    for dimension in policy.dimensions.values():
        if dimension.per_patient:
            table = "patient" if dimension.table == "patient" else f"fact_{dimension.table}"
            column = dimension.column
            read.setdefault(table, {"patient": None}).update(
                {} if column is None else {column: None}
            )
    return {name: tuple(columns) for name, columns in read.items()}


def _complete(work: Settling, snapshot: Snapshot) -> None:
    """What a state holds beside `person`."""
    import polars as pl

    engine = work.engine
    engine.expose(SETTLING, ["person"])
    work.progress("linked patients", None)
    engine.make(f"{SETTLING}.kin", "kin")
    engine.make(f"{SETTLING}.linked", "linked_now")
    engine.make(f"{SETTLING}.buried", "buried")
    engine.forget(["person"])
    facts = {
        "mark": mark(work.policy),
        "snapshot": snapshot.id,
        "taken_at": stamp(snapshot.taken_at),
    }
    engine.load(
        f"{SETTLING}.meta", pl.DataFrame({"key": list(facts), "value": list(facts.values())})
    )
