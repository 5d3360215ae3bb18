"""How every patient stands: decisions kept per patient in compact form, in a file that can always be made again.

`settle` decides all patients of a snapshot, or, from the state of an earlier one, only those who were touched or have fallen due; both
give the same rows. `ask_at` answers for other clocks. A state belongs to one snapshot and one `mark`: a policy (what of it decides) and
the relations that decided.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segmenter import codes, relations
from segmenter.consent import scopes
from segmenter.consent.scopes import ALONE, Scopes
from segmenter.model import Clocks, naive_utc, stamp

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.engine import DuckDBEngine
    from segmenter.model import Snapshot
    from segmenter.policy import Policy

Progress = Callable[[str, float | None], None]
Profile = Callable[["DuckDBEngine", "Policy", datetime], str]  # makes the table `profile`: patient, dim_<name> ...

SNAPSHOT = "snapshot"  # the alias under which the engine has the snapshot attached
STATE = "state"  # ... and the state
SETTLING = "settling"  # ... and a state that is being written
NEWEST = ("newest_denial", "newest_grant")  # what of everyone's events speaks, so that a new event needs no older one
PREVIOUS = ("person", "linked", "buried", *NEWEST)  # what a state that follows reads of the one before
READ = {  # and what dimensions read
    "patient": ("patient", "birth_date", "age", "deceased"), "aside": ("patient", "deceased"), "link_group": ("patient", "grp", "size"),
}  # fmt: skip
DECIDING = ("consent", "cube")  # the folders of relations whose text is part of a state's mark


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
    layouts = [Path(layout).read_bytes() + b"\0" for layout in (__file__, scopes.__file__, codes.__file__)]
    deciding = [(name, path) for name, path in sorted(relations.paths().items()) if path.parent.name in folders]
    return b"".join([*layouts, *(name.encode() + b"\0" + path.read_bytes() + b"\0" for name, path in deciding)])


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

    The engine has the snapshot attached as `snapshot` and exposed, and external access is still on. `previous` is the state of an earlier
    snapshot with the same `mark`; then the engine also holds a table `changed(patient, since)`: whose consent, patient or fact rows differ
    (links and erasures are compared here), and for who only said something new, the number of the first new event. Raises `EngineError`.
    """
    work = Settling(engine, policy, profile, Clocks(snapshot.taken_at, snapshot.taken_at), progress)
    part = path.with_name(f"{path.stem}.{secrets.token_hex(4)}.part")
    try:
        if previous is not None:
            shutil.copyfile(previous, part)
        engine.attach(SETTLING, part, write=True)
        if previous is None or not _renew(work):
            decide(work, f"{SETTLING}.person", f"{SETTLING}.")
        _complete(work, snapshot)
        engine.detach(SETTLING)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    progress("decisions", 1.0)


