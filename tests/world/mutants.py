"""Planted faults: for each rule of consent one or more, and the story that must then fail.

A relation's fault replaces a piece of its text (mutants.yml); the faults of the layout replace rows
of its lookup tables.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl
from ruamel.yaml import YAML

from segmenter.consent import history, scope_tables
from segmenter.consent.scopes import Scopes
from segmenter.engine import relations
from world import people

FILE = Path(__file__).with_name("mutants.yml")
Row = dict[str, Any]
Change = Callable[[str, Row], Row]  # the name of a lookup table, one of its rows -> the row


@dataclass(frozen=True)
class Mutant:
    """A fault: what is broken, in words; where; and the story (part of its name) that must fail."""

    rule: str
    fault: str
    where: str
    killer: str
    old: str = ""
    new: str = ""
    policy: str = "clinic"
    patch: Callable[[], Any] | None = None


# -- faults of the lookup tables -------------------------------------------------------------------


def broad_grant(table: str, row: Row) -> Row:
    if table == "category_scope" and row["name"] == "*":
        return {**row, "gives": row["denies"]}
    return row


def any_purpose(table: str, row: Row) -> Row:
    if table == "purpose_scope" and row["name"] == "*":
        return {**row, "gives": row["denies"], "max_age_days": 999}
    return row


def single_denial(table: str, row: Row) -> Row:
    if table in ("channel_scope", "topic_scope") and row["name"] != "*":
        return {**row, "denies": row["gives"]}
    return row


def no_confirmation(table: str, row: Row) -> Row:
    return {**row, "confirm": 0} if table == "purpose_scope" else row


def lookup_fault(rule: str, fault: str, killer: str, change: Change) -> Mutant:
    """A fault in the lookup tables: `change` sees each row of each table."""
    whole = scope_tables.lookup_tables

    def broken(scopes: Scopes) -> dict[str, pl.DataFrame]:
        tables = {}
        for name, frame in whole(scopes).items():
            rows = [change(name, row) for row in frame.to_dicts()]
            tables[name] = pl.DataFrame(rows, schema=frame.schema, orient="row")
        return tables

    def patch() -> Any:
        return mock.patch.object(scope_tables, "lookup_tables", broken)

    return Mutant(rule, fault, "lookup tables", killer, patch=patch)


def reverse_reasons() -> Any:
    return mock.patch.object(history, "ORDER", tuple(reversed(history.ORDER)))


def every_mutant() -> Iterator[Mutant]:
    yaml = YAML(typ="safe", pure=True)
    for fields in yaml.load(FILE.read_text(encoding="utf-8")):
        yield Mutant(**fields)
    yield lookup_fault(
        "C1", "a grant to every purpose serves every purpose", "C1 Chloé", any_purpose
    )
    yield lookup_fault(
        "C4", "the question for all channels needs no confirmation", "C4 Jules", no_confirmation
    )
    yield lookup_fault("C5", "a grant for all categories covers health", "C5 Kim", broad_grant)
    yield lookup_fault(
        "all of them",
        "a denial on one channel leaves the question for all of them alone",
        "all of them Mona",
        single_denial,
    )
    yield Mutant("C15", "reasons come in another order", "why", "C15 Nils", patch=reverse_reasons)


MUTANTS = tuple(every_mutant())


@contextlib.contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The program with a mutant's fault in it."""
    patch = broken_relation(mutant) if mutant.patch is None else mutant.patch()
    with patch, mock.patch.object(relations, "_composed", {}):
        yield


def broken_relation(mutant: Mutant) -> Any:
    """The program with a piece of a relation replaced."""
    text = relations.paths()[mutant.where].read_text(encoding="utf-8")
    assert mutant.old in text, f"{mutant.where} does not hold what is replaced: {mutant.old}"
    broken = relations.split(text.replace(mutant.old, mutant.new))
    whole = relations.tokens

    def tokens(name: str) -> relations.Tokens:
        return broken if name == mutant.where else whole(name)

    return mock.patch.object(relations, "tokens", tokens)


def noticed(mutant: Mutant) -> list[str]:
    """What of the killer's story fails with the fault planted."""
    who = mutant.killer.split()[-1]
    with planted(mutant):
        return people.failures(mutant.policy, also_why=mutant.where == "why", only=who)
