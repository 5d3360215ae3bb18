"""Deciding: what every patient of a snapshot may be used for, at two clocks (rules C1 to C13).

Comes in: an engine with a snapshot's tables exposed, the policy, the clocks. Goes out: the table
`person` (one row a patient: mask words, dimension codes, and when that next changes) and the two
tables it was decided from, `newest_denial` and `newest_grant`. All rules are relations of
`sql/consent/`; this module runs them in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from segmenter.consent import masks, scope_tables
from segmenter.consent.scopes import Scopes
from segmenter.dimensions.profile import PROFILE, make_profile, profile_columns
from segmenter.model import silent

if TYPE_CHECKING:
    from segmenter.engine import DuckDBEngine
    from segmenter.engine.relations import Structure
    from segmenter.model import Clocks, Progress
    from segmenter.project.policy import Policy

MakeProfile = Callable[["DuckDBEngine", "Policy", datetime], None]

# What of everyone's events speaks. A state keeps both, so that a new event needs no older one.
NEWEST = ("newest_denial", "newest_grant")


@dataclass(frozen=True, slots=True)
class Deciding:
    """What a decision needs. The engine has the snapshot's tables exposed.

    `make_profile` makes the table `profile` for an engine, a policy and a moment.
    """

    engine: DuckDBEngine
    policy: Policy
    clocks: Clocks
    progress: Progress = silent
    make_profile: MakeProfile = make_profile

    @property
    def values(self) -> dict[str, object]:
        """What the consent relations take."""
        return decision_values(self.policy, self.clocks)

    @property
    def words(self) -> range:
        """The numbers of the policy's mask words."""
        return range(Scopes.of(self.policy).words)


def decision_values(policy: Policy, clocks: Clocks) -> dict[str, object]:
    """The values that consent relations take: the clocks as naive UTC, the local day, the limits."""
    today = clocks.as_of.astimezone(ZoneInfo(policy.time_zone)).date()
    return {
        **clocks.naive(),
        "today": today,
        "time_zone": policy.time_zone,
        "min_age": policy.min_age,
        "max_linked": policy.max_linked,
    }


def load_scopes(engine: DuckDBEngine, policy: Policy) -> None:
    """Load the lookup tables of the policy's questions."""
    for name, frame in scope_tables.lookup_tables(Scopes.of(policy)).items():
        engine.load(name, frame)


def decide(
    work: Deciding, table: str, *, keep_in: str | None = None, steps: Sequence[str] = NEWEST
) -> None:
    """Decide every patient of the engine's `patient` table into `table`.

    `steps` are the relations that say which denials and grants speak. What they give stays, as
    `newest_denial` and `newest_grant`, in the attached file `keep_in` if one is named.
    """
    engine = work.engine
    load_scopes(engine, work.policy)
    work.make_profile(engine, work.policy, work.clocks.as_of)
    with engine.as_written():
        for name, step in zip(NEWEST, steps, strict=True):
            work.progress(name.replace("_", " "), None)
            _make_kept(work, name, step, keep_in)
        forbid(work)
        work.progress("grants", None)
        engine.make(table, "person", work.values, _person_structure(work))
    engine.forget(["denied_patient", "denied", PROFILE])


def forbid(work: Deciding) -> None:
    """Make `denied`: what the denials of `newest_denial` forbid each patient after every lift."""
    engine = work.engine
    engine.make("denied_patient", "denied_patient", work.values)  # it is read twice
    work.progress("denials", None)
    unions = [masks.union_of_word("mask", "denied", word) for word in work.words]
    engine.make("denied", "denied", work.values, {"__denied__": unions})


def _make_kept(work: Deciding, name: str, relation: str, keep_in: str | None) -> None:
    if keep_in is None:
        work.engine.make(name, relation, work.values)
        return
    work.engine.make(f"{keep_in}.{name}", relation, work.values)
    work.engine.expose(keep_in, [name])


def _person_structure(work: Deciding) -> Structure:
    return {
        "__granted__": [masks.union_of_word("mask", "granted", word) for word in work.words],
        "__allow__": [masks.allowed_word(word) for word in work.words],
        "__dimensions__": list(profile_columns(work.policy, PROFILE)),
    }


def columns_read(policy: Policy) -> Mapping[str, Sequence[str]]:
    """The snapshot's tables, and columns of them, that decisions and dimensions of patients read."""
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
