"""The patient table and the links: who is alive, how old, and the same human as whom."""

from __future__ import annotations

import calendar
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from oracle.events import Row, text, zone_of
from oracle.times import read_moment

if TYPE_CHECKING:
    from collections.abc import Iterable

ALIVE = (
    *("", "false", "0", "0.0", "no", "n", "non", "faux", "alive", "living", "vivant", "vivante"),
    *("en vie", "null", "none", "nan", "na", "n/a", "-"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the patient table: what of it decides."""

    patient_id: str
    birth_date: date | None
    age: int | None


def read_people(rows: Iterable[Row], policy: Row) -> dict[str, Person]:
    """The patient table: identical rows of one id are one, differing ones leave nobody (I2), as do
    unreadable ages and dates (I3, I4).
    """
    seen: dict[str, set[tuple[tuple[str, str], ...]]] = defaultdict(set)
    for row in rows:
        if text(row, "patient_id"):
            seen[text(row, "patient_id")].add(
                tuple(sorted((name, text(row, name)) for name in row))
            )
    people = {}
    for patient_id, versions in seen.items():
        person = read_person(dict(next(iter(versions))), policy)
        if len(versions) == 1 and person is not None:
            people[patient_id] = person
    return people


def read_deaths(rows: Iterable[Row]) -> frozenset[str]:
    """The ids with any row that tells of a death; one that is set aside (I2 to I4) holds for
    whoever is linked.
    """
    return frozenset(
        text(row, "patient_id") for row in rows if text(row, "patient_id") and is_death(row)
    )


def is_death(row: Row) -> bool:
    """Whether a row of the patient table tells of a death."""
    return text(row, "deceased_at") != "" or text(row, "deceased").strip().lower() not in ALIVE


def read_person(row: Row, policy: Row) -> Person | None:
    """One row, or None where its age or birth date cannot be read."""
    birth, age = text(row, "birth_date"), text(row, "age")
    born = read_birth(birth, policy)
    if (birth and born is None) or (age and not age.isdigit()):
        return None
    return Person(text(row, "patient_id"), born, int(age) if age else None)


def read_birth(birth: str, policy: Row) -> date | None:
    """A birth date; of a year, or a year and a month, the last day: the youngest it may mean."""
    if re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2]))?", birth) and birth >= "0001":
        year, month = int(birth[:4]), int(birth[5:] or 12)
        return date(year, month, calendar.monthrange(year, month)[1])
    if read_moment(birth, zone_of(policy)) is None:
        return None
    return date.fromisoformat(birth[:10])


def close(links: Iterable[Row]) -> dict[str, frozenset[str]]:
    """The link rows, closed transitively: each linked id with its whole group."""
    groups: dict[str, set[str]] = {}
    for row in links:
        left, right = text(row, "patient_id"), text(row, "same_as")
        if not left or not right or left == right:
            continue
        merged = groups.get(left, {left}) | groups.get(right, {right})
        for one in merged:
            groups[one] = merged
    return {one: frozenset(members) for one, members in groups.items()}
