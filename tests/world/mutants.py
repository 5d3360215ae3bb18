"""Planted defects: for each rule of consent one or more faults in the relations or the layout, and
the story that must then fail.

A relation's fault replaces a piece of its text (mutants.yml); the layout's faults replace rows of
its lookup tables.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from ruamel.yaml import YAML

from segmenter.consent import scopes
from segmenter.engine import relations
from world import people

FILE = Path(__file__).with_name("mutants.yml")


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


def _tables_where(change: Callable[[str, dict[str, Any]], dict[str, Any]]) -> Callable[[], Any]:
    """A fault in the lookup tables: `change` sees each row of each table."""
    whole = scopes.Scopes.tables

    def tables(self: scopes.Scopes) -> dict[str, Any]:
        import polars as pl

        return {
            n: pl.DataFrame([change(n, r) for r in f.to_dicts()], schema=f.schema, orient="row")
            for n, f in whole(self).items()
        }

    return lambda: mock.patch.object(scopes.Scopes, "tables", tables)


def _broad_grant(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return (
        {**row, "gives": row["denies"]} if name == "category_scope" and row["name"] == "*" else row
    )


def _any_purpose(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return (
        {**row, "gives": row["denies"], "max_age_days": 999}
        if name == "purpose_scope" and row["name"] == "*"
        else row
    )


def _single_denial(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return (
        {**row, "denies": row["gives"]}
        if name in ("channel_scope", "topic_scope") and row["name"] != "*"
        else row
    )


def _no_confirmation(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "confirm": 0} if name == "purpose_scope" else row


def _reversed_reasons() -> Any:
    from segmenter.consent import history

    return mock.patch.object(history, "ORDER", tuple(reversed(history.ORDER)))


def _all() -> Iterator[Mutant]:
    for one in YAML(typ="safe", pure=True).load(FILE.read_text(encoding="utf-8")):
        yield Mutant(**one)
    for rule, fault, killer, change in (
        ("C1", "a grant to every purpose serves every purpose", "C1 Chloé", _any_purpose),
        ("C4", "the question for all channels needs no confirmation", "C4 Jules", _no_confirmation),
        ("C5", "a grant for all categories covers health", "C5 Kim", _broad_grant),
        (
            "all of them",
            "a denial on one channel leaves the question for all of them alone",
            "all of them Mona",
            _single_denial,
        ),
    ):
        yield Mutant(rule, fault, "lookup tables", killer, patch=_tables_where(change))
    yield Mutant("C15", "reasons come in another order", "why", "C15 Nils", patch=_reversed_reasons)


MUTANTS = tuple(_all())


@contextlib.contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The program with a mutant's fault in it."""
    with contextlib.ExitStack() as stack:
        if mutant.patch is not None:
            stack.enter_context(mutant.patch())
        else:
            text = relations.paths()[mutant.where].read_text(encoding="utf-8")
            assert text.count(mutant.old) >= 1, (
                f"{mutant.where} does not hold what the mutant replaces: {mutant.old}"
            )
            broken = relations.split(text.replace(mutant.old, mutant.new))
            whole = relations.tokens
            stack.enter_context(
                mock.patch.object(
                    relations,
                    "tokens",
                    lambda name: broken if name == mutant.where else whole(name),
                )
            )
        stack.enter_context(mock.patch.object(relations, "_composed", {}))
        yield


def noticed(mutant: Mutant) -> list[str]:
    """What of the killer's story fails with the fault planted."""
    with planted(mutant):
        return people.failures(
            mutant.policy, also_why=mutant.where == "why", only=mutant.killer.split()[-1]
        )
