"""`budgets.lock`: what each release of a project costs.

It is committed beside the project's files, so that a rise is seen in review.

`write` makes it of the project's files alone; `changes` compares. A rise in a family's cost, in a
sensitivity, or a table that the lock does not know fails a project's tests; what became cheaper
does not. No data is read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segmenter.budget.accounting import shown
from segmenter.errors import UsageError
from segmenter.model import Clocks
from segmenter.planning import planner
from segmenter.planning.lock_terms import lets_more_out, terms
from segmenter.planning.planner import PARTITION
from segmenter.project.family import Setting
from segmenter.project.folder import read_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segmenter.planning.planner import FamilyPlan

NAME = "budgets.lock"
VERSION = 2  # 1 held the funnel and the threshold only
SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LockChange:
    """One difference between the lock and the project.

    `rise` if it lets more out, or costs more, than the lock says.
    """

    what: str
    before: str | None
    after: str | None
    rise: bool

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.what}: {self.after}"
        return (
            f"- {self.what}: {self.before}"
            if self.after is None
            else f"~ {self.what}: {self.before} -> {self.after}"
        )


def write(root: Path) -> Path:
    """Write the project's `budgets.lock`; returns its path."""
    path = root / NAME
    path.write_text(text(root), encoding="utf-8")
    return path


def text(root: Path) -> str:
    """The lock that the project's files make: JSON with sorted keys, the same on every machine."""
    project = read_project(root)
    nowhere = Setting("", project.policy.deciding_hash(), Clocks(SOME_DAY, SOME_DAY))
    made = planner.plan(
        [project.resolved(n) for n in project.selected],
        project.policy,
        nowhere,
        lambda _question, _epsilon: None,
    )
    families = sorted((_family(f) for f in made.families), key=lambda f: str(f["name"]))
    return (
        json.dumps(
            {"version": VERSION, "terms": terms(project.policy), "families": families},
            ensure_ascii=False,
            indent=2,
            sort_keys=True,
        )
        + "\n"
    )


def _family(family: FamilyPlan) -> dict[str, Any]:
    own = family.family
    population = [
        own.purpose,
        own.topic or "any topic",
        "+".join(own.channels) or "no channel",
        "+".join(own.categories),
    ]
    rows = list(family.rows())
    tables = [
        {
            "kind": row["kind"],
            "dimensions": row["dimensions"],
            "cells": row["cells"],
            "mechanism": row["mechanism"],
            "sensitivity": row["sensitivity"],
            "serves": row["serves"],
        }
        for row in rows
    ]
    return {
        "name": " / ".join(population),
        "epsilon": shown(family.cost.epsilon),
        "rho": shown(family.cost.rho),
        "tables": sorted(tables, key=_named),
    }


def changes(root: Path) -> tuple[LockChange, ...]:
    """How the project differs from its committed lock.

    Raises `UsageError` if there is no lock, or it cannot be read.
    """
    path = root / NAME
    try:
        locked = json.loads(path.read_text(encoding="utf-8"))
        if locked["version"] != VERSION:
            raise UsageError(
                f"{NAME} is of an earlier form, which did not hold all budgets",
                file=path,
                hint="look at the policy, then write it again with `segmenter plan --lock`",
            )
        return tuple(_changes(locked, json.loads(text(root))))
    except FileNotFoundError:
        raise UsageError(
            f"there is no {NAME}",
            file=path,
            hint="write it with `segmenter plan --lock`, and commit it",
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"{NAME} cannot be read", file=path, hint="write it again with `segmenter plan --lock`"
        ) from None


def _changes(before: dict[str, Any], after: dict[str, Any]) -> Iterator[LockChange]:
    yield from _term_changes(before["terms"], after["terms"])
    old_families = {family["name"]: family for family in before["families"]}
    new_families = {family["name"]: family for family in after["families"]}
    for name in sorted(old_families.keys() | new_families.keys()):
        yield from _family_changes(name, old_families.get(name), new_families.get(name))


def _term_changes(before: dict[str, float], after: dict[str, float]) -> Iterator[LockChange]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old != new:
            rise = lets_more_out(name, old, new)
            yield LockChange(f"policy, {name}", _number(old), _number(new), rise)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _family_changes(
    name: str, old: dict[str, Any] | None, new: dict[str, Any] | None
) -> Iterator[LockChange]:
    if old is None or new is None:
        present = new or old or {}
        price = _price(present)
        yield LockChange(
            name, None if old is None else price, None if new is None else price, rise=old is None
        )
        return
    if _price(old) != _price(new):
        yield LockChange(
            name,
            _price(old),
            _price(new),
            rise=new["epsilon"] > old["epsilon"] or new["rho"] > old["rho"],
        )
    old_tables, new_tables = ({_named(t): t for t in side["tables"]} for side in (old, new))
    for table in sorted(old_tables.keys() | new_tables.keys()):
        one, two = old_tables.get(table), new_tables.get(table)
        where = f"{name}, {table}"
        if one is None or two is None:
            there = f"{(one or two or {})['cells']} cells"
            yield LockChange(
                where,
                None if one is None else there,
                None if two is None else there,
                rise=one is None,
            )
            continue
        for key in ("sensitivity", "cells", "mechanism"):
            if one[key] != two[key]:
                yield LockChange(
                    f"{where}, {key}",
                    str(one[key]),
                    str(two[key]),
                    rise=key == "sensitivity" and two[key] > one[key],
                )


def _named(table: dict[str, Any]) -> str:
    """A table by its dimensions, a partition by the segments that it counts."""
    if table.get("kind") == PARTITION:
        return f"partition {', '.join(table['serves'])}"
    return f"table {' × '.join(table['dimensions']) or 'everyone'}"


def _price(family: dict[str, Any]) -> str:
    return f"rho {family['rho']:g}" if family["rho"] else f"epsilon {family['epsilon']:g}"
