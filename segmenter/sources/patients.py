"""The patient source -> `patient`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.errors import SourceError
from segmenter.sources.readers import Reader, declared_columns, positions, require
from segmenter.sources.stage import Stage
from segmenter.sources.work import Work
from segmenter.sqlexpr.columns import column, content, unique

if TYPE_CHECKING:
    from sqlglot import exp

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


def ingest_patients(work: Work) -> None:
    """Read, check and keep the patient table (I1 to I6). Raises `SourceError` where the source is not there or lacks its key."""
    declared = work.sources.patient
    if work.same("patient"):
        return
    rename = {
        **declared.read.rename,
        "patient_id": declared.read.rename.get("patient_id", declared.key),
    }
    found = work.readers("patient")
    if not found:
        msg = "the patient source is not there"
        raise SourceError(msg, line=declared.read.line, hint=f"looked for {declared.read.path}")
    for reader in found:
        require("patient", reader, ["patient_id", *_used(work)], rename, declared.read.line)
    others = _others(found, rename)
    stage = _stage(work, found, rename, others)
    declared_columns("patient", found, declared.read, declared.tags)
    own = unique([rename_back(name, declared.read.rename) for name in others], [*RESERVED, *OURS])
    named = {ours: f"\x00{theirs}" for ours, theirs in zip(own, others, strict=True)}
    stage.show("raw_patient", {**{name: name for name in RESERVED}, **named})
    work.identify("raw_patient", "patient_id")
    _keep(work, own)
    _set_aside(work)
    work.settle(stage, "patient_quarantine", None, {"__content__": content([*RESERVED, *own], "p")})


def _used(work: Work) -> list[str]:
    """The columns of the source that dimensions are made of."""
    names = {
        d.column
        for d in work.policy.dimensions.values()
        if d.table == "patient" and d.column is not None
    }
    return sorted(names - set(RESERVED))


def _others(found: list[Reader], rename: dict[str, str]) -> list[str]:
    """Every column of the source that feeds no reserved one, in order of first sight."""
    used = {rename.get(name, name) for name in RESERVED}
    return list(
        dict.fromkeys(name for reader in found for name in reader.header if name not in used)
    )


def _stage(work: Work, found: list[Reader], rename: dict[str, str], others: list[str]) -> Stage:
    stage = Stage.make(
        work.engine,
        "patient",
        "staged_patient",
        [*RESERVED, *(f"\x00{name}" for name in others)],
        lazy=True,
    )
    for reader in found:
        first = [reader.header.index(name) if name in reader.header else None for name in others]
        reader.load(stage, [*positions(reader, RESERVED, rename), *first])
    return stage


def rename_back(name: str, rename: object) -> str:
    """Our name of a source's column."""
    ours = {theirs: own for own, theirs in dict(rename).items()}  # type: ignore[call-overload]
    return str(ours.get(name, name))


def _keep(work: Work, own: list[str]) -> None:
    from sqlglot import exp

    engine = work.engine
    columns = [column(name) for name in (*RESERVED, *own)]
    engine.make("patient_duplicate", "patient_duplicate")
    engine.make("patient_conflict", "patient_conflict", None, {"__columns__": columns})
    engine.make("patient_broken", "patient_broken")
    others: list[exp.Expr] = [
        exp.alias_(
            exp.func("nullif", column(name, "p"), exp.Literal.string("")),
            exp.to_identifier(name, quoted=True),
        )
        for name in own
    ]
    work.keep("patient", "patient_kept", None, {"__others__": others})
    work.touch("patient", engine.columns("patient"))


def _set_aside(work: Work) -> None:
    """Keep of rows in quarantine what holds for whoever is linked to them: a death (`aside`) and, until hashed, addresses (`aside_row`)."""
    engine = work.engine
    engine.make("aside_row", "aside_row")
    work.keep("aside", "aside_kept")
    work.touch("aside", engine.columns("aside"))
    if work.carried and engine.has("patient_touched"):
        engine.make("aside_rehash", "aside_rehash")
        engine.append_table("patient_touched", "aside_rehash")
