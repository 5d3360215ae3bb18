"""A fact source -> `fact_<name>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.sources.column_names import (
    first_places,
    first_seen,
    require,
    require_declared,
    require_no_optout,
    with_names,
)
from segmenter.sources.policy_columns import kept_columns, number_columns, read_columns
from segmenter.sources.stage import Stage
from segmenter.sqlexpr.columns import column, content, unique

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlglot import exp

    from segmenter.engine import Table, Tables
    from segmenter.engine.relations import Structure
    from segmenter.project.declared import FactSource
    from segmenter.sources.load import Load
    from segmenter.sources.readers import Reader

NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?"
WHOLE = r"[+-]?[0-9]{1,18}"
OURS = ("patient", "line", "raw_row", "raw_origin", "raw_line", "raw_patient")
KEY = "\x00"  # the staged column of patient ids: no file has a column of this name


def ingest_facts(load: Load, declared: FactSource) -> None:
    """Read, check and keep one fact table (I1, I3, I5, I6).

    If no file is there, the table is empty and has the columns that the policy reads.
    """
    if load.keep_same(declared.name):
        return
    readers = load.readers(declared.name)
    read = declared.read
    used = sorted(read_columns(load.policy, declared.name))
    for reader in readers:
        require(declared.name, reader, [declared.patient, *used], read.rename, read.line)
    if not load.is_added(declared.name):
        require_declared(declared.name, readers, read, declared.tags)
    patient = read.rename.get(declared.patient, declared.patient)
    theirs_read = {patient, *(read.rename.get(name, name) for name in used)}
    require_no_optout(declared.name, readers, read, theirs_read)
    columns = _kept_columns(load, declared, readers, patient)
    load.leave_out(declared.name, readers, {patient, *columns.values()})
    own = list(columns)
    with load.engine.scope():
        stage = _stage(load, declared.name, readers, patient, list(columns.values()))
        rows = stage.shown({"raw_patient": KEY, **columns}, ["raw_patient"])
        numbers = number_columns(load.policy, declared.name)
        kinds = _kinds(load, rows, [name for name in own if name in numbers])
        fits = not load.is_added(declared.name) or _fits(load, declared.name, own, kinds)
        if fits:
            load.identify(rows, "raw_patient")
            _keep(load, stage, rows, own, kinds)
    if not fits:
        load.reread(declared.name)
        ingest_facts(load, declared)


def _kept_columns(
    load: Load, declared: FactSource, readers: Sequence[Reader], patient: str
) -> dict[str, str]:
    """The columns that are kept: our name -> the files'."""
    if not readers:
        return {name: name for name in sorted(read_columns(load.policy, declared.name))}
    theirs = [name for name in first_seen(readers) if name != patient]
    renamed = {name: own for own, name in declared.read.rename.items()}
    own = unique([renamed.get(name, name) for name in theirs], OURS)
    named = dict(zip(own, theirs, strict=True))
    wanted = kept_columns(load.policy, declared.name, declared.tags)
    return with_names(named, wanted, declared.read.rename)


def _stage(
    load: Load, fact: str, readers: Sequence[Reader], patient: str, theirs: Sequence[str]
) -> Stage:
    """The rows of all files, each column under its own name."""
    stage = Stage.make(load.engine, fact, [KEY, *theirs], lazy=True)
    for reader in readers:
        places = first_places(reader)
        reader.load(stage, [places[patient], *(places.get(name) for name in theirs)])
    return stage


def _fits(load: Load, fact: str, own: Sequence[str], kinds: Mapping[str, str]) -> bool:
    """Whether new files fit the table that is there: its columns, and no number too wide for it."""
    before = load.engine.kinds(load.tables[f"fact_{fact}"])
    if list(before) != ["patient", "line", *own]:
        return False
    return all(kind in ("BIGINT", before.get(name)) for name, kind in kinds.items())


