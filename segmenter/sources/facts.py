"""A fact source -> `fact_<name>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.sources.readers import readers, require
from segmenter.sources.stage import Stage
from segmenter.sources.work import Work, column, content, unique

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.declared import FactSource
    from segmenter.policy import Policy

NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?"
WHOLE = r"[+-]?[0-9]{1,18}"
OURS = ("patient", "line", "raw_row", "raw_origin", "raw_line", "raw_patient")
MEASURED = ("max", "min", "sum")


def ingest_facts(work: Work, declared: FactSource) -> None:
    """Read, check and keep one fact table (I1, I3, I5, I6). Not there: no table, nothing counted."""
    read = declared.read
    found = readers(work.engine, work.root, read)
    for reader in found:
        require(declared.name, reader, [declared.patient], read.rename, read.line)
    patient = read.rename.get(declared.patient, declared.patient)
    theirs = list(dict.fromkeys(name for reader in found for name in reader.header if name != patient))
    stage = Stage.make(work.engine, declared.name, f"staged_fact_{declared.name}", ["\x00", *theirs])
    for reader in found:
        reader.load(stage, [reader.header.index(patient), *(reader.header.index(n) if n in reader.header else None for n in theirs)])
    back = {source: ours for ours, source in read.rename.items()}
    own = unique([back.get(name, name) for name in theirs], OURS)
    stage.show("raw_fact", {"raw_patient": "\x00", **dict(zip(own, theirs, strict=True))})
    work.identify("raw_fact", "raw_patient")
    _keep(work, declared.name, stage, own)


def measured(policy: Policy, fact: str) -> set[str]:
    """The columns of a fact table that must be numbers: those the policy measures or clips."""
    names = {d.column for d in policy.dimensions.values() if d.table == fact and d.column is not None and d.measure in MEASURED}
    return {name for name in names if name is not None} | set(policy.facts[fact].clip if fact in policy.facts else ())


def _keep(work: Work, fact: str, stage: Stage, own: list[str]) -> None:
    numbers = [name for name in own if name in measured(work.policy, fact)]
    kinds = dict(zip(numbers, _kinds(work, numbers), strict=True))
    unreadable, reason = _unreadable(numbers)
    columns = [_typed(name, kinds.get(name)) for name in own]
    work.keep(f"fact_{fact}", "fact_kept", None, {"__columns__": columns, "__unreadable__": unreadable})
    structure = {"__unreadable__": unreadable, "__reason__": reason, "__content__": content(["raw_patient", *own], "r")}
    work.settle(stage, "fact_quarantine", {"source": fact}, structure)


def _kinds(work: Work, numbers: list[str]) -> list[str]:
    """BIGINT where every readable number is whole, else DOUBLE."""
    from sqlglot import exp

    if not numbers:
        return []
    whole = [
        exp.func("coalesce", exp.func("bool_and", exp.or_(_matches(name, WHOLE), exp.not_(_matches(name, NUMBER)))), exp.true())
        for name in numbers
    ]
    (row,) = work.engine.rows("fact_kind", None, {"__whole__": whole})
    return ["BIGINT" if all_whole else "DOUBLE" for all_whole in row]


def _unreadable(numbers: list[str]) -> tuple[exp.Expression, exp.Expression]:
    """Whether a row has a number that is none, and the reason that names its column."""
    from sqlglot import exp

    if not numbers:
        return exp.false(), exp.Literal.string("")
    faults = [(name, exp.and_(column(name, "r").neq(""), exp.not_(_matches(name, NUMBER)))) for name in numbers]
    reason = exp.Case()
    for name, fault in faults:
        reason = reason.when(fault, exp.Literal.string(f"{name} is not a number"))
    return exp.paren(exp.or_(*(fault for _, fault in faults))), reason


def _matches(name: str, pattern: str) -> exp.Expression:
    from sqlglot import exp

    return exp.func("regexp_full_match", column(name), exp.Literal.string(pattern), dialect="duckdb")


def _typed(name: str, kind: str | None) -> exp.Expression:
    from sqlglot import exp

    text = exp.func("nullif", column(name, "r"), exp.Literal.string(""))
    value = text if kind is None else exp.cast(text, kind)
    return exp.alias_(value, exp.to_identifier(name, quoted=True))
