"""Facts that ingest reduced: what `reduced_<fact>` holds, which questions it serves (P9).

It has one row a patient and combination of the declared dimensions of the fact's rows: `code`
numbers the combination in mixed radix, the first dimension slowest; `many` counts its rows;
`sum_<n>` adds up a column that has a bound. Nothing in it depends on a bound. The snapshot says how
each table was made. A dimension that is declared otherwise by now is not in it.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from segmenter.project.policy import ROWS

if TYPE_CHECKING:
    from sqlglot import exp

    from segmenter.project.policy import Dimension, Policy

VERSION = 1  # of what the tables hold: raise it when they are made otherwise
BOUND = "segmenter/bound/1"  # label of the key that chooses which cells of a patient count (P9)
DRAWS = "bound_draw"  # the table of what that key draws: one row a patient
MOST_COMBINATIONS = 1 << 60  # that a BIGINT can number


@dataclass(frozen=True, slots=True)
class ReducedDimension:
    """A dimension as it was declared when the table was made."""

    name: str
    definition: str  # a hash of how it codes
    size: int  # of its domain


@dataclass(frozen=True, slots=True)
class Reduced:
    """How one fact table was reduced: by which dimensions, and which columns were added up."""

    fact: str
    dimensions: tuple[ReducedDimension, ...]
    columns: tuple[str, ...]

    @classmethod
    def of(cls, policy: Policy, fact: str) -> Self | None:
        """How a fact table is reduced under a policy.

        None if there are too many combinations to number.
        """
        own = [d for d in policy.dimensions.values() if d.table == fact and not d.per_patient]
        combinations = math.prod(len(d.labels) for d in own)
        if combinations > MOST_COMBINATIONS:
            return None
        bounded = policy.facts[fact].clip if fact in policy.facts else {}
        columns = sorted(set(bounded) - {ROWS})
        declared = tuple(_declared(d) for d in own)
        return cls(fact, declared, tuple(columns))

    @classmethod
    def read(cls, fact: str, text: str) -> Self:
        """Undo `text`."""
        dimensions, columns = json.loads(text)
        declared = tuple(ReducedDimension(*d) for d in dimensions)
        return cls(fact, declared, tuple(columns))

    def text(self) -> str:
        """As the snapshot's `meta` keeps it."""
        dimensions = [(d.name, d.definition, d.size) for d in self.dimensions]
        return json.dumps([dimensions, self.columns])

    @property
    def table(self) -> str:
        """The table's name."""
        return f"reduced_{self.fact}"

    def holds(self, dimension: Dimension) -> bool:
        """Whether `code` tells the codes of a dimension as it is declared now."""
        return _declared(dimension) in self.dimensions

    def code(self, dimension: Dimension, number: exp.Expr) -> exp.Expr:
        """A dimension's code, out of the number of a combination."""
        from sqlglot import exp

        names = [d.name for d in self.dimensions]
        later = self.dimensions[names.index(dimension.name) + 1 :]
        weight = math.prod(d.size for d in later)
        shifted = exp.IntDiv(this=number, expression=exp.Literal.number(weight))
        size = exp.Literal.number(len(dimension.labels))
        return exp.paren(exp.Mod(this=exp.paren(shifted), expression=size))


def key_mark(key: str) -> str:
    """Which key drew the table of draws: a hash of it."""
    text = f"{VERSION}|{DRAWS}|{key}"
    return hashlib.sha256(text.encode()).hexdigest()


def _declared(dimension: Dimension) -> ReducedDimension:
    values = list((dimension.values or {}).items())
    parts = [VERSION, dimension.column, values, dimension.bands, dimension.other]
    text = json.dumps(parts)
    definition = hashlib.sha256(text.encode()).hexdigest()[:32]
    return ReducedDimension(dimension.name, definition, len(dimension.labels))