def ask_at(engine: DuckDBEngine, policy: Policy, snapshot: Snapshot, profile: Profile, clocks: Clocks, progress: Progress = silent) -> None:
    """Make `person` and `kin` mean the decisions at other clocks than the state's own.

    The engine has the state attached as `state`, and the snapshot attached and exposed; `person` and `kin` may be those of other clocks.
    `known_at` is not before the snapshot's `taken_at` (an earlier moment has an earlier snapshot). Only patients who fall due in between,
    or were erased since, are decided again; all of them where `as_of` lies before `taken_at`.
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
        _again(work)
        engine.make("person_then", "followed")
        engine.forget(["decided_again", "touched", "changed", *NEWEST])
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
    layout = Scopes.of(work.policy)
    for name, frame in layout.tables().items():
        engine.load(name, frame)
    work.profile(engine, work.policy, work.clocks.as_of)
    with engine.as_written():
        for name, step in zip(NEWEST, steps, strict=True):
            work.progress(name.replace("_", " "), None)
            engine.make(f"{place}{name}", step, work.values)
            if place:
                engine.expose(SETTLING, [name])
        _decide(work, table, range(layout.words))
    engine.forget(["denied_patient", "denied", "profile"])


def _decide(work: Settling, table: str, words: Sequence[int]) -> None:
    """What is left of the grants after the denials."""
    engine, values = work.engine, work.values
    work.progress("denials", None)
    engine.make("denied_patient", "denied_patient", values)
    engine.make("denied", "denied", values, {"__denied__": [_of_word("mask", "denied", word) for word in words]})
    work.progress("grants", None)
    structure = {
        "__granted__": [_of_word("mask", "granted", word) for word in words],
        "__allow__": [_allow(word) for word in words],
        "__dimensions__": list(_codes(work.policy)),
    }
    engine.make(table, "person", values, structure)


def _renew(work: Settling) -> bool:
    """Replace in a copy of the state before what the moment touches; False where that does not give every patient one row."""
    engine = work.engine
    engine.expose(SETTLING, PREVIOUS, prefix="previous_")
    _again(work)
    for table, column, again in (("person", "patient", "decided_again"), *zip(NEWEST, ("human", "patient"), NEWEST, strict=True)):
        engine.replace(f"{SETTLING}.{table}", column, "touched", again)
    engine.forget(["decided_again", "touched", "changed", *NEWEST, *_before()])
    return engine.count(f"{SETTLING}.person") == engine.count(f"{SNAPSHOT}.patient")


def _before() -> list[str]:
    return [f"previous_{name}" for name in PREVIOUS]


def _again(work: Settling) -> None:
    """Decide anew whom the moment touches: tables `touched` and `decided_again`, and what speaks of them (`NEWEST`)."""
    engine = work.engine
    until = naive_utc(max(work.clocks.as_of, work.clocks.known_at))
    engine.make("touched", "touched", {"until": until})
    engine.make("consent_few", "consent_again", {"since": engine.rows("changed_since")[0][0]})
    narrowed = dict(_read(work.policy, engine.tables(SNAPSHOT)))
    engine.narrow(SNAPSHOT, narrowed, "touched")
    engine.alias("consent", "consent_few")
    decide(work, "decided_again", steps=("denial_again", "grant_again"))
    engine.widen(SNAPSHOT, [*narrowed, "consent"])
    engine.forget(["consent_few"])


def _read(policy: Policy, tables: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """The snapshot's tables that decisions and dimensions of patients read, and which columns of them."""
    read: dict[str, dict[str, None]] = {name: dict.fromkeys(columns) for name, columns in READ.items()}
    for dimension in policy.dimensions.values():
        if dimension.per_patient:
            table = "patient" if dimension.table == "patient" else f"fact_{dimension.table}"
            column = dimension.column
            read.setdefault(table, {"patient": None}).update({} if column is None else {column: None})
    return ((name, tuple(columns)) for name, columns in read.items() if name in tables)


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
    facts = {"mark": mark(work.policy), "snapshot": snapshot.id, "taken_at": stamp(snapshot.taken_at)}
    engine.load(f"{SETTLING}.meta", pl.DataFrame({"key": list(facts), "value": list(facts.values())}))


# -- structure -------------------------------------------------------------------------------------------------------------


def _of_word(column: str, name: str, word: int) -> exp.Expr:
    """`bit_or(<column>) FILTER (WHERE word = <word>) AS <name>_<word>`."""
    from sqlglot import exp

    here = exp.EQ(this=exp.column("word"), expression=exp.Literal.number(word))
    masks = exp.Filter(this=exp.BitwiseOrAgg(this=exp.column(column)), expression=exp.Where(this=here))
    return exp.alias_(masks, f"{name}_{word}")


def _allow(word: int) -> exp.Expr:
    """What is granted and not denied; nothing where the patient is refused. Bit 62 says that the patient is linked to nobody."""
    from sqlglot import exp

    zero = exp.Literal.number(0)
    granted, denied = (
        exp.Coalesce(this=exp.column(f"{table}_{word}", table=alias), expressions=[zero.copy()])
        for table, alias in (("granted", "given"), ("denied", "denied"))
    )
    alone = exp.Case().when(exp.Is(this=exp.column("grp", table="link"), expression=exp.Null()), _number(ALONE)).else_(zero.copy())
    left = exp.paren(exp.BitwiseAnd(this=granted, expression=exp.BitwiseNot(this=denied)))
    allowed = exp.BitwiseOr(this=left, expression=exp.paren(alone))
    free = exp.Is(this=exp.column("patient", table="refused"), expression=exp.Null())
    return exp.alias_(exp.Case().when(free, allowed).else_(exp.cast(zero.copy(), "BIGINT")), f"allow_{word}")


def _codes(policy: Policy) -> Iterator[exp.Expr]:
    from sqlglot import exp

    for name in sorted(policy.dimensions):
        if policy.dimensions[name].per_patient:
            yield exp.column(f"dim_{name}", table="profile", quoted=True)


def _number(value: int) -> exp.Expr:
    from sqlglot import exp

    return exp.cast(exp.Literal.number(value), "BIGINT")
