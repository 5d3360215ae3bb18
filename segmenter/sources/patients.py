"""The patient source -> `patient`, and `aside`: what rows in quarantine say of the linked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.errors import SourceError
from segmenter.sources.column_names import (
    first_places,
    first_seen,
    positions,
    require,
    require_declared,
    require_no_optout,
    with_names,
)
from segmenter.sources.deaths import ingest_deaths
from segmenter.sources.health import known_orphans
from segmenter.sources.policy_columns import kept_columns, read_columns
from segmenter.sources.stage import Stage
from segmenter.sources.words import ALIVE
from segmenter.sqlexpr.columns import column, content, unique
from segmenter.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlglot import exp

    from segmenter.engine import Table
    from segmenter.engine.scope import Scope
    from segmenter.sources.load import Load
    from segmenter.sources.readers import Reader

RESERVED = (
    "patient_id",
    "birth_date",
    "age",
    "deceased_at",
    "deceased",
    "email",
    "phone",
    "postal",
    "first_name",
    "language",
)
OURS = ("patient", "raw_row", "raw_origin", "raw_line")


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns of the patient files beside reserved ones: our name -> the files'.

    Rows of one patient are compared in all of them, whichever are `kept`.
    """

    others: Mapping[str, str]
    kept: Sequence[str]

    def staged(self) -> dict[str, str]:
        """Our name of every column, and the staged one."""
        named = {name: name for name in RESERVED}
        for ours, theirs in self.others.items():
            named[ours] = _staged(theirs)
        return named


def ingest_patients(load: Load) -> None:
    """Read, check and keep the patient table (I1 to I6).

    Raises `SourceError` if the source is not there or lacks its key.
    """
    if load.keep_same("patient"):
        if load.sources.death is not None:
            load.counts["death"] = load.known_count("death")
            load.left_out["death"] = load.known_left_out("death")
            load.orphans["death"] = known_orphans(load, "death")
        return
    declared = load.sources.patient
    read = declared.read
    readers = load.readers("patient")
    if not readers:
        message = "the patient source is not there"
        raise SourceError(message, line=read.line, hint=f"looked for {read.path}")
    rename = {"patient_id": declared.key, **read.rename}
    used = sorted(read_columns(load.policy, "patient") - set(RESERVED))
    for reader in readers:
        require("patient", reader, ["patient_id", *used], rename, read.line)
    others = _others(readers, rename)
    stage = _stage(load, readers, rename, others)
    require_declared("patient", readers, read, declared.tags)
    require_no_optout("patient", readers, read, _theirs(load, used, rename))
    named = dict(zip(_own_names(others, read.rename), others, strict=True))
    wanted = kept_columns(load.policy, "patient", declared.tags)
    kept = with_names(named, wanted, read.rename)
    feeding = {rename.get(name, name) for name in RESERVED}
    load.leave_out("patient", readers, {*feeding, *kept.values()})
    with load.engine.scope() as scope:
        _keep(load, scope, stage, _Columns(named, list(kept)))


def _theirs(load: Load, used: Sequence[str], rename: Mapping[str, str]) -> set[str]:
    """The columns that are read, by the files' names: reserved ones, dimensions', destinations'."""
    columns = {*RESERVED, *used}
    for destination in load.policy.destinations.values():
        columns.update(destination.columns or ())
    return {rename.get(name, name) for name in columns}


def _others(readers: Sequence[Reader], rename: Mapping[str, str]) -> list[str]:
    """Every column of the source that feeds no reserved one, in order of first sight."""
    feeding = {rename.get(name, name) for name in RESERVED}
    return [name for name in first_seen(readers) if name not in feeding]


def _own_names(others: Sequence[str], rename: Mapping[str, str]) -> list[str]:
    """Our names of the other columns."""
    ours = {theirs: own for own, theirs in rename.items()}
    wanted = [ours.get(name, name) for name in others]
    return unique(wanted, [*RESERVED, *OURS])


def _staged(theirs: str) -> str:
    """The staged name of a column that is not reserved: its own might be a reserved one."""
    return f"\x00{theirs}"


def _stage(
    load: Load, readers: Sequence[Reader], rename: Mapping[str, str], others: Sequence[str]
) -> Stage:
    names = [*RESERVED, *(_staged(name) for name in others)]
    stage = Stage.make(load.engine, "patient", names, lazy=True)
    for reader in readers:
        places = first_places(reader)
        rest = [places.get(name) for name in others]
        reader.load(stage, [*positions(reader, RESERVED, rename), *rest])
    return stage


def _keep(load: Load, scope: Scope, stage: Stage, columns: _Columns) -> None:
    """Write the table, what is set aside of rows in quarantine, and the quarantine."""
    rows = stage.shown(columns.staged(), ids=["patient_id"])
    load.identify(rows, "patient_id")
    reads = load.tables | {"raw_patient": rows, "death": ingest_deaths(load, rows)}
    reads |= _checked(load, rows, columns)
    others = [_kept(name) for name in columns.kept]
    patient = load.keep(
        "patient",
        "patient_kept",
        reads=reads,
        values={"alive": list(ALIVE)},
        structure={"__others__": others},
    )
    touched = load.touch("patient", load.engine.columns(patient))
    load.aside_row = scope.keep(
        load.engine.make("aside_row", reads=reads, values={"alive": list(ALIVE)})
    )
    _set_aside(load, reads | {"aside_row": load.aside_row}, touched)
    if touched is not None:
        load.patient_touched = scope.keep(touched)
    told = content([*RESERVED, *columns.kept], "p")
    load.settle(stage, "patient_quarantine", reads=reads, structure={"__content__": told})


def _checked(load: Load, rows: Table, columns: _Columns) -> Tables:
    """Which rows differ under one key, and which are broken: neither are in the table."""
    engine = load.engine
    every = [column(name) for name in (*RESERVED, *columns.others)]
    reads = Tables({"raw_patient": rows})
    reads |= {"patient_duplicate": engine.make("patient_duplicate", reads=reads)}
    conflict = engine.make("patient_conflict", reads=reads, structure={"__columns__": every})
    reads |= {"patient_conflict": conflict}
    return reads | {"patient_broken": engine.make("patient_broken", reads=reads)}


def _kept(name: str) -> exp.Expr:
    """A column as it is kept: empty texts are NULL."""
    from sqlglot import exp

    text = exp.func("nullif", column(name, "p"), exp.Literal.string(""))
    return exp.alias_(text, exp.to_identifier(name, quoted=True))


def _set_aside(load: Load, reads: Tables, touched: Table | None) -> None:
    """Keep of rows in quarantine what holds for whoever is linked to them: a death.

    Their addresses are hashed anew, too, if `touched` patients are.
    """
    aside = load.keep("aside", "aside_kept", reads=reads)
    load.touch("aside", load.engine.columns(aside))
    if touched is not None:
        load.engine.add(touched, "aside_rehash", reads=load.tables | load.previous)
