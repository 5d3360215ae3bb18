"""Deciding: what every patient of a snapshot may be used for, at two clocks (rules C1 to C13).

Comes in: a snapshot's tables, the policy, the clocks. Goes out: `Decisions`. All rules are
relations of `sql/consent/`; this module runs them in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segmenter.consent import masks, scope_tables
from segmenter.consent.scopes import Scopes
from segmenter.dimensions.profile import profile, profile_columns
from segmenter.model import silent

if TYPE_CHECKING:
    from segmenter.engine import Engine, File, Table, Tables
    from segmenter.engine.relations import Structure
    from segmenter.model import Clocks, Progress
    from segmenter.project.policy import Policy


@dataclass(frozen=True, slots=True)
class Deciding:
    """What a decision needs.

    `tables` are those of a snapshot, with `erased`: the patients who were erased by now.
    """

    engine: Engine
    policy: Policy
    clocks: Clocks
    tables: Tables
    progress: Progress = silent

    @property
    def values(self) -> dict[str, object]:
        """What the consent relations take."""
        return decision_values(self.policy, self.clocks)

    @property
    def words(self) -> range:
        """The numbers of the policy's mask words."""
        return range(Scopes.of(self.policy).words)

    def reading(self, others: Mapping[str, Table]) -> Deciding:
        """The same with other tables: some more, or some in place of what bears their names."""
        return replace(self, tables=self.tables | others)

    def profile(self) -> Table:
        """The dimensions of every patient as of the clocks."""
        return profile(self.engine, self.tables, self.policy, self.clocks.as_of)


@dataclass(frozen=True, slots=True)
class Steps:
    """The relations that say which denials and which grants speak."""

    denials: str
    grants: str


FROM_ALL = Steps("newest_denial", "newest_grant")


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided, and what it was decided from.

    `person` has one row a patient: mask words, dimension codes, and when that next changes.
    `newest_denial` and `newest_grant` are what speaks of everyone's events: a state keeps both, so
    that a new event needs no older one. None if no grant was looked at.
    """

    person: Table
    newest_denial: Table
    newest_grant: Table | None


def decision_values(policy: Policy, clocks: Clocks) -> dict[str, object]:
    """What consent relations take: the clocks as naive UTC, the local day, the limits."""
    today = clocks.as_of.astimezone(ZoneInfo(policy.time_zone)).date()
    return {
        **clocks.naive(),
        "today": today,
        "time_zone": policy.time_zone,
        "min_age": policy.min_age,
        "max_linked": policy.max_linked,
    }


def load_scopes(engine: Engine, policy: Policy) -> dict[str, Table]:
    """The lookup tables of the policy's questions."""
    lookups = scope_tables.lookup_tables(Scopes.of(policy))
    return {name: engine.load(frame) for name, frame in lookups.items()}


def decide(
    work: Deciding, profile: Table, *, steps: Steps = FROM_ALL, into: File | None = None
) -> Decisions:
    """Decide every patient of the table `patient`, into a file if one is named."""
    engine = work.engine
    with engine.scope() as scope, engine.as_written():
        work = work.reading({**load_scopes(engine, work.policy), "profile": profile})
        denials = _make(work, steps.denials, "newest_denial", into)
        work = work.reading({"newest_denial": denials})
        grants = _make(work, steps.grants, "newest_grant", into)
        work = work.reading({"newest_grant": grants})
        work = work.reading({"denied": forbid(work)})
        work.progress("grants", None)
        person = engine.make(
            "person",
            reads=work.tables,
            values=work.values,
            structure=_person_structure(work),
            into=_place("person", into),
        )
        return Decisions(scope.keep(person), scope.keep(denials), scope.keep(grants))


def forbid(work: Deciding) -> Table:
    """What the denials of `newest_denial` forbid each patient after every lift."""
    engine = work.engine
    with engine.scope() as scope:
        patients = engine.make("denied_patient", reads=work.tables, values=work.values)
        work.progress("denials", None)
        unions = [masks.union_of_word("mask", "denied", word) for word in work.words]
        denied = engine.make(
            "denied",
            reads=work.tables | {"denied_patient": patients},  # it is read twice
            values=work.values,
            structure={"__denied__": unions},
        )
        return scope.keep(denied)


def _make(work: Deciding, relation: str, name: str, into: File | None) -> Table:
    """What speaks of everyone's events."""
    work.progress(name.replace("_", " "), None)
    return work.engine.make(
        relation, reads=work.tables, values=work.values, into=_place(name, into)
    )


def _place(name: str, into: File | None) -> Table | None:
    return None if into is None else into.table(name)


def _person_structure(work: Deciding) -> Structure:
    return {
        "__granted__": [masks.union_of_word("mask", "granted", word) for word in work.words],
        "__allow__": [masks.allowed_word(word) for word in work.words],
        "__dimensions__": list(profile_columns(work.policy, "profile")),
    }


def columns_read(policy: Policy) -> Mapping[str, Sequence[str]]:
    """The snapshot's tables and columns that decisions and dimensions of patients read."""
    columns: dict[str, list[str]] = {name: list(own) for name, own in DECISION_COLUMNS.items()}
    for dimension in policy.dimensions.values():
        if not dimension.per_patient:
            continue
        table = "patient" if dimension.table == "patient" else f"fact_{dimension.table}"
        own = columns.setdefault(table, ["patient"])
        if dimension.column is not None and dimension.column not in own:
            own.append(dimension.column)
    return columns


DECISION_COLUMNS: Mapping[str, Sequence[str]] = {
    "patient": ("patient", "birth_date", "age", "deceased"),
    "aside": ("patient", "deceased"),
    "link_group": ("patient", "grp", "size"),
}  # what decisions read of patients; their events are narrowed for themselves
