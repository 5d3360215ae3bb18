"""The declared dimensions: each patient's one label of each."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from oracle.events import Row, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UNKNOWN = "unknown"
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def domain(dimension: Row) -> tuple[str, ...]:
    """The labels a dimension may give, in the policy's order, `unknown` last."""
    if "bands" in dimension:
        bands = dimension["bands"]
        own = [band(bounds_at, dimension) for bounds_at in (bands[0] - 1, *bands)]
    else:
        own = [*dimension["values"], *([dimension["other"]] if dimension.get("other") else [])]
    return (*(label for label in own if label != UNKNOWN), UNKNOWN)


def band(number: float, dimension: Row) -> str:
    """The band of a number.

    >>> [band(n, {"fact": "stay", "measure": "count", "bands": [1, 2, 4]}) for n in (0, 1, 3, 9)]
    ['0', '1', '2-3', '4+']
    >>> band(17, {"column": "patient.age", "bands": [18, 35]})
    '<18'
    """
    bounds = dimension["bands"]
    if number < bounds[0]:
        return "0" if bounds[0] == 1 and dimension.get("measure") == "count" else f"<{bounds[0]}"
    if number >= bounds[-1]:
        return f"{bounds[-1]}+"
    low, high = next(
        (low, high) for low, high in itertools.pairwise(bounds) if low <= number < high
    )
    return str(low) if high - low == 1 else f"{low}-{high - 1}"


def value_label(value: str, dimension: Row) -> str:
    """The label of a text: its own, the one it is grouped under, `other` where declared, or
    `unknown`.
    """
    values: Any = dimension["values"]
    if isinstance(values, list):
        values = {one: [one] for one in values}
    for label, texts in values.items():
        if value in [str(one) for one in texts]:
            return str(label)
    return dimension.get("other") or UNKNOWN


def patient_label(dimension: Row, row: Row, age: int | None) -> str:
    """The label of a dimension over a column of the patient table."""
    column = dimension["column"].removeprefix("patient.")
    if "bands" not in dimension:
        return value_label(text(row, column), dimension)
    value = ("" if age is None else str(age)) if column == "age" else text(row, column)
    return (
        band(float(value), dimension)
        if NUMBER.fullmatch(value)
        else dimension.get("other") or UNKNOWN
    )


def fact_label(dimension: Row, rows: Iterable[Row]) -> str:
    """The label of a dimension over a patient's facts: their count, or the largest, smallest or
    summed value of a column.
    """
    measure = dimension["measure"]
    if measure == "count":
        return band(sum(1 for _ in rows), dimension)
    ((how, column),) = measure.items()
    numbers = [float(text(row, column)) for row in rows if text(row, column)]
    if not numbers:
        return UNKNOWN
    return band(
        sum(numbers) if how == "sum" else max(numbers) if how == "max" else min(numbers), dimension
    )


def numeric(policy: Row, name: str) -> set[str]:
    """The columns of a fact table that must be numbers: those the policy measures or clips."""
    columns = set((policy.get("facts") or {}).get(name, {}).get("columns") or {})
    for dimension in policy["dimensions"].values():
        if dimension.get("fact") == name and isinstance(dimension["measure"], dict):
            columns |= set(dimension["measure"].values())
    return columns


def facts_by_patient(
    rows: Iterable[Row], patient: str, numbers: set[str]
) -> Mapping[str, list[Row]]:
    """Fact rows by patient id; rows without one (I1) or with an unreadable number (I3) are
    quarantined.
    """
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        readable = all(
            text(row, column) == "" or NUMBER.fullmatch(text(row, column)) for column in numbers
        )
        patient_id = text({"patient_id": row.get(patient)}, "patient_id")
        if patient_id and readable:
            found[patient_id].append(row)
    return found
