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
from segmenter.planning.release_plan import PARTITION
from segmenter.project.family import Setting
from segmenter.project.folder import read_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segmenter.planning.release_plan import FamilyPlan

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
        if self.after is None:
            return f"- {self.what}: {self.before}"
        return f"~ {self.what}: {self.before} -> {self.after}"


def write(root: Path) -> Path:
    """Write the project's `budgets.lock`; returns its path."""
    path = root / NAME
    path.write_text(text(root), encoding="utf-8")
    return path


def text(root: Path) -> str:
    """The lock that the project's files make: JSON with sorted keys, the same on every machine."""
    project = read_project(root)
    nowhere = Setting("", project.policy.deciding_hash(), Clocks(SOME_DAY, SOME_DAY))
    segments = [project.resolved(name) for name in project.selected]
    made = planner.plan(segments, project.policy, nowhere, planner.nothing_stored)
    families = [_family(family) for family in made.families]
    families.sort(key=lambda family: str(family["name"]))
    document = {"version": VERSION, "terms": terms(project.policy), "families": families}
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _family(family: FamilyPlan) -> dict[str, Any]:
    own = family.family
    population = [
        own.purpose,
        own.topic or "any topic",
        "+".join(own.channels) or "no channel",
        "+".join(own.categories),
    ]
    tables = [
        {
            "kind": row["kind"],
            "dimensions": row["dimensions"],
            "cells": row["cells"],
            "mechanism": row["mechanism"],
            "sensitivity": row["sensitivity"],
            "serves": row["serves"],
        }
        for row in family.rows()
    ]
    tables.sort(key=_named)
    return {
        "name": " / ".join(population),
        "epsilon": shown(family.cost.epsilon),
        "rho": shown(family.cost.rho),
        "tables": tables,
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
        old = before.get(name)
        new = after.get(name)
        if old != new:
            yield LockChange(
                what=f"policy, {name}",
                before=_number(old),
                after=_number(new),
                rise=lets_more_out(name, old, new),
            )


def _number(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{value:g}"


def _family_changes(
    name: str, old: dict[str, Any] | None, new: dict[str, Any] | None
) -> Iterator[LockChange]:
    """What changed of a family. One that the lock does not have is a rise."""
    if old is None:
        if new is not None:
            yield LockChange(name, None, _price(new), rise=True)
        return
    if new is None:
        yield LockChange(name, _price(old), None, rise=False)
        return
    if _price(old) != _price(new):
        dearer = new["epsilon"] > old["epsilon"] or new["rho"] > old["rho"]
        yield LockChange(name, _price(old), _price(new), rise=dearer)
    old_tables = {_named(table): table for table in old["tables"]}
    new_tables = {_named(table): table for table in new["tables"]}
    for table in sorted(old_tables.keys() | new_tables.keys()):
        what = f"{name}, {table}"
        yield from _table_changes(what, old_tables.get(table), new_tables.get(table))


def _table_changes(
    what: str, old: dict[str, Any] | None, new: dict[str, Any] | None
) -> Iterator[LockChange]:
    """What changed of a table. One that the lock does not have is a rise."""
    if old is None:
        if new is not None:
            yield LockChange(what, None, f"{new['cells']} cells", rise=True)
        return
    if new is None:
        yield LockChange(what, f"{old['cells']} cells", None, rise=False)
        return
    for key in ("sensitivity", "cells", "mechanism"):
        if old[key] != new[key]:
            yield LockChange(
                what=f"{what}, {key}",
                before=str(old[key]),
                after=str(new[key]),
                rise=key == "sensitivity" and new[key] > old[key],
            )


def _named(table: dict[str, Any]) -> str:
    """A table by its dimensions, a partition by the segments that it counts."""
    if table.get("kind") == PARTITION:
        served = ", ".join(table["serves"])
        return f"partition {served}"
    dimensions = " × ".join(table["dimensions"])
    return f"table {dimensions or 'everyone'}"


def _price(family: dict[str, Any]) -> str:
    if family["rho"]:
        return f"rho {family['rho']:g}"
    return f"epsilon {family['epsilon']:g}"