def _keep(
    load: Load, stage: Stage, rows: Table, own: Sequence[str], kinds: Mapping[str, str]
) -> None:
    """Write the table, and the quarantine if any row is in it."""
    fact, unreadable = stage.source, _unreadable(list(kinds))
    structure: Structure = {
        "__columns__": [_typed(name, kinds.get(name)) for name in own],
        "__unreadable__": unreadable,
    }
    reads = load.tables | {"raw_fact": rows}
    if load.is_added(fact):
        kept = _append(load, fact, reads, structure)
    else:
        kept = _write(load, fact, reads, structure)
    if kept == stage.whole():
        load.settle(stage)
        return
    told: Structure = {
        "__unreadable__": unreadable,
        "__reason__": _reason(list(kinds)),
        "__content__": content(["raw_patient", *own], "r"),
    }
    load.settle(stage, "fact_quarantine", reads=reads, values={"source": fact}, structure=told)


def _append(load: Load, fact: str, reads: Tables, structure: Structure) -> int:
    """Append the rows of new files to the table that is there; how many."""
    engine = load.engine
    new = engine.make("fact_kept", reads=reads, structure=structure)
    engine.append_table(load.tables[f"fact_{fact}"], new)
    engine.add(load.tables["touched"], "fact_touched", reads={"fact_new": new})
    return engine.count(new)


def _write(load: Load, fact: str, reads: Tables, structure: Structure) -> int:
    """Write the table anew; how many rows it has."""
    name = f"fact_{fact}"
    table = load.keep(name, "fact_kept", reads=reads, structure=structure)
    columns = load.engine.columns(table)
    load.touch(name, [one for one in columns if one != "line"])
    return load.engine.count(table)


# -- numbers ---------------------------------------------------------------------------------------


def _kinds(load: Load, rows: Table, numbers: Sequence[str]) -> dict[str, str]:
    """The type of each number column: BIGINT if every readable number is whole, else DOUBLE."""
    if not numbers:
        return {}
    wholes = [_all_whole(name) for name in numbers]
    reads, structure = {"raw_fact": rows}, {"__whole__": wholes}
    (row,) = load.engine.rows("fact_kind", reads=reads, structure=structure)
    return {name: "BIGINT" if whole else "DOUBLE" for name, whole in zip(numbers, row, strict=True)}


def _all_whole(name: str) -> exp.Expr:
    """Whether every number of a column is whole; true of a column without any."""
    from sqlglot import exp

    whole = exp.or_(_matches(name, WHOLE), exp.not_(_matches(name, NUMBER)))
    return exp.func("coalesce", exp.func("bool_and", whole), exp.true())


def _unreadable(numbers: Sequence[str]) -> exp.Expr:
    """Whether a row has a number that is none."""
    from sqlglot import exp

    if not numbers:
        return exp.false()
    return exp.paren(exp.or_(*(_is_fault(name) for name in numbers)))


def _reason(numbers: Sequence[str]) -> exp.Expr:
    """The first column of a row whose number is none, in words."""
    from sqlglot import exp

    if not numbers:
        return exp.Literal.string("")
    reason = exp.Case()
    for name in numbers:
        reason = reason.when(_is_fault(name), exp.Literal.string(f"{name} is not a number"))
    return reason


def _is_fault(name: str) -> exp.Expr:
    from sqlglot import exp

    return exp.and_(column(name, "r").neq(""), exp.not_(_matches(name, NUMBER)))


def _matches(name: str, pattern: str) -> exp.Expr:
    from sqlglot import exp

    return exp.func(
        "regexp_full_match", column(name), exp.Literal.string(pattern), dialect="duckdb"
    )


def _typed(name: str, kind: str | None) -> exp.Expr:
    """A column as it is kept: empty texts are NULL, numbers are numbers."""
    from sqlglot import exp

    text = exp.func("nullif", column(name, "r"), exp.Literal.string(""))
    value = text if kind is None else exp.cast(text, kind)
    return exp.alias_(value, exp.to_identifier(name, quoted=True))
