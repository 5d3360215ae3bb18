"""The policy as frozen values: purposes, channels, categories, notices, dimensions, budgets.

`project` reads the YAML and makes these; nothing here does I/O. `Policy.deciding_hash` is the hash
of what decides (P6): it changes when a decision or a published number could, and not with comments,
titles, budgets or destinations.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from segmenter.model import UNKNOWN, Actor, Role

HEALTH = 2  # sensitivity from which a grant must name the category (C5) and a dpia is required (L1)
ALWAYS = "identity"  # every segment reads it
CONTACT = "contact"
ROWS = "rows"  # under `facts: columns:`, the bound of rows a patient and cell
PRESCRIBER = "prescriber"  # the tag of columns that feed nothing (L2)
# A destination's `encrypt` if the policy says nothing: no key, and not plain either.
UNDECLARED = "undeclared"


def frozen(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    """A read-only view of a copy."""
    return MappingProxyType(dict(mapping))


@dataclass(frozen=True, slots=True)
class Category:
    """A data category. Sensitivity 1 ordinary, 2 health, 3 more than health."""

    name: str
    sensitivity: int
    dpia: str | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `contacts` exports of a patient within `per_days` days."""

    contacts: int
    per_days: int


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to reach people.

    `identifier` is `email`, `phone` or `postal`; `quiet` names a rule pack of quiet hours.
    """

    name: str
    identifier: str
    double_opt_in: bool = False
    cap: Cap | None = None
    quiet: str | None = None


@dataclass(frozen=True, slots=True)
class Purpose:
    """What data may be used for. Lists what it may ever read; consent narrows it further (C14)."""

    name: str
    title: Mapping[str, str]
    categories: tuple[str, ...]
    channels: tuple[str, ...]
    topics: tuple[str, ...]
    min_notice: str
    max_age_days: int


@dataclass(frozen=True, slots=True)
class Dimension:
    """A declared attribute with a finite domain, known before any data is read (P7).

    `table` is `patient` or a fact table. Over a fact table, `measure` (`count`, or `max` `min`
    `sum` of `column`) reduces the rows of a patient to one value; without a measure the dimension
    is of the fact's rows and serves only `query`. Either `values` (label -> raw texts) or `bands`
    (ascending lower bounds) is set.
    """

    name: str
    category: str
    table: str
    column: str | None
    measure: str | None = None
    values: Mapping[str, tuple[str, ...]] | None = None
    bands: tuple[int, ...] | None = None
    other: str | None = None
    first: int | None = None

    @property
    def floor(self) -> int | None:
        """The smallest value there can be, if that is declared or follows from what is counted."""
        if self.first is None and self.measure == "count":
            return 0
        return self.first

    @property
    def labels(self) -> tuple[str, ...]:
        """The domain in display order; a value's position is its code.

        `unknown` is always the last.

        >>> Dimension("a", "identity", "patient", "age", bands=(18, 35)).labels
        ('<18', '18-34', '35+', 'unknown')
        """
        if self.bands is not None:
            counts_from_one = self.measure == "count" and self.bands[0] == 1
            own = band_labels(self.bands, 0 if counts_from_one else self.first)
        else:
            own = tuple(self.values or ())
            if self.other:
                own = (*own, self.other)
        known = [label for label in own if label != UNKNOWN]
        return (*known, UNKNOWN)

    @property
    def per_patient(self) -> bool:
        """Whether every patient has exactly one value of it."""
        if self.table == "patient":
            return True
        return self.measure is not None


def band_labels(bounds: tuple[int, ...], first: int | None) -> tuple[str, ...]:
    """The names of bands: below the first bound, between bounds, from the last one on.

    >>> band_labels((18, 35), None), band_labels((5, 10), 0), band_labels((1, 2), 0)
    (('<18', '18-34', '35+'), ('0-4', '5-9', '10+'), ('0', '1', '2+'))
    """
    lowest = f"<{bounds[0]}"
    if first is not None:
        lowest = _band_label(first, bounds[0])
    middle = [_band_label(low, following) for low, following in pairwise(bounds)]
    return (lowest, *middle, f"{bounds[-1]}+")


def _band_label(low: int, following: int) -> str:
    high = following - 1
    if low == high:
        return str(low)
    return f"{low}-{high}"


@dataclass(frozen=True, slots=True)
class Threshold:
    """A cell with fewer than `patients` shows with probability at most 1 - `confidence` (P8)."""

    patients: int = 11
    confidence: float = 0.99


@dataclass(frozen=True, slots=True)
class ReleaseTerms:
    """What a release costs unless asked otherwise.

    `mechanism` is `geometric` or `discrete_gaussian`.
    """

    epsilon: str = "0.5"  # decimal text: money is never a float
    mechanism: str = "geometric"
    funnel: str = "0.1"
    max_age_days: int = 30


@dataclass(frozen=True, slots=True)
class Budget:
    """An allowance of one purpose (or `total`) for a calendar period in UTC, in nano-units.

    The period is `day`, `week`, `month`, `quarter` or `year`.
    """

    purpose: str
    period: str
    epsilon: int
    delta: int = 0


@dataclass(frozen=True, slots=True)
class FactTerms:
    """How far `query` may go with a fact table.

    Cells a patient may touch, and clip bounds of the columns it may sum (P9).

    Under `ROWS` stands not a column's bound but that of the rows a patient may add to a cell in
    `count(*)` (else one).
    """

    max_cells: int
    clip: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an export may go.

    `encrypt` is the recipient's `age` public key, or None if `encrypt: none` is written out.

    If the policy says neither it is `UNDECLARED`, which is no key: an export there is refused.
    """

    name: str
    format: str = "csv"
    columns: tuple[str, ...] | None = None
    encrypt: str | None = None
    profile: str | None = None  # hashed audience profile: `google-2026`, `meta`
    syncs: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the data protection officer decided. Made by `project.read_policy`."""

    organisation: Mapping[str, str]
    time_zone: str
    roles: Mapping[str, tuple[str, ...]]
    notices: tuple[str, ...]
    categories: Mapping[str, Category]
    channels: Mapping[str, Channel]
    topics: tuple[str, ...]
    purposes: Mapping[str, Purpose]
    dimensions: Mapping[str, Dimension]
    min_age: int = 18
    max_linked: int = 10
    threshold: Threshold = field(default_factory=Threshold)
    release: ReleaseTerms = field(default_factory=ReleaseTerms)
    budgets: Mapping[str, Budget] = field(default_factory=dict)
    facts: Mapping[str, FactTerms] = field(default_factory=dict)
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    encryption: bool = True
    anchors: tuple[str, ...] = ()
    hosting: Mapping[str, Any] = field(default_factory=dict)
    retention: Mapping[str, int] = field(default_factory=dict)
    unsubscribe_url: str | None = None
    _hashed: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def region(self) -> str:
        """Default region of phone numbers."""
        region = self.organisation.get("region", "FR")
        return str(region)

    def actor(self, account: str) -> Actor:
        """The roles of an account: named, or through `'*'`. No roles declared: none."""
        held = {
            Role(role)
            for role, accounts in self.roles.items()
            if account in accounts or "*" in accounts
        }
        return Actor(account, frozenset(held))

    def sensitivity(self, category: str) -> int:
        """How sensitive a declared category is."""
        return self.categories[category].sensitivity

    def deciding_hash(self) -> str:
        """SHA-256 (hex) of what decides. Worked out once: it is asked for again and again."""
        if not self._hashed:
            self._hashed.append(
                hashlib.sha256(json.dumps(self._deciding(), sort_keys=True).encode()).hexdigest()
            )
        return self._hashed[0]

    def _deciding(self) -> dict[str, Any]:
        kept = (
            "time_zone",
            "notices",
            "categories",
            "channels",
            "topics",
            "purposes",
            "dimensions",
            "min_age",
            "max_linked",
            "threshold",
        )
        plain = {name: _plain(getattr(self, name)) for name in kept}
        for purpose in plain["purposes"].values():
            del purpose["title"]
        for category in plain["categories"].values():
            del category["dpia"]
        for dimension in plain["dimensions"].values():
            dimension["values"] = list(
                (dimension["values"] or {}).items()
            )  # the order of labels is that of their codes
        for channel in plain["channels"].values():
            del channel["cap"], channel["quiet"]
        return plain


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return value
