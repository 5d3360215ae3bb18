"""A fact source -> `fact_<name>`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from segmenter.project.policy import ROWS
from segmenter.sources.readers import declared_columns, require
from segmenter.sources.stage import Stage
from segmenter.sqlexpr.columns import column, content, unique

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.engine.relations import Structure
    from segmenter.project.declared import FactSource
    from segmenter.project.policy import Policy
    from segmenter.sources.work import Work

NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?"
WHOLE = r"[+-]?[0-9]{1,18}"
OURS = ("patient", "line", "raw_row", "raw_origin", "raw_line", "raw_patient")
MEASURED = ("max", "min", "sum")


def ingest_facts(work: Work, declared: FactSource) -> None:
    """Read, check and keep one fact table (I1, I3, I5, I6).

    Where no file is there, the table is empty and has the columns that the policy reads.
    """
    if work.same(declared.name):
        return
    read = declared.read
    found = work.readers(declared.name)
    used = sorted(read_by_policy(work.policy, declared.name))
    for reader in found:
        require(declared.name, reader, [declared.patient, *used], read.rename, read.line)
    if not work.added(declared.name):
        declared_columns(declared.name, found, read, declared.tags)
    patient = read.rename.get(declared.patient, declared.patient)
    theirs = list(
        dict.fromkeys(name for reader in found for name in reader.header if name != patient)
    )
    stage = Stage.make(
        work.engine,
        declared.name,
        f"staged_fact_{declared.name}",
        ["\x00", *(theirs if found else used)],
        lazy=True,
    )
    for reader in found:
        reader.load(
            stage,
            [
                reader.header.index(patient),
                *(reader.header.index(n) if n in reader.header else None for n in theirs),
            ],
        )
    back = {source: ours for ours, source in read.rename.items()}
    own = unique([back.get(name, name) for name in theirs], OURS) if found else used
    stage.show("raw_fact", {"raw_patient": "\x00", **dict(zip(own, stage.names[1:], strict=True))})
    kinds = _kinds(work, [name for name in own if name in measured(work.policy, declared.name)])
    if work.added(declared.name) and not _fits(work, declared.name, own, kinds):
        work.reread(declared.name)
        ingest_facts(work, declared)
        return
    work.identify("raw_fact", "raw_patient")
    _keep(work, declared.name, stage, own, kinds)


def read_by_policy(policy: Policy, fact: str) -> set[str]:
    """The columns of a fact table that the policy reads at all."""
    return {
        d.column for d in policy.dimensions.values() if d.table == fact and d.column is not None
    } | measured(policy, fact)


def measured(policy: Policy, fact: str) -> set[str]:
    """The columns of a fact table that must be numbers: those the policy measures or clips."""
    names = {
        d.column
        for d in policy.dimensions.values()
        if d.table == fact and d.column is not None and d.measure in MEASURED
    }
    return {name for name in names if name is not None} | set(
        policy.facts[fact].clip if fact in policy.facts else ()
    ) - {ROWS}


def _fits(work: Work, fact: str, own: list[str], kinds: Mapping[str, str]) -> bool:
    """Whether new files have the columns of the table that is there, and no number that it could not hold."""
    before = work.engine.kinds(f"fact_{fact}")
    whole = all(before.get(name) == kind or kind == "BIGINT" for name, kind in kinds.items())
    return list(before) == ["patient", "line", *own] and whole


def _keep(work: Work, fact: str, stage: Stage, own: list[str], kinds: Mapping[str, str]) -> None:
    unreadable, reason = _unreadable(list(kinds))
    structure: Structure = {
        "__columns__": [_typed(name, kinds.get(name)) for name in own],
        "__unreadable__": unreadable,
    }
    table = f"fact_{fact}"
    if work.added(fact):
        work.engine.make("fact_new", "fact_kept", None, structure)
        work.engine.append_table(work.table(table), "fact_new")
        work.engine.make("fact_touched", "fact_touched")
        work.engine.append_table(work.table("touched"), "fact_touched")
    else:
        work.keep(table, "fact_kept", None, structure)
        work.touch(table, [name for name in work.engine.columns(table) if name != "line"])
    kept = work.engine.count("fact_new" if work.added(fact) else work.table(table))
    told = {
        "__unreadable__": unreadable,
        "__reason__": reason,
        "__content__": content(["raw_patient", *own], "r"),
    }
    work.settle(stage, None if kept == stage.whole() else "fact_quarantine", {"source": fact}, told)


def _kinds(work: Work, numbers: list[str]) -> dict[str, str]:
    """BIGINT where every readable number is whole, else DOUBLE."""
    from sqlglot import exp

    if not numbers:
        return {}
    whole = [
        exp.func(
            "coalesce",
            exp.func("bool_and", exp.or_(_matches(name, WHOLE), exp.not_(_matches(name, NUMBER)))),
            exp.true(),
        )
        for name in numbers
    ]
    (row,) = work.engine.rows("fact_kind", None, {"__whole__": whole})
    return {
        name: "BIGINT" if all_whole else "DOUBLE"
        for name, all_whole in zip(numbers, row, strict=True)
    }


def _unreadable(numbers: list[str]) -> tuple[exp.Expr, exp.Expr]:
    """Whether a row has a number that is none, and the reason that names its column."""
    from sqlglot import exp

    if not numbers:
        return exp.false(), exp.Literal.string("")
    faults = [
        (name, exp.and_(column(name, "r").neq(""), exp.not_(_matches(name, NUMBER))))
        for name in numbers
    ]
    reason = exp.Case()
    for name, fault in faults:
        reason = reason.when(fault, exp.Literal.string(f"{name} is not a number"))
    return exp.paren(exp.or_(*(fault for _, fault in faults))), reason


def _matches(name: str, pattern: str) -> exp.Expr:
    from sqlglot import exp

    return exp.func(
        "regexp_full_match", column(name), exp.Literal.string(pattern), dialect="duckdb"
    )


def _typed(name: str, kind: str | None) -> exp.Expr:
    from sqlglot import exp

    text = exp.func("nullif", column(name, "r"), exp.Literal.string(""))
    value = text if kind is None else exp.cast(text, kind)
    return exp.alias_(value, exp.to_identifier(name, quoted=True))
