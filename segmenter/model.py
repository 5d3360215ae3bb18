"""The frozen types that pass between stages.

Each is made in one place only, so that mistakes cannot be written: `count` takes `Eligible` and
`Spend`, `publish` takes `Cube` and `Spend`, `export` takes `Eligible`; nothing public takes a
`Snapshot` and gives a number.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    import numpy as np
    import polars as pl

    from segmenter.tables import Table

UNKNOWN = "unknown"
ANY = "*"

# Called with the step that begins, and how much of the whole is done (None if nobody knows).
Progress = Callable[[str, float | None], None]


def silent(_step: str, _done: float | None = None) -> None:
    """Progress that nobody watches."""


class Role(Enum):
    """What an account of the operating system may do, as the policy's `roles` says."""

    OFFICER = "officer"
    OPERATOR = "operator"
    ANALYST = "analyst"
    MARKETER = "marketer"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the account of the effective user id, and the roles the policy gives it."""

    account: str
    roles: frozenset[Role]

    @property
    def is_officer(self) -> bool:
        """Whether exact numbers and single persons may be shown to this actor."""
        return Role.OFFICER in self.roles

    @property
    def sees_row_counts(self) -> bool:
        """Whether exact row counts of ingest and list imports may be shown (P17)."""
        seeing = {Role.OFFICER, Role.OPERATOR}
        return not seeing.isdisjoint(self.roles)


@dataclass(frozen=True, slots=True)
class Clocks:
    """The two clocks of a question, aware, UTC: what held then, and what was known then."""

    as_of: datetime
    known_at: datetime

    def naive(self) -> dict[str, datetime]:
        """The clocks as the engine binds them: naive UTC timestamps."""
        return {
            "as_of": naive_utc(self.as_of),
            "known_at": naive_utc(self.known_at),
        }


def naive_utc(moment: datetime) -> datetime:
    """An aware moment as a naive UTC one, the form the engine stores."""
    in_utc = moment.astimezone(UTC)
    return in_utc.replace(tzinfo=None)


def stamp(moment: datetime) -> str:
    """A moment as ISO 8601 text in UTC, microseconds kept only when there are any."""
    text = moment.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Validated sources at one moment: an immutable encrypted file. Made only by `sources`."""

    id: str
    path: Path
    taken_at: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class ProcessingRequest:
    """What is asked of the gate: any of the channels serves, all of the categories are needed."""

    purpose: str
    channels: tuple[str, ...]
    topic: str | None
    categories: tuple[str, ...]
    clocks: Clocks


@dataclass(frozen=True, slots=True)
class Eligible:
    """The patients who may be used for one request. Made only by `consent.gate`.

    `table` has one row a human: `patient`, and the dimension codes beside it. The handle holds no
    number.
    """

    request: ProcessingRequest
    snapshot: Snapshot
    policy_hash: str
    table: Table


@dataclass(frozen=True, slots=True)
class Cost:
    """What a release costs, in integers: nano-epsilon, nano-delta, nano-rho.

    `tail` is the mechanism's own, in units of 1e-18 (P10).
    """

    epsilon: int = 0
    delta: int = 0
    rho: int = 0
    tail: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            epsilon=self.epsilon + other.epsilon,
            delta=self.delta + other.delta,
            rho=self.rho + other.rho,
            tail=self.tail + other.tail,
        )


@dataclass(frozen=True, slots=True)
class Spend:
    """Proof of payment. Made only by `ledger.spend`."""

    id: str
    purpose: str
    question: str
    cost: Cost
    seq: int


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """Exact counts of every declared cell, in the mixed-radix order of `dimensions`.

    Confidential: its repr shows no number.

    `counts` is a read-only array of int64. No writer accepts a cube.
    """

    dimensions: tuple[str, ...]
    counts: np.ndarray[Any, np.dtype[np.int64]] = field(repr=False)
    spend: Spend


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval of a published number."""

    low: int
    high: int

    def as_list(self) -> list[int]:
        """The contract's form."""
        return [self.low, self.high]


class Framed(ABC):
    """A result that a notebook shows as its frame."""

    __slots__ = ()

    @abstractmethod
    def to_polars(self) -> pl.DataFrame:
        """The result as a frame."""

    def _repr_html_(self) -> str:
        frame = self.to_polars()
        return str(frame._repr_html_())


# Keys of a document that hold patients' values, which no notebook keeps.
PRIVATE = ("content", "members", "tables")


class Documented(Framed):
    """A result whose frame is made of its document. Patients' values stay out.

    One row an item of the document's list of mappings; one row if it has no such list.
    """

    __slots__ = ()

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""

    def to_polars(self) -> pl.DataFrame:
        """The same as a frame."""
        import polars as pl

        document = self.to_dict()
        shown = []
        for row in _rows(document):
            cells = {name: _cell(value) for name, value in row.items() if name not in PRIVATE}
            shown.append(cells)
        return pl.DataFrame(shown, infer_schema_length=None)


def _rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The first list of mappings in a document, else the document itself."""
    for value in document.values():
        if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            return value
    return [document]


def _cell(value: Any) -> Any:
    import json

    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
